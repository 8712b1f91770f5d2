import type { Model } from "../../models/model.ts";
import type { NumericArray } from "../dataset.ts";
import type { Logs } from "../meter.ts";

/** What a hook is told. */
export interface CallbackContext {
  readonly model: Model;
  /** The epoch that is running, from 0. */
  readonly epoch: number;
  /** Training steps of this model so far, over all epochs and calls of fit. */
  readonly step: number;
  /** Figures of the epoch so far; at its end also those of the validation ("valLoss") and "learningRate". */
  readonly logs: Logs;
  /** Whether this call of fit goes on from a checkpoint, so that what `restore` put back must be kept. */
  readonly resumed: boolean;
  /** Ends training: at once from a batch hook, after the epoch's other hooks from an epoch hook. */
  stop(reason: string): void;
}

/** What a callback remembers, for checkpoints: plain data, and arrays by name. Infinities do not survive JSON; use null. */
export interface CallbackState {
  readonly data: unknown;
  readonly arrays?: ReadonlyMap<string, NumericArray>;
}

/** Hooks into training; each may be asynchronous, and training waits for it. */
export interface Callback {
  /** Names the kind in checkpoints; needed together with `state`. */
  readonly name?: string;
  onTrainBegin?(context: CallbackContext): void | Promise<void>;
  onEpochBegin?(context: CallbackContext): void | Promise<void>;
  onBatchBegin?(context: CallbackContext): void | Promise<void>;
  onBatchEnd?(context: CallbackContext): void | Promise<void>;
  onEpochEnd?(context: CallbackContext): void | Promise<void>;
  /** Also after an abort; not after an error. */
  onTrainEnd?(context: CallbackContext): void | Promise<void>;
  /** The loss is NaN or infinite and the weights were left alone; `report` says where it comes from. Without this hook training throws. */
  onNonFinite?(context: CallbackContext, report: string): void | Promise<void>;
  /** Something went wrong that training survives: a checkpoint could not be written, or was skipped on resume. */
  onWarning?(message: string): void;
  /** What the next process must know to continue; read at each checkpoint. */
  state?(): CallbackState | Promise<CallbackState>;
  restore?(state: CallbackState): void | Promise<void>;
}

/** The hooks that take a context alone. */
export type HookName = "onTrainBegin" | "onEpochBegin" | "onBatchBegin" | "onBatchEnd" | "onEpochEnd" | "onTrainEnd";
