/** One number of the benchmark beside what is asked of it. */
export interface Figure {
  readonly what: string;
  /** Null where nothing is asked. */
  readonly asked: string | null;
  readonly measured: string;
  /** Null where nothing is asked, or where it could not be measured. */
  readonly reached: boolean | null;
  /** As typed in the project's folder; `$DIR` stands for an empty folder. */
  readonly command: string;
}

/** Rows of text, the first one being the head. */
export type Rows = ReadonlyArray<readonly string[]>;

/** One section of the page. */
export interface Part {
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
  readonly details: ReadonlyArray<{ readonly title: string; readonly rows: Rows }>;
}

/** Writes a number for people: `number(1234.5, 1)` is `1,234.5`. */
export function number(value: number, digits = 0): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

interface Measured {
  readonly what: string;
  readonly command: string;
  readonly value: number;
  readonly limit: number;
  /** Digits after the point. */
  readonly digits: number;
  /** With a space before it, such as ` s`. */
  readonly unit?: string;
  /** Added to the measured value. */
  readonly note?: string;
}

/** A figure that is reached up to its limit. */
export function atMost(measured: Measured): Figure {
  return figure('at most', measured.value <= measured.limit, measured);
}

/** A figure that is reached from its limit on. */
export function atLeast(measured: Measured): Figure {
  return figure('at least', measured.value >= measured.limit, measured);
}

function figure(
  bound: string,
  reached: boolean,
  { what, command, value, limit, digits, unit = '', note }: Measured,
): Figure {
  const shown = `${number(value, digits)}${unit}`;
  return {
    what,
    asked: `${bound} ${limit.toLocaleString('en-US')}${unit}`,
    measured: note === undefined ? shown : `${shown} (${note})`,
    reached,
    command,
  };
}

/** A figure that this machine cannot give, with the reason. */
export function notMeasured(what: string, asked: string, reason: string, command: string): Figure {
  return { what, asked, measured: `not measured: ${reason}`, reached: null, command };
}

/** The smallest of the values that a share p of them does not exceed. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
