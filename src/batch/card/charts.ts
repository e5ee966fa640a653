import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Coverage } from '../../contracts/metrics.ts';

use([BarChart, LineChart, GridComponent, LegendComponent, SVGRenderer]);

const SIZE = { width: 480, height: 320 };
const GRID = { left: 60, right: 20, top: 60, bottom: 50 };
const AXIS_NAME = { nameLocation: 'middle', nameGap: 32 } as const;

/** A line of the calibration plot. */
export interface CoverageLine {
  readonly name: string;
  readonly coverage: Coverage;
}

/** Share of held-out ratings within the intervals against the intervals' nominal share; as SVG. */
export function calibrationChart(lines: readonly CoverageLine[]): string {
  const share = { type: 'value', min: 0.4, max: 1 } as const;
  return render({
    legend: { top: 0 },
    xAxis: { ...share, ...AXIS_NAME, name: 'nominal share of the interval' },
    yAxis: { ...share, ...AXIS_NAME, name: 'held-out ratings within it' },
    series: [
      {
        type: 'line',
        name: 'exact',
        showSymbol: false,
        lineStyle: { type: 'dashed', color: '#888' },
        data: [
          [0.4, 0.4],
          [1, 1],
        ],
      },
      ...lines.map(({ name, coverage: { p50, p80, p90, p95 } }) => ({
        type: 'line' as const,
        name,
        data: [
          [0.5, p50],
          [0.8, p80],
          [0.9, p90],
          [0.95, p95],
        ],
      })),
    ],
  });
}

/** How often ratings fell into each equal slice of their predicted distribution, 1 being right; as SVG. */
export function pitChart(shares: readonly number[]): string {
  const bins = shares.length;
  return render({
    xAxis: {
      type: 'category',
      ...AXIS_NAME,
      name: 'slice of the predicted distribution',
      data: shares.map((_, n) => ((n + 0.5) / bins).toFixed(2)),
    },
    yAxis: { type: 'value', min: 0, ...AXIS_NAME, name: 'ratings, as a multiple of what is right' },
    series: [{ type: 'bar', data: shares.map((share) => Number((share * bins).toFixed(4))) }],
  });
}

function render(option: object): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  try {
    chart.setOption({ animation: false, grid: GRID, backgroundColor: '#fff', ...option });
    // without what is for a pointer above it, whose names count the charts drawn: the same figures give the same bytes
    return chart
      .renderToSVGString()
      .replaceAll(/<style[^]*?<\/style>| class="zr[^"]*"/g, '')
      .replaceAll(/zr\d+/g, 'zr');
  } finally {
    chart.dispose();
  }
}
