/** Time as a dependency, so that tests own it. */
export interface Clock {
  /** Wall clock. */
  now(): Date;
  /** Seconds from an arbitrary start; never goes back. */
  seconds(): number;
}

export const systemClock: Clock = {
  now: () => new Date(),
  seconds: () => performance.now() / 1000,
};
