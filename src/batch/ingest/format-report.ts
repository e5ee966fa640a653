import type { DataReport, Finding } from '../../contracts/data-report.ts';

const number = new Intl.NumberFormat('en');
const format = (value: number): string => number.format(value);

const ACTIONS: Readonly<Record<Finding['action'], string>> = {
  repaired: 'repaired',
  unknown: 'taken as unknown',
  'set-aside': 'set aside',
  noted: 'kept as they stand',
};

function findingLines({ kind, action, count, examples }: Finding): string[] {
  const [first] = examples;
  const example =
    first === undefined ? '' : `, first at ${first.file}:${first.line}: ${first.text}`;
  return [`  ${format(count)} ${kind} (${ACTIONS[action]})${example}`];
}

/** The report as text for people, several lines. */
export function formatReport(report: DataReport): string {
  const { counts, files, findings, families, levels } = report;
  const merged = counts.catalogueRows - counts.listedBooks;
  const listed =
    merged > 0
      ? `${format(counts.listedBooks)} listed, ${format(merged)} named twice`
      : `${format(counts.listedBooks)} listed`;
  const share = (100 * counts.ratingsOfListedBooks).toFixed(1);
  return [
    `Data set: ${report.format}, scale ${levels[0] ?? '?'} to ${levels.at(-1) ?? '?'} in ${levels.length} levels`,
    ...files.map(
      (file) => `  ${file.name}: ${format(file.rows)} rows, ${format(file.badRows)} bad`,
    ),
    `Readers: ${format(counts.readers)}, of whom ${format(counts.readersWithRatings)} rated`,
    `Books: ${format(counts.books)} (${listed})`,
    `Ratings: ${format(counts.ratings)}, ${share} % of them of listed books`,
    `Interactions without a rating: ${format(counts.interactions)}`,
    'Labels:',
    ...families.map(
      (family) =>
        `  ${family.side} ${family.name}: ${format(family.labels)} labels on ${format(family.labelled)}, ` +
        `${format(family.pooledLabels)} too rare`,
    ),
    findings.length === 0 ? 'Nothing to repair.' : 'Repaired or set aside:',
    ...findings.flatMap(findingLines),
  ].join('\n');
}
