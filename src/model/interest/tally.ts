/** How often each of many things came, of which only few come before it is cleared. */
export class Tally {
  private readonly round: Int32Array;
  private readonly count: Int32Array;
  private now = 1;

  constructor(things: number) {
    this.round = new Int32Array(things);
    this.count = new Int32Array(things);
  }

  clear(): void {
    this.now++;
  }

  /** Counts one; returns how often it came before. */
  add(thing: number): number {
    if (this.round[thing] !== this.now) {
      this.round[thing] = this.now;
      this.count[thing] = 0;
    }
    return this.count[thing]++;
  }
}
