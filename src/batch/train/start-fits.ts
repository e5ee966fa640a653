import type { FeatureFamily } from '../../model/data.ts';
import type { TrainingData } from './model-state.ts';
import { effectFamilies } from './start-point.ts';
import type { StartNames, StartPoint, StartSettings } from './start-point.ts';

/** Share of the ratings whose book the start point must know. */
const KNOWN_SHARE = 0.5;

/**
 * In words, all that keeps a training with these settings on these data from going on from the point; none where it fits. Split, seed
 * and held-out share must be the same, since only then has the point not seen what measures the new model.
 */
export function differences(
  point: StartPoint,
  settings: StartSettings,
  data: TrainingData,
  names: StartNames,
): string[] {
  const found: string[] = [];
  const compare = (what: string, old: number | string, now: number | string): void => {
    if (old !== now) found.push(`${what} ${old} there, ${now} here`);
  };
  compare('rank', point.rank, settings.rank);
  compare('split', point.split, settings.split);
  compare('seed', point.seed, settings.seed);
  compare('held-out share', point.heldOut, settings.heldOut);
  compare('what is fitted to', point.fitTo, settings.fitTo);
  compare('links of', point.links, settings.links);
  if (settings.split === 'temporal') {
    found.push('a temporal split holds out other rows as data come in');
  }
  compare('rating levels', point.levels.join(' '), names.levels.join(' '));
  compare(
    'families of readers',
    namesOf(point.readerPrior.families),
    namesOf(names.readerFamilies),
  );
  compare('families of books', namesOf(point.bookPrior.families), namesOf(names.bookFamilies));
  compare(
    'content effects',
    point.effectFamilies.join(' '),
    effectFamilies({ labels: data.effectLabels, directions: data.directions }).join(' '),
  );
  const share = knownShare(point, data, names);
  if (share < KNOWN_SHARE) {
    found.push(`only ${(100 * share).toFixed(0)} % of the ratings are of books known there`);
  }
  return found;
}

function namesOf(families: ReadonlyArray<Pick<FeatureFamily, 'name'>>): string {
  return families.map(({ name }) => name).join(' ');
}

function knownShare(point: StartPoint, { matrix }: TrainingData, names: StartNames): number {
  const known = new Set(point.bookIds);
  let ratings = 0;
  names.bookIds.forEach((id, i) => {
    if (known.has(id)) ratings += matrix.bookStart[i + 1] - matrix.bookStart[i];
  });
  return ratings / matrix.size;
}
