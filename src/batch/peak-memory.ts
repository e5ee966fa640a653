const MIB = 2 ** 20;

/** Most memory that the process has had so far, MiB. */
export function peakMemoryMiB(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

/**
 * Most memory within a phase. Where the phase took more than any before it, that is the process's peak; else the most that was seen
 * when somebody looked, at its start, its steps and its end.
 */
export class PhaseMemory {
  #before = process.resourceUsage().maxRSS;
  #seen = 0;

  /** Looks at the memory in use. */
  look(): void {
    this.#seen = Math.max(this.#seen, process.memoryUsage.rss());
  }

  /** Ends the phase, of which it returns the peak in MiB, and starts the next. */
  next(): number {
    this.look();
    const peak = process.resourceUsage().maxRSS;
    const most = peak > this.#before ? peak * 1024 : this.#seen;
    this.#before = peak;
    this.#seen = 0;
    this.look();
    return Math.round(most / MIB);
  }
}
