import type { ArrayInput, ArrayInputs } from "./arrays.ts";
import type { ClassWeight } from "./batch.ts";
import type { Callback } from "./callbacks/callback.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import type { BatchStream, Dataset } from "./dataset.ts";
import type { TruncatedOptions } from "./long-sequences/truncation.ts";

/** x and y, with sample weights if there are any; or data that gives its own batches. */
export type LabelledData = readonly [x: ArrayInputs, y: ArrayInputs, sampleWeight?: ArrayInput] | Dataset | BatchStream;

/** Options of `fit`. */
export interface FitOptions {
  /** Passes over the data, counted from the first epoch: with `initialEpoch` or a resume fewer are left to do. Default 1. */
  readonly epochs?: number;
  /** Examples a step; a `BatchStream` has its own. Default 32. */
  readonly batchSize?: number;
  /** Reads each epoch in another order, which depends on the seed and the epoch alone. Default true; false for a stateful model. */
  readonly shuffle?: boolean;
  /** What is evaluated after each epoch. */
  readonly validationData?: LabelledData;
  /** Keeps the last part of the examples, before shuffling, for validation: a number in (0, 1). */
  readonly validationSplit?: number;
  /** At most so many batches of the validation data. */
  readonly validationSteps?: number;
  readonly callbacks?: readonly Callback[];
  /** Factor of each class in the loss: `{ 1: 5 }` counts class 1 fivefold. For one output. */
  readonly classWeight?: ClassWeight;
  /** A factor for each example [N], or for each example and step [N, T]. With arrays only; datasets give their own. */
  readonly sampleWeight?: ArrayInput;
  /** [N, T], 1 = use the step. With arrays only; datasets give their own. */
  readonly mask?: ArrayInput;
  /** The epoch to begin with, from 0. Default 0. */
  readonly initialEpoch?: number;
  /** Ends each epoch after so many steps. Default: when the data ends. */
  readonly stepsPerEpoch?: number;
  /** Of the order of examples. Default: the model's seed. */
  readonly seed?: number;
  /** Ends training after the step that is running; fit then returns normally, with `stopped: "aborted"`. */
  readonly signal?: AbortSignal;
  /**
   * What a NaN or infinite loss does. "throw" (the default) leaves the weights as they were before that step and throws a
   * `NumericError` naming where it came from; "continue" trains on.
   */
  readonly onNonFinite?: "throw" | "continue";
  /** Trains on long sequences in the memory of a few steps: `{ updateEvery: 50, gradientSteps: 100 }`. Default: over whole sequences. */
  readonly truncated?: TruncatedOptions;
  /**
   * Whether a page trains in a worker, with the same bits, so that it never freezes; anywhere but on a page it means nothing.
   * Default true. Callbacks, checkpoints, datasets and streams stay on the page: in a hook the model is as training has made it so
   * far, and what the hook changes counts; between hooks it keeps what it had in the last one. A model that cannot be sent (a loss
   * that is a function, a layer type of your own) trains on the page, as does any where no worker may start, with a turn for the
   * page every 30 ms; `history.warnings` then says why. The worker starts anew with each call: for many short ones give false.
   */
  readonly worker?: boolean;
  /** Keeps the state of training, so that a run which is killed can go on. */
  readonly checkpoint?: CheckpointOptions;
  /** Goes on from the newest sound checkpoint, to the same bits as if nothing had happened; starts afresh when there is none. */
  readonly resume?: boolean;
}

/** Options of checkpoints in `fit`. */
export interface CheckpointOptions {
  readonly store: CheckpointStore;
  /** Writes one when so many seconds have passed. Default 30, unless `everySteps` is given. */
  readonly everySeconds?: number;
  /** Writes one after every so many steps. */
  readonly everySteps?: number;
  /** Texts to keep in the file beside the model's. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Examples at a time. Default 32. */
  readonly batchSize?: number;
  /** At most so many batches. */
  readonly steps?: number;
  readonly sampleWeight?: ArrayInput;
  readonly mask?: ArrayInput;
}

/** Options of `predict`. */
export interface PredictOptions {
  /** Examples at a time. Default 32. */
  readonly batchSize?: number;
  /** [N, T], 1 = use the step. */
  readonly mask?: ArrayInput;
}
