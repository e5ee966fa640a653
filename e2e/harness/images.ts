import { environment } from '../../src/runtime/environment.ts';

/** Tag of the images under test; e2e/run.sh builds them and brings them in. */
export function imageTag(): string {
  const tag = environment()['E2E_IMAGE_TAG'];
  if (tag === undefined)
    throw new Error('E2E_IMAGE_TAG is not set: run the scenarios by `make e2e`');
  return tag;
}

export const image = (target: 'api' | 'batch' | 'controller'): string =>
  `bookrec-${target}:${imageTag()}`;

/** Values that name the images under test. */
export const imageValues = (parts: readonly Part[] = ['api', 'trainer', 'controller']): object =>
  Object.fromEntries(parts.map((part) => [part, { image: { tag: imageTag() } }]));

/** A part of the chart with an image of ours. */
export type Part = 'api' | 'trainer' | 'controller';
