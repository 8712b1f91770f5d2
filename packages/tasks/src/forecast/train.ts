import { type Callback, earlyStopping, type History, type Model } from "sluice";
import type { ForecastEvent, ForecastOptions } from "./forecast-types.ts";
import { DEFAULT_BUDGET, type TrainingPlan, windowDataset } from "./training-plan.ts";
import type { WindowReader } from "./window-reader.ts";

/** What training gave. */
export interface Trained {
  readonly history: History;
  /** Of each epoch. */
  readonly seconds: readonly number[];
  /** From 1; null before the first epoch has ended. */
  readonly bestEpoch: number | null;
  /** Why it ended, as a sentence. */
  readonly ended: string;
}

/**
 * Trains with the pinball loss over all levels, Adam under a cosine that ends near 0, gradients shortened to norm 1, and keeps
 * the weights of the epoch with the lowest validation loss. With a checkpoint store a run that was cut off goes on where it was.
 */
export async function train(
  network: Model,
  reader: WindowReader,
  plan: TrainingPlan,
  options: ForecastOptions,
  baseline: { readonly name: string; readonly value: number } | null,
): Promise<Trained> {
  const { epochs, batchSize, learningRate, patience } = plan;
  const { members } = plan.sizes;
  const steps = Math.ceil(plan.train.length / batchSize);
  const warmupSteps = Math.min(100, Math.ceil((steps * epochs) / 10));
  network.compile({
    optimizer: {
      type: "adam",
      learningRate: {
        type: "cosineDecay",
        initialLearningRate: learningRate / 10,
        warmupTarget: learningRate,
        warmupSteps,
        decaySteps: Math.max(1, steps * epochs - warmupSteps),
        alpha: 0.02,
      },
      globalClipNorm: 1,
    },
    loss: { type: "quantile", levels: reader.recipe.levels },
    lossWeights: Array<number>(members).fill(1 / members),
  });
  const budget = options.budgetSeconds ?? DEFAULT_BUDGET;
  const progress = new Progress({ plan, budget, baseline, tell: options.onEvent ?? (() => {}) });
  const { checkpoint, signal } = options;
  const history = await network.fit(windowDataset(reader, plan.train, members), {
    epochs,
    batchSize,
    validationData: windowDataset(reader, plan.validation, members),
    callbacks: [earlyStopping({ patience, restoreBestWeights: true }), progress.callback()],
    ...(signal && { signal }),
    ...(checkpoint && { checkpoint, resume: true }),
  });
  const best = bestOf(history.valLoss);
  return { history, seconds: progress.seconds, bestEpoch: best, ended: endedBy(history, patience, budget) };
}

const OUT_OF_TIME = "budget";

/** Tells what happens, keeps the seconds of each epoch, and ends training when the time is up. */
class Progress {
  /** Of each epoch; a resumed run keeps those before. */
  seconds: number[] = [];
  private readonly told: {
    readonly plan: TrainingPlan;
    readonly budget: number;
    readonly baseline: { readonly name: string; readonly value: number } | null;
    readonly tell: (event: ForecastEvent) => void;
  };
  private readonly losses: number[] = [];
  private step = 0;
  private began = 0;
  private recent: { at: number; windows: number }[] = [];

  constructor(told: Progress["told"]) {
    this.told = told;
  }

  callback(): Callback {
    return {
      name: "forecastProgress",
      onEpochBegin: () => {
        this.step = 0;
        this.began = performance.now();
      },
      onBatchEnd: ({ epoch, logs, stop }) => {
        this.onBatch(epoch, logs.loss ?? Number.NaN);
        if (this.elapsed > this.told.budget) stop(OUT_OF_TIME);
      },
      onEpochEnd: ({ epoch, logs }) => this.onEpoch(epoch, logs.loss ?? Number.NaN, logs.valLoss ?? Number.NaN),
      state: () => ({ data: { seconds: this.seconds, losses: this.losses } }),
      restore: ({ data }) => {
        const saved = data as { seconds: number[]; losses: number[] };
        this.seconds = [...saved.seconds];
        this.losses.splice(0, this.losses.length, ...saved.losses);
        this.began = performance.now();
      },
    };
  }

  /** Seconds of training, those before a resume included. */
  private get elapsed(): number {
    return this.seconds.reduce((sum, each) => sum + each, 0) + (performance.now() - this.began) / 1000;
  }

  private onBatch(epoch: number, loss: number): void {
    const { plan, tell } = this.told;
    this.step++;
    const now = performance.now();
    this.recent.push({ at: now, windows: Math.min(plan.batchSize, plan.train.length) });
    while (this.recent.length > 2 && now - (this.recent[0]?.at ?? now) > 1000) this.recent.shift();
    const steps = Math.ceil(plan.train.length / plan.batchSize);
    const windowsPerSecond = this.speed();
    const left = plan.epochs * plan.train.length - (epoch * steps + this.step) * plan.batchSize;
    const secondsLeft = Math.max(0, Math.min(left / windowsPerSecond, this.told.budget - this.elapsed));
    tell({ kind: "batch", epoch: epoch + 1, epochs: plan.epochs, step: this.step, steps, loss, windowsPerSecond, secondsLeft });
  }

  private onEpoch(epoch: number, loss: number, validationLoss: number): void {
    const { plan, baseline, tell } = this.told;
    this.seconds.push((performance.now() - this.began) / 1000);
    this.began = performance.now();
    this.losses.push(validationLoss);
    const bestEpoch = bestOf(this.losses) ?? 1;
    tell({
      kind: "epoch",
      epoch: epoch + 1,
      epochs: plan.epochs,
      loss,
      validationLoss,
      bestValidationLoss: this.losses[bestEpoch - 1] ?? Number.NaN,
      bestEpoch,
      baseline,
      windowsPerSecond: this.speed(),
      secondsLeft: Math.max(
        0,
        Math.min(((plan.epochs - epoch - 1) / (epoch + 1)) * this.elapsed, this.told.budget - this.elapsed),
      ),
    });
  }

  private speed(): number {
    const [first] = this.recent;
    const last = this.recent.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    const windows = this.recent.slice(1).reduce((sum, each) => sum + each.windows, 0);
    return (1000 * windows) / (last.at - first.at);
  }
}

/** Number (from 1) of the epoch with the lowest loss; null of none. */
function bestOf(losses: readonly number[]): number | null {
  const best = losses.reduce((kept, loss, i) => (loss < (losses[kept] ?? Number.POSITIVE_INFINITY) ? i : kept), -1);
  return best < 0 ? null : best + 1;
}

function endedBy({ stopped, epochs }: History, patience: number, budget: number): string {
  if (stopped === null) return `All ${epochs} epochs were run.`;
  if (stopped === "aborted") return `Stopped on request after ${epochs} whole epochs; the best weights so far were kept.`;
  if (stopped === OUT_OF_TIME) return `Stopped after ${budget} seconds, the time allowed; the best weights so far were kept.`;
  return `Stopped early: no better validation loss for ${patience} epochs.`;
}
