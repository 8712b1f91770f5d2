import { NumericError, ValueError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { type ArrayInputs, copyTensors } from "./arrays.ts";
import { type CheckedBatch, checkBatch } from "./batch.ts";
import type { Callback, CallbackContext, HookName } from "./callbacks/callback.ts";
import type { Checkpointer } from "./checkpointer.ts";
import { evaluateSource } from "./evaluate.ts";
import type { FitOptions } from "./fit-options.ts";
import { type History, validationLogs } from "./history.ts";
import type { Logs } from "./meter.ts";
import { pacer } from "./pace.ts";
import { type Examples, type TrainingData, trainingData } from "./prepare.ts";
import { TrainingRun } from "./run.ts";
import { type StepResult, trainStep } from "./step.ts";

/** What `model.fit` does. */
export async function fit(model: Model, x: Examples, second?: ArrayInputs | FitOptions, third?: FitOptions): Promise<History> {
  void model.compiled; // says first of all that compile is missing
  const data = await trainingData(model, x, second, third);
  const { checkpoint, stepsPerEpoch = null } = data.options;
  const { seed, batchSize, shuffle, dataset, truncation } = data;
  if (data.options.resume && !checkpoint)
    throw new ValueError("Cannot resume without `checkpoint`: say in which store the checkpoints are.");
  let obstacle: string | null = null;
  if (onPage() && data.options.worker !== false) {
    const elsewhere = await (await import("./worker/fit-in-worker.ts")).fitInWorker(model, data);
    if ("history" in elsewhere) return elsewhere.history;
    obstacle = elsewhere.obstacle;
  }
  const fitting = new Fitting(model, data);
  if (obstacle !== null) fitting.warn(`Training runs on the page itself, not in a worker: ${obstacle}`);
  if (checkpoint) {
    const [{ Checkpointer }, { fingerprint }] = await Promise.all([import("./checkpointer.ts"), import("./fingerprint.ts")]);
    const truncated = truncation && `${truncation.updateEvery}, ${truncation.gradientSteps}`;
    const settings = { seed, batchSize, shuffle, stepsPerEpoch, truncated, data: await fingerprint(dataset) };
    fitting.keepCheckpoints(
      (warn) => new Checkpointer({ model, run: fitting.run, settings, callbacks: fitting.callbacks }, checkpoint, warn),
    );
  }
  return fitting.train();
}

/** Whether training here would keep a page from answering. */
function onPage(): boolean {
  return typeof document !== "undefined" && typeof Worker !== "undefined";
}

/** One call of fit. */
class Fitting {
  readonly run: TrainingRun;
  readonly callbacks: readonly Callback[];
  private readonly model: Model;
  private readonly data: TrainingData;
  private readonly options: FitOptions;
  private readonly pace = pacer();
  private checkpointer: Checkpointer | null = null;
  private resumed = false;

  constructor(model: Model, data: TrainingData) {
    this.model = model;
    this.data = data;
    this.options = data.options;
    this.callbacks = data.options.callbacks ?? [];
    this.run = new TrainingRun(model, model.compiled, data.options.initialEpoch ?? 0);
  }

  keepCheckpoints(make: (warn: (message: string) => void) => Checkpointer): void {
    this.checkpointer = make((message) => this.warn(message));
  }

  async train(): Promise<History> {
    const { run, options } = this;
    if (options.resume) this.resumed = (await this.checkpointer?.resume()) ?? false;
    await this.hook("onTrainBegin", {});
    while (run.stopped === null && !this.aborted && run.epoch < (options.epochs ?? 1)) await this.trainEpoch();
    await this.checkpointer?.save();
    await this.hook("onTrainEnd", {});
    return run.toHistory(this.model.trainingSteps, run.stopped ?? (this.aborted ? "aborted" : null));
  }

  private get aborted(): boolean {
    return this.options.signal?.aborted ?? false;
  }

  /** One epoch, or what is left of it; cut short, it stays open, so that a resumed run goes on within it. */
  private async trainEpoch(): Promise<void> {
    const { run, data, model, options } = this;
    if (run.stepInEpoch === 0) {
      run.meter.reset();
      await this.hook("onEpochBegin", {});
    }
    await this.trainSteps();
    if (run.stopped !== null || this.aborted) return;
    if (run.stepInEpoch === 0) {
      throw new ValueError(
        `Cannot train epoch ${run.epoch}: the data gave no batch. A stream is opened anew for each epoch; give one that can be.`,
      );
    }
    const logs = { ...run.meter.logs(), ...(await this.validate()), learningRate: model.optimizer.learningRate() };
    if (data.validation && this.aborted) return;
    run.curves.add(logs);
    await this.hook("onEpochEnd", logs);
    const best = run.beats((logs as Logs).valLoss ?? run.meter.logs().loss ?? Number.NaN);
    run.epoch++;
    run.stepInEpoch = 0;
    if (best && run.epoch < (options.epochs ?? 1)) await this.checkpointer?.save({ best });
  }

  private async trainSteps(): Promise<void> {
    const { run, data, options } = this;
    const limit = options.stepsPerEpoch ?? Number.POSITIVE_INFINITY;
    if (run.stepInEpoch >= limit) return;
    for await (const batch of data.source.batches(run.epoch, run.stepInEpoch)) {
      await this.trainBatch(checkBatch(this.model, batch, { targets: true, classWeight: options.classWeight }));
      if (this.checkpointer?.due) await this.checkpointer.save();
      if (run.stopped !== null || this.aborted || run.stepInEpoch >= limit) return;
      await this.pace();
    }
  }

  private async trainBatch(batch: CheckedBatch): Promise<void> {
    const { run, model, callbacks } = this;
    if (this.listens("onBatchBegin")) await this.hook("onBatchBegin", run.stepInEpoch > 0 ? run.meter.logs() : {});
    const guard = this.options.onNonFinite !== "continue" || callbacks.some(({ onNonFinite }) => onNonFinite);
    const result = await this.trainOn(batch, guard);
    if (guard && !Number.isFinite(result.loss)) await this.reportNonFinite(batch, result.loss);
    else run.meter.add(result, batch);
    model.trainingSteps++;
    run.stepInEpoch++;
    if (this.listens("onBatchEnd")) await this.hook("onBatchEnd", run.meter.logs());
  }

  private async trainOn(batch: CheckedBatch, guard: boolean): Promise<StepResult> {
    const { run, model, data, pace } = this;
    if (data.truncation) {
      const { trainTruncated } = await import("./long-sequences/train-truncated.ts");
      return trainTruncated(model, batch, data.truncation, { guard, meter: run.meter, pace });
    }
    const step = model.trainingSteps;
    return trainStep(model, model.compiled, batch, { step, predictions: run.meter.wantsPredictions, guard });
  }

  private async reportNonFinite(batch: CheckedBatch, loss: number): Promise<void> {
    const { model } = this;
    const { traceNonFinite } = await import("./non-finite.ts");
    const report = await traceNonFinite(model, batch, model.trainingSteps, loss);
    const listening = this.callbacks.filter(({ onNonFinite }) => onNonFinite);
    if (listening.length === 0) {
      throw new NumericError(
        `Cannot go on training model "${model.name}": ${report} The weights are those of the step before. Add terminateOnNaN() to end with them instead.`,
      );
    }
    for (const callback of listening) await callback.onNonFinite?.(this.context({}), report);
  }

  /** Figures of the validation data; nothing without it. Stateful layers start it from zeros and then go on where they were. */
  private async validate(): Promise<Logs> {
    const { model, data, options } = this;
    if (!data.validation) return {};
    const kept = model.stateful ? await copyTensors(model.keptStates()) : null;
    if (kept) model.resetStates();
    const logs = await evaluateSource(model, model.compiled, data.validation, {
      steps: options.validationSteps,
      signal: options.signal,
    });
    if (kept) model.restoreStates(kept);
    return validationLogs(logs);
  }

  private listens(name: HookName): boolean {
    return this.callbacks.some((callback) => callback[name]);
  }

  private async hook(name: HookName, logs: Logs): Promise<void> {
    for (const callback of this.callbacks) if (callback[name]) await callback[name](this.context(logs));
  }

  private context(logs: Logs): CallbackContext {
    const { model, run, resumed } = this;
    const stop = (reason: string): void => {
      run.stopped ??= reason;
    };
    return { model, epoch: run.epoch, step: model.trainingSteps, logs, resumed, stop };
  }

  warn(message: string): void {
    this.run.warnings.push(message);
    for (const callback of this.callbacks) callback.onWarning?.(message);
  }
}
