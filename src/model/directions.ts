/** Where the books lie among the directions of who met what (docs/model.md 3.15): what a reader's leanings are slopes on. */
export interface Directions {
  /** S */
  readonly count: number;
  /** d_i, M x S row-major: of length one, or zero for a book that nobody met. In 32 bits, as the model is stored. */
  readonly place: Float32Array;
}

export const NO_DIRECTIONS: Directions = { count: 0, place: new Float32Array(0) };

/** d_i . d_j */
export function along({ count, place }: Directions, i: number, j: number): number {
  let sum = 0;
  for (let a = 0; a < count; a++) sum += place[i * count + a] * place[j * count + a];
  return sum;
}
