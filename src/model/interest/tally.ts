/** How often each of many things came, of which only few come before it is cleared. */
export class Tally {
  /** By thing: the round in which it came last, and how often it did in it. */
  private readonly came: Int32Array;
  private round = 1;

  constructor(things: number) {
    this.came = new Int32Array(2 * things);
  }

  clear(): void {
    this.round++;
  }

  /** Counts one; returns how often it came before. */
  add(thing: number): number {
    const at = 2 * thing;
    if (this.came[at] !== this.round) {
      this.came[at] = this.round;
      this.came[at + 1] = 0;
    }
    return this.came[at + 1]++;
  }
}
