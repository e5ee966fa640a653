import { AppError } from '../runtime/errors.ts';
import type { Store } from '../store/store.ts';
import { START_BLOB, type StartPoint, unpackStart } from './train/start-point.ts';

/** What a training is to start from, and why; a null point is a start from nothing. */
export type StartChoice =
  | { readonly point: StartPoint; readonly version: string; readonly reason: string }
  | { readonly point: null; readonly version: null; readonly reason: string };

/**
 * The start point that the setting `warmStart` names. Where the live version has none, training starts from nothing; a version
 * that was named must have one: throws `VERSION_NOT_FOUND` or `BAD_SETTINGS`. Whether it fits is seen by `learn`.
 */
export async function chooseStart(store: Store, warmStart: string): Promise<StartChoice> {
  if (warmStart === 'none') return fromNothing('none was asked for');
  const version = warmStart === 'live' ? await store.liveVersion() : warmStart;
  if (version === null) return fromNothing('no version is live');
  if (warmStart !== 'live' && (await store.manifest(version)) === null) {
    throw new AppError(
      'VERSION_NOT_FOUND',
      `There is no version ${version} to start from`,
      'See `bookrec models list`, or start from nothing: --warm-start none.',
    );
  }
  const bytes = await store.blob(version, START_BLOB);
  const point = bytes === null ? null : unpackStart(bytes);
  if (point !== null) return { point, version, reason: `version ${version} fits` };
  const why = `version ${version} was written by another release, whose training cannot be gone on from`;
  if (warmStart === 'live') return fromNothing(why);
  throw misfit(version, [why]);
}

/** The error of a named version that a training cannot go on from. */
export function misfit(version: string, reasons: readonly string[]): AppError {
  return new AppError(
    'BAD_SETTINGS',
    `Training cannot start from version ${version}: ${reasons.join('; ')}`,
    'Give the settings of that version, or start from nothing: --warm-start none.',
  );
}

function fromNothing(reason: string): StartChoice {
  return { point: null, version: null, reason };
}
