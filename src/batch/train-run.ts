import { hash } from 'node:crypto';
import type { DataReport } from '../contracts/data-report.ts';
import type { Manifest } from '../contracts/manifest.ts';
import type { ModelCard } from '../contracts/model-card.ts';
import { type Decision, type Figures, figuresOf, type RunRecord } from '../contracts/run.ts';
import { MODEL_KEYS, type TRAIN_KEYS } from '../contracts/setting-groups.ts';
import type { Settings } from '../contracts/settings.ts';
import { systemClock, type Clock } from '../runtime/clock.ts';
import { AppError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { isReadable, MODEL_BLOB } from '../store/model-codec.ts';
import type { Store } from '../store/store.ts';
import { chooseBackend, type ChosenBackend, ifLargeEnough } from './choose-backend.ts';
import { decide } from './gate/gate.ts';
import { HELD_OUT_BLOB, unpackHeldOut } from './gate/held-out.ts';
import type { Dataset } from './ingest/dataset.ts';
import { chooseStart, misfit } from './choose-start.ts';
import { chosenColumns, chosenFrom } from './chosen.ts';
import { beside } from './in-thread.ts';
import { learn, type LearnOptions, refit, type Start, type Trained } from './learn.ts';
import { biasesOf, measure, type MeasureTask } from './measure.ts';
import { type Measured, measuredColumns, measuredFrom } from './measured.ts';
import { peakMemoryMiB } from './peak-memory.ts';
import { readData, rowsToLearn, splitToLearn } from './prepare.ts';
import { type Publication, publish } from './publish.ts';
import { type Feedback, readFeedback } from './read-feedback.ts';
import { rounded } from './rounded.ts';
import { idAt, RunRecorder, writeSummary } from './run-recorder.ts';
import { threadsFor } from './train/sweep-pool.ts';
import { carriedBy, StoredTrail, trainingName } from './trail.ts';
import type { Gpu } from './train/gpu/gpu.ts';

/** Settings of a training run. */
export type TrainSettings = Pick<Settings, (typeof TRAIN_KEYS)[number]>;

/** What a run works with. */
export interface RunDeps {
  readonly store: Store;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  /** Opens the GPU; the machine's own by default. */
  readonly openGpu?: () => Promise<Gpu>;
}

/**
 * One training from the files to the published version: ingest, train, evaluate, gate, refit, recommend, publish.
 * The run's record is kept in the store as it goes on. Throws what stopped it, after recording that.
 */
export async function train(settings: TrainSettings, deps: RunDeps): Promise<RunRecord> {
  const clock = deps.clock ?? systemClock;
  const run = new TrainRun(idAt(clock), settings, { ...deps, clock });
  try {
    await run.go();
  } catch (cause) {
    const error = deps.signal.aborted ? cancelled(cause, await run.leaveCheckpoint()) : cause;
    await run.recordFailure(deps.signal.aborted ? 'cancelled' : 'failed', error);
    throw error;
  } finally {
    await run.close();
    writeSummary(settings.summary, run.recorder.record, deps.log);
  }
  return run.recorder.record;
}

function cancelled(cause: unknown, isKept: boolean): AppError {
  return new AppError(
    'CANCELLED',
    'The training was stopped before its end; nothing was published',
    isKept ? 'Start it again: it goes on where it was stopped.' : 'Start it again.',
    { cause },
  );
}

/** What the checkpoint of an earlier try that was stopped after its measurement has kept. */
function whatWasMeasured(trail: StoredTrail): { from: Trained; measured: Measured } {
  const columns = carriedBy(trail);
  const [chosen, measured] = [chosenFrom(columns), measuredFrom(columns)];
  const carried = { ...chosenColumns(chosen), ...measuredColumns(measured) };
  return { from: { chosen, state: null, carried }, measured };
}

class TrainRun {
  readonly recorder: RunRecorder;
  readonly #id: string;
  readonly #settings: TrainSettings;
  readonly #deps: RunDeps & { readonly clock: Clock };
  /** Seconds of each sweep of this try. */
  readonly #swept: number[] = [];
  #trail: StoredTrail | null = null;
  #chosen: ChosenBackend | null = null;

  constructor(id: string, settings: TrainSettings, deps: RunDeps & { readonly clock: Clock }) {
    this.#id = id;
    this.#settings = settings;
    this.#deps = deps;
    // A second try of the same run goes on in its record, but writes a version of its own.
    this.recorder = new RunRecorder(settings.runId ?? id, deps.store, deps.clock);
  }

  async go(): Promise<void> {
    const settings = this.#settings;
    const { log } = this.#deps;
    const { recorder } = this;
    this.#use(await chooseBackend(settings.backend, this.#deps.openGpu));
    await recorder.phase('ingest');
    const feedback = await this.#feedback();
    const { dataset, report } = await readData(settings, this.#deps, feedback);
    recorder.record.data = report;
    const contentHash = contentHashOf(dataset, settings);
    recorder.record.contentHash = contentHash;
    if (await this.#isLive(contentHash)) {
      log.info('data and settings are those of the live version: nothing to do');
      await recorder.finish('skipped');
      return;
    }
    await this.#keepIfLargeEnough(dataset);
    await recorder.phase('train');
    const { split, splitName } = splitToLearn(dataset, settings);
    const start = await this.#start();
    const trail = await this.#openTrail(contentHash, recorder.record.start?.version ?? null);
    const options = { ...this.#learnOptions(), start, trail };
    const task = { dataset, split, splitName, seed: settings.seed };
    const { from, measured } =
      trail.leg === 'publish' ? whatWasMeasured(trail) : await this.#learnAndMeasure(task, options);
    const { metrics, heldOut } = measured;
    const { report: training, start: point } = from.chosen;
    recorder.record.metrics = metrics;
    recorder.record.effectiveRank = training.effectiveRank;
    const { rmse, mae, coverage } = metrics.model;
    log.info(rounded({ rmse, mae, ...coverage }), 'measured');
    await recorder.phase('gate');
    const decision = await this.#gate(measured);
    recorder.record.decision = decision;
    log.info({ publish: decision.publish, reason: decision.reason }, decision.message);
    if (decision.publish) {
      await recorder.phase('refit');
      const { model } = await refit(from, dataset, rowsToLearn(dataset, settings), options);
      await recorder.phase('recommend');
      await trail.trained();
      const manifest: Manifest = {
        format: 1,
        version: this.#id,
        createdAt: this.#deps.clock.now().toISOString(),
        runId: recorder.record.id,
        contentHash,
        dataset: dataset.format,
        counts: countsOf(dataset),
        scale: { levels: [...dataset.levels] },
        model: {
          rank: settings.rank,
          effectiveRank: training.effectiveRank,
          sweeps: training.sweep,
          seed: settings.seed,
          elbo: training.elbo,
          noiseSd: training.noiseSd,
        },
        listLength: settings.listLength,
        policy: settings.policy,
        metrics,
        trainSeconds: recorder.record.seconds['train'] ?? 0,
        ...(feedback.revision > 0 ? { feedback: feedback.revision } : {}),
      };
      await this.#publish(manifest, dataset, { model, heldOut, start: point }, report);
      await this.#finishPublished();
    } else {
      await recorder.finish('succeeded');
    }
    await this.#orWarn('the checkpoint could not be removed', () => trail.end());
  }

  /** Ends what the run has opened. */
  async close(): Promise<void> {
    await this.#chosen?.gpu?.close();
  }

  /** Says what computes, once for each change. */
  #use(chosen: ChosenBackend): void {
    if (chosen === this.#chosen) return;
    const { backend } = chosen;
    this.#chosen = chosen;
    this.recorder.record.backend = backend;
    this.#deps.log.info(`backend: ${backend.used} (${backend.reason})`);
  }

  async #keepIfLargeEnough({ readers, books }: Dataset): Promise<void> {
    if (this.#chosen === null) return;
    const rows = Math.max(readers.ids.length, books.ids.length);
    const { backend, rank } = this.#settings;
    this.#use(await ifLargeEnough(this.#chosen, backend, rows, rank + 1));
  }

  /** Learns from the rows that are not held out, and measures on those that are. */
  async #learnAndMeasure(
    task: MeasureTask,
    options: LearnOptions,
  ): Promise<{ from: Trained; measured: Measured }> {
    const { threads } = this.#settings;
    const { signal } = this.#deps;
    const { train } = task.split;
    const [biases, { chosen, state, model }] = await beside(
      (signal) => biasesOf(task, { threads: threadsFor(threads, train.length), signal }),
      () => learn(task.dataset, train, options),
      signal,
    );
    await this.recorder.phase('evaluate');
    const measured = await measure(model, { ...task, biases }, { threads, signal });
    const carried = { ...chosenColumns(chosen), ...measuredColumns(measured) };
    return { from: { chosen, state, carried }, measured };
  }

  /** What an earlier try of the same training has left; this one leaves the same, should it be stopped. */
  async #openTrail(contentHash: string, startVersion: string | null): Promise<StoredTrail> {
    const { store, clock, log } = this.#deps;
    const training = trainingName(contentHash, startVersion);
    const minutes = this.#settings.checkpointMinutes;
    this.#trail = await StoredTrail.open(store, training, { minutes, clock, log });
    const { leg } = this.#trail;
    this.recorder.record.resumedAt = leg;
    if (leg !== null) log.info({ leg }, 'going on from the checkpoint of an earlier try');
    return this.#trail;
  }

  /** Leaves what is needed to go on; says whether there is something. */
  async leaveCheckpoint(): Promise<boolean> {
    return (await this.#trail?.save()) ?? false;
  }

  /** Never throws, since what stopped the run must not be hidden by a store that is away. */
  async recordFailure(state: RunRecord['state'], error: unknown): Promise<void> {
    try {
      await this.recorder.finish(state, error);
    } catch (cause) {
      this.#deps.log.warn({ err: cause }, 'the end of the run could not be recorded');
    }
  }

  /** Who was erased is left out whether feedback is wanted or not. */
  async #feedback(): Promise<Feedback> {
    const feedback = await readFeedback(this.#deps.store);
    const { ratings, erased, revision } = feedback;
    if (revision > 0) {
      this.#deps.log.info({ ratings: ratings.length, erased: erased.size, revision }, 'feedback');
    }
    return this.#settings.feedback === 'yes' ? feedback : { ratings: [], erased, revision: 0 };
  }

  async #isLive(contentHash: string): Promise<boolean> {
    if (this.#settings.publish === 'always') return false;
    const { store } = this.#deps;
    const live = await store.liveVersion();
    const manifest = live === null ? null : await store.manifest(live);
    // Last, since it reads the whole model.
    return manifest?.contentHash === contentHash && (await this.#ifServable(live)) !== null;
  }

  /** The version, if this release can serve it: another is no reason not to publish. */
  async #ifServable(version: string | null): Promise<string | null> {
    const { store, log } = this.#deps;
    const model = version === null ? null : await store.blob(version, MODEL_BLOB);
    if (model === null || isReadable(model)) return version;
    log.warn({ version }, 'the live version cannot be read by this release and counts as none');
    return null;
  }

  async #gate({ heldOut: next, metrics }: Measured): Promise<Decision> {
    const { store } = this.#deps;
    const { publish: policy, margin, seed } = this.#settings;
    const version = await this.#ifServable(await store.liveVersion());
    this.recorder.record.live = version === null ? null : await this.#figuresOf(version);
    const blob = version === null ? null : await store.blob(version, HELD_OUT_BLOB);
    const live =
      version === null ? null : { version, heldOut: blob === null ? null : unpackHeldOut(blob) };
    return decide({ policy, margin, live, next, metrics, seed });
  }

  async #figuresOf(version: string): Promise<Figures | null> {
    const manifest = await this.#deps.store.manifest(version);
    if (manifest === null) return null;
    return { version, ...figuresOf(manifest.metrics, manifest.model.effectiveRank) };
  }

  /** What to go on from; the record says what was chosen and why, also once it proves not to fit. */
  async #start(): Promise<Start | null> {
    const { store, log } = this.#deps;
    const { warmStart } = this.#settings;
    const { point, version, reason } = await chooseStart(store, warmStart);
    const say = (from: string | null, why: string): void => {
      this.recorder.record.start = { version: from, reason: why };
      log.info(`start: ${from ?? 'nothing'} (${why})`);
    };
    say(version, reason);
    if (point === null) return null;
    return {
      point,
      onMisfit: (reasons) => {
        if (warmStart !== 'live') throw misfit(version, reasons);
        say(null, `the live version ${version} does not fit: ${reasons.join('; ')}`);
      },
    };
  }

  #learnOptions(): LearnOptions {
    const { log, signal } = this.#deps;
    return {
      ...this.#settings,
      gpu: this.#chosen?.gpu ?? null,
      signal,
      refits: this.#settings.publish === 'never' ? 1 : 2,
      onSweep: async (report, seconds) => {
        const { sweep, of, elbo, heldOutRmse } = report;
        this.#swept.push(seconds);
        const mean = this.#swept.reduce((sum, one) => sum + one, 0) / this.#swept.length;
        const secondsLeft = Math.round(mean * (of - sweep));
        log.info(rounded({ ...report, seconds }), 'sweep');
        await this.recorder.progress({ sweep, of, elbo, heldOutRmse, secondsLeft });
      },
    };
  }

  async #publish(
    manifest: Manifest,
    dataset: Dataset,
    learned: Pick<Publication, 'model' | 'heldOut' | 'start'>,
    data: DataReport,
  ): Promise<void> {
    const { store, log, signal } = this.#deps;
    const { threads, keep } = this.#settings;
    const { policy, seed, maxPerAuthor } = this.#settings;
    const choice = { policy, seed, maxPerAuthor };
    const onProgress = async (share: number): Promise<void> => {
      if (share === 1) return this.recorder.phase('publish');
      const secondsLeft = Math.round((this.recorder.elapsed() / share) * (1 - share));
      await this.recorder.progress({ ...this.recorder.record.progress, secondsLeft });
    };
    const lists = { choice, threads };
    const card = async (): Promise<ModelCard> => {
      // Here, since its charts are half of all that a trainer would load at its start, and few runs come to it.
      const { modelCard } = await import('./card/model-card.ts');
      return modelCard({
        manifest,
        data,
        settings: Object.fromEntries(MODEL_KEYS.map((key) => [key, this.#settings[key]])),
        run: this.recorder.record,
        model: learned.model,
        peakMemoryMiB: peakMemoryMiB(),
      });
    };
    // room first: a store that holds `keep` versions need not hold one more
    await this.#prune(keep - 1);
    await publish(store, { manifest, dataset, ...learned, card, ...lists, signal, onProgress });
    this.recorder.record.version = manifest.version;
    log.info({ version: manifest.version, readers: dataset.readers.ids.length }, 'published');
  }

  /** Clears up after a publication: the version is live, so what fails from here on is a warning. */
  async #finishPublished(): Promise<void> {
    const { store } = this.#deps;
    await this.#prune(this.#settings.keep);
    await this.#orWarn('the end of the run could not be recorded', () =>
      this.recorder.finish('succeeded'),
    );
    if (this.#settings.storeSnapshot === 'yes') {
      await this.#orWarn('the store could not be told to write a snapshot', () => store.snapshot());
    }
  }

  async #prune(keep: number): Promise<void> {
    await this.#orWarn('old versions could not be removed', () => this.#deps.store.prune(keep));
  }

  async #orWarn(what: string, action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const { warnings } = this.recorder.record;
      // what fails twice in the same way is said once
      if (!warnings.includes(`${what}: ${why}`)) warnings.push(`${what}: ${why}`);
      this.#deps.log.warn({ err: error }, what);
    }
  }
}

function contentHashOf(dataset: Dataset, settings: TrainSettings): string {
  const chosen = MODEL_KEYS.map((key) => [key, settings[key]]);
  return hash('sha256', `${dataset.contentHash}\n${JSON.stringify(chosen)}`);
}

function countsOf(dataset: Dataset): Manifest['counts'] {
  return {
    readers: dataset.readers.ids.length,
    books: dataset.books.ids.length,
    listedBooks: dataset.books.listed.reduce((sum, one) => sum + one, 0),
    ratings: dataset.ratings.value.length,
    interactions: dataset.interactions.reader.length,
  };
}
