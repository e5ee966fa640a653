import type { FamilyReport } from '../../contracts/data-report.ts';
import type { FeatureFamily } from '../../model/data.ts';
import { FamilyBuilder } from './family-builder.ts';

/** Entities that must share a label before it stands for itself; the rest need `DEFAULT_MIN`. */
const MIN_COUNT: ReadonlyMap<string, number> = new Map([
  ['author', 2],
  ['series', 2],
  ['work', 2],
  ['genre', 1],
]);
const DEFAULT_MIN = 3;

/** The families of one side while its files are read. */
export class FamilySet {
  readonly #side: FamilyReport['side'];
  readonly #minCount: number | undefined;
  readonly #families = new Map<string, FamilyBuilder>();

  /** `minCount` takes the place of the default of every family. */
  constructor(side: FamilyReport['side'], minCount: number | undefined) {
    this.#side = side;
    this.#minCount = minCount;
  }

  /** The family of this name, which is started where it is new. */
  family(name: string): FamilyBuilder {
    let family = this.#families.get(name);
    if (family === undefined) {
      family = new FamilyBuilder(name, this.#minCount ?? MIN_COUNT.get(name) ?? DEFAULT_MIN);
      this.#families.set(name, family);
    }
    return family;
  }

  /** Families with at least one label, in the order in which they were started. */
  finish(entities: number): { families: FeatureFamily[]; reports: FamilyReport[] } {
    const families: FeatureFamily[] = [];
    const reports: FamilyReport[] = [];
    for (const builder of this.#families.values()) {
      const { family, labelled, pooledLabels, pooledUses } = builder.finish(entities);
      const labels = family.labels.length;
      if (labels > 0) families.push(family);
      const { name } = builder;
      reports.push({ side: this.#side, name, labels, labelled, pooledLabels, pooledUses });
    }
    return { families, reports };
  }
}
