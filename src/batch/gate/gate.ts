import type { Interval, Metrics } from '../../contracts/metrics.ts';
import type { Decision } from '../../contracts/run.ts';
import { pairedBootstrap, rmseDifference } from '../evaluate/bootstrap.ts';
import { squaredErrors } from '../evaluate/metrics.ts';
import type { HeldOut } from './held-out.ts';

/** Shared rows that are always enough to compare on; of a smaller held-out set, half is. */
const ENOUGH_ROWS = 200;

/** Rows or readers from which on an interval says whether a baseline wins: with fewer, the bootstrap's is too narrow. */
const ENOUGH_FOR_BASELINE = 30;

/** The version that is live, with its held-out predictions if it has them. */
export interface LiveVersion {
  readonly version: string;
  readonly heldOut: HeldOut | null;
}

/** What the gate decides from. */
export interface GateInput {
  readonly policy: Decision['policy'];
  /** RMSE, in rating units, by which the new model may be worse. */
  readonly margin: number;
  /** Null before the first version. */
  readonly live: LiveVersion | null;
  readonly next: HeldOut;
  /** What the new model measured. */
  readonly metrics: Pick<Metrics, 'testRows' | 'model' | 'differences'>;
  /** Seed of the bootstrap. */
  readonly seed: number;
}

/** What two models predicted for the rows that both held out. */
interface SharedRows {
  readonly value: Float64Array;
  readonly live: Float64Array;
  readonly next: Float64Array;
}

type Comparison = Pick<Decision, 'comparedWith' | 'sharedRows' | 'difference'>;
type Verdict = Pick<Decision, 'publish' | 'reason' | 'message'>;

const NEVERTHELESS = 'To publish it nevertheless: --publish always.';

/** Decides whether the new model goes live; the rule and its reasons are in docs/metrics.md. */
export function decide(input: GateInput): Decision {
  const { policy, margin } = input;
  const comparison = compare(input);
  return { policy, margin, ...comparison, ...verdict(input, comparison) };
}

/** RMSE of the new model minus that of the live one. */
function compare({ live, next, seed }: GateInput): Comparison {
  const rows = live?.heldOut ? sharedRows(live.heldOut, next) : null;
  if (live === null || rows === null || rows.value.length === 0) {
    return { comparedWith: null, sharedRows: 0, difference: null };
  }
  const columns = [squaredErrors(rows.next, rows.value), squaredErrors(rows.live, rows.value)];
  const [difference = null] = pairedBootstrap(columns, [rmseDifference(0, 1)], { seed });
  return { comparedWith: live.version, sharedRows: rows.value.length, difference };
}

function verdict(input: GateInput, comparison: Comparison): Verdict {
  switch (input.policy) {
    case 'never':
      return { publish: false, reason: 'policy-never', message: 'Publishing is off.' };
    case 'always':
      return {
        publish: true,
        reason: 'policy-always',
        message: 'Publishing does not depend on the comparison.',
      };
    case 'if-not-worse': {
      const found: Verdict =
        input.live === null
          ? { publish: true, reason: 'first-version', message: 'No model is live yet.' }
          : judge(input.live, comparison, input.margin);
      const loss = found.publish ? lossToBaseline(input.metrics) : null;
      return loss === null
        ? found
        : { publish: false, reason: 'below-baseline', message: `${loss}. ${NEVERTHELESS}` };
    }
  }
}

/** What the model is surely worse at than a baseline, in words: the whole interval of the difference is on the wrong side. */
function lossToBaseline({ testRows, model, differences }: GateInput['metrics']): string | null {
  const { rmseVsBias, ndcg10VsPopularity } = differences;
  if (testRows >= ENOUGH_FOR_BASELINE && rmseVsBias.low > 0) {
    return `Predicts worse than biases of readers and books alone: RMSE ${within(rmseVsBias)}`;
  }
  const { readers } = model.ranking;
  if (ndcg10VsPopularity === null || readers < ENOUGH_FOR_BASELINE) return null;
  return ndcg10VsPopularity.high < 0
    ? `Ranks worse than popularity: NDCG@10 ${within(ndcg10VsPopularity)} over ${readers} readers`
    : null;
}

function within({ value, low, high }: Interval): string {
  return `${signed(value)} (95 % interval ${signed(low)} to ${signed(high)})`;
}

function judge(live: LiveVersion, { difference, sharedRows }: Comparison, margin: number): Verdict {
  const needed = Math.min(ENOUGH_ROWS, Math.ceil((live.heldOut?.key.length ?? 0) / 2));
  if (difference === null || sharedRows < needed) {
    return {
      publish: false,
      reason: 'not-comparable',
      message: `Only ${sharedRows} held-out ratings are shared with version ${live.version}, too few to compare. ${NEVERTHELESS}`,
    };
  }
  const { value, high } = difference;
  const figures = `RMSE ${within(difference)} against version ${live.version} on ${sharedRows} shared held-out ratings`;
  if (value <= 0) {
    return {
      publish: true,
      reason: 'not-worse',
      message: `Measured as good or better: ${figures}.`,
    };
  }
  return high <= margin
    ? { publish: true, reason: 'not-worse', message: `Within the margin of ${margin}: ${figures}.` }
    : {
        publish: false,
        reason: 'worse',
        message: `Measured worse, and the margin of ${margin} may be exceeded: ${figures}. ${NEVERTHELESS}`,
      };
}

function signed(number: number): string {
  return `${number < 0 ? '-' : '+'}${Math.abs(number).toFixed(4)}`;
}

/** Rows of the same pair with the same rating in both. */
function sharedRows(live: HeldOut, next: HeldOut): SharedRows {
  const rowOf = new Map<number, number>();
  live.key.forEach((key, row) => rowOf.set(key, row));
  const pairs: Array<readonly [value: number, live: number, next: number]> = [];
  next.key.forEach((key, row) => {
    const liveRow = rowOf.get(key);
    if (liveRow === undefined) return;
    const [value, before, now] = [
      live.value[liveRow],
      live.prediction[liveRow],
      next.prediction[row],
    ];
    if (value === undefined || before === undefined || now === undefined) return;
    if (value === next.value[row]) pairs.push([value, before, now]);
  });
  return {
    value: Float64Array.from(pairs, ([value]) => value),
    live: Float64Array.from(pairs, ([, before]) => before),
    next: Float64Array.from(pairs, ([, , now]) => now),
  };
}
