import type { Finding } from '../../contracts/data-report.ts';

const MAX_EXAMPLES = 5;
const MAX_TEXT = 120;

/** Counts what was repaired or set aside, by kind, with the first examples of each. */
export class Findings {
  readonly #byKind = new Map<string, Finding>();

  add(action: Finding['action'], kind: string, file: string, line: number, text: string): void {
    let finding = this.#byKind.get(kind);
    if (finding === undefined) {
      finding = { kind, action, count: 0, examples: [] };
      this.#byKind.set(kind, finding);
    }
    finding.count++;
    if (finding.examples.length < MAX_EXAMPLES) {
      finding.examples.push({ file, line, text: shorten(text) });
    }
  }

  /** All kinds, the most frequent first. */
  list(): Finding[] {
    return [...this.#byKind.values()].sort(
      (a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1),
    );
  }
}

/** Text cut to a length fit for a message. */
export function shorten(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 3)}...`;
}
