import type { Figure, Part, Rows } from './part.ts';

/** All that one benchmark has to say. */
export interface Results {
  readonly machine: ReadonlyArray<readonly [name: string, value: string]>;
  readonly parts: readonly Part[];
}

/** The text of docs/benchmarks.md. */
export function benchmarksPage({ machine, parts }: Results): string {
  const sections = [
    '<!-- Written by `make bench`; do not edit. -->',
    '# Benchmarks',
    'Measured with `make bench`: every number on this page comes from one run of it. Commands are given as they are typed in the project’s folder; `$DIR` is an empty folder.',
    '## Machine',
    table([['what', 'value'], ...machine]),
    ...parts.flatMap(section),
  ];
  return `${sections.join('\n\n')}\n`;
}

function section({ title, figures, notes, details }: Part): string[] {
  return [
    `## ${title}`,
    figureTable(figures),
    ...notes,
    ...details.flatMap((detail) => [`### ${detail.title}`, table(detail.rows)]),
  ];
}

function figureTable(figures: readonly Figure[]): string {
  return table([
    ['what', 'asked', 'measured', 'reached', 'command'],
    ...figures.map(({ what, asked, measured, reached, command }) => [
      what,
      asked ?? '',
      measured,
      reached === null ? '' : reached ? 'yes' : '**no**',
      `\`${command}\``,
    ]),
  ]);
}

/** A Markdown table. */
export function table(rows: Rows): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

/** A page with what stands between its markers of that name replaced. */
export function between(page: string, name: string, block: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest, ...more] = page.split(begin);
  const [, after, ...ends] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined || more.length > 0 || ends.length > 0) {
    throw new Error(`the page needs ${begin} and ${end}, once each and in this order`);
  }
  return `${before}${begin}\n${block}\n${end}${after}`;
}

/** The README with the figures that something is asked of between its markers. */
export function withFigures(readme: string, { machine, parts }: Results): string {
  const value = (wanted: string): string => machine.find(([name]) => name === wanted)?.[1] ?? '';
  const figures = parts.flatMap((part) => part.figures).filter(({ asked }) => asked !== null);
  const rows = figures.map(({ what, asked, measured, command }) => [
    what,
    asked ?? '',
    measured,
    `\`${command}\``,
  ]);
  const block = [
    `Measured by \`make bench\` on ${value('date')}: ${value('processor')}, ${value('cores')} cores, ${value('memory')}. More in [benchmarks.md](docs/benchmarks.md).`,
    table([['what', 'asked', 'measured', 'command'], ...rows]),
  ].join('\n\n');
  return between(readme, 'figures', block);
}
