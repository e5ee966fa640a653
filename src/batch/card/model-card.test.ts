import { describe, expect, it } from 'vitest';
import { newRecord } from '../run-recorder.ts';
import { modelCardSchema } from '../../contracts/model-card.ts';
import { seededRandom } from '../../model/random.ts';
import { randomModel } from '../../testing/random-model.ts';
import { SAMPLE_METRICS, sampleManifest } from '../../testing/sample-version.ts';
import { calibrationChart, pitChart } from './charts.ts';
import { modelCard } from './model-card.ts';

const exact = { p50: 0.5, p80: 0.8, p90: 0.9, p95: 0.95 };
const narrow = { p50: 0.4, p80: 0.7, p90: 0.82, p95: 0.9 };

describe('charts', () => {
  it('are the same bytes for the same figures, as the golden files have them', async () => {
    const lines = [
      { name: 'all rows', coverage: exact },
      { name: 'widest quarter', coverage: narrow },
    ];
    const chart = calibrationChart(lines);
    expect(calibrationChart(lines)).toBe(chart);
    await expect(chart).toMatchFileSnapshot('golden/calibration.svg');
    const shares = [0.05, 0.08, 0.1, 0.12, 0.15, 0.15, 0.12, 0.1, 0.08, 0.05];
    await expect(pitChart(shares)).toMatchFileSnapshot('golden/pit.svg');
  });
});

describe('a model card', () => {
  const manifest = sampleManifest('v1', 3);
  const finding = { kind: 'odd <b>id</b>|', action: 'repaired', count: 2 } as const;
  const card = modelCard({
    manifest: {
      ...manifest,
      metrics: {
        ...SAMPLE_METRICS,
        model: { ...SAMPLE_METRICS.model, coverage: exact, pit: [0.4, 0.6] },
        bySpread: [{ name: 'widest quarter', rows: 400, rmse: 2, coverage: narrow }],
      },
    },
    data: {
      format: 'generic',
      levels: [1, 2],
      files: [{ role: 'ratings', name: 'r.csv', bytes: 1, gzip: false, rows: 9, badRows: 1 }],
      counts: {
        readers: 3,
        readersWithRatings: 2,
        books: 5,
        catalogueRows: 4,
        listedBooks: 4,
        ratings: 6,
        ratingsOfListedBooks: 1,
        interactions: 1,
      },
      findings: [{ ...finding, examples: [{ file: 'r.csv', line: 2, text: 'reader-7' }] }],
      families: [],
      contentHash: 'hash',
    },
    settings: { rank: 8 },
    run: newRecord('run', manifest.createdAt),
    model: randomModel(seededRandom(1), 2, 5),
    peakMemoryMiB: 300,
  });

  it('is of its schema, and holds no example of the data', () => {
    expect(modelCardSchema.parse(JSON.parse(JSON.stringify(card)))).toEqual(card);
    expect(JSON.stringify(card)).not.toContain('reader-7');
  });

  it('says in words what the figures do not hold, and makes texts of the data harmless', () => {
    expect(card.gaps).toContain(
      'The 95 % interval holds 90.0 % of the ratings of: widest quarter (400 rows).',
    );
    expect(card.gaps.filter((gap) => gap.includes('all rows'))).toEqual([]);
    expect(card.markdown).toContain('| odd &#60;b&#62;id&#60;/b&#62;&#124; | repaired | 2 |');
    for (const gap of card.gaps) expect(card.markdown).toContain(`- ${gap}`);
  });
});
