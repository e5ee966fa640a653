import type { FeatureFamily } from '../../model/data.ts';
import { growingInt32 } from './growing-array.ts';
import { SparseRows } from './sparse-rows.ts';

/** A finished family with what pooling did. */
export interface BuiltFamily {
  readonly family: FeatureFamily;
  /** Entities with at least one label. */
  readonly labelled: number;
  readonly pooledLabels: number;
  readonly pooledUses: number;
}

/** Collects the labels of one family; each label at most once per entity. */
export class FamilyBuilder {
  readonly name: string;
  readonly #minCount: number;
  readonly #index = new Map<string, number>();
  readonly #counts: number[] = [];
  readonly #entity = growingInt32();
  readonly #label = growingInt32();

  /** Labels of fewer than `minCount` entities are left out by `finish`. */
  constructor(name: string, minCount: number) {
    this.name = name;
    this.#minCount = minCount;
  }

  add(entity: number, label: string): void {
    let index = this.#index.get(label);
    if (index === undefined) {
      index = this.#index.size;
      this.#index.set(label, index);
      this.#counts.push(0);
    }
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#entity.push(entity);
    this.#label.push(index);
  }

  /** Sparse rows over `entities` entities; labels in the order of their first use. */
  finish(entities: number): BuiltFamily {
    const { labels, newIndex, pooledUses } = this.#keptLabels();
    const rows = new SparseRows(entities);
    const label = this.#label.view();
    const kept = (use: number): number => newIndex[label[use] ?? -1] ?? -1;
    const entity = this.#entity.view();
    entity.forEach((n, use) => {
      if (kept(use) >= 0) rows.count(n);
    });
    const labelled = rows.start();
    entity.forEach((n, use) => {
      if (kept(use) >= 0) rows.put(n, kept(use));
    });
    const pooledLabels = this.#counts.length - labels.length;
    const { offsets, indices } = rows;
    return {
      family: { name: this.name, labels, offsets, indices },
      labelled,
      pooledLabels,
      pooledUses,
    };
  }

  #keptLabels(): { labels: string[]; newIndex: Int32Array; pooledUses: number } {
    const labels: string[] = [];
    const newIndex = new Int32Array(this.#counts.length).fill(-1);
    let pooledUses = 0;
    for (const [label, index] of this.#index) {
      const count = this.#counts[index] ?? 0;
      if (count >= this.#minCount) newIndex[index] = labels.push(label) - 1;
      else pooledUses += count;
    }
    return { labels, newIndex, pooledUses };
  }
}
