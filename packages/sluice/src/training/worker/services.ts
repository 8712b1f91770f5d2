import type { InitOptions } from "../../backend/index.ts";
import type { ModelConfig } from "../../models/config.ts";
import type { CallbackContext, CallbackState, HookName } from "../callbacks/callback.ts";
import type { CheckpointAbout, LoadedCheckpoint } from "../checkpoint-store.ts";
import type { CompileSpec } from "../compile.ts";
import type { Batch } from "../dataset.ts";
import type { CheckpointOptions, FitOptions } from "../fit-options.ts";
import type { History } from "../history.ts";
import type { ArrayData } from "../source.ts";
import type { ModelState } from "./model-state.ts";

/** Which examples: those to train on, or those to validate with. */
export type Part = "training" | "validation";

/** Examples as they are sent: arrays whole; of other data only its measure, its batches are asked for one by one. */
export type SentExamples =
  | { readonly kind: "arrays"; readonly arrays: ArrayData }
  | { readonly kind: "dataset"; readonly length: number }
  | { readonly kind: "stream"; readonly batches: number | undefined };

/** The options of `fit` that are plain data. */
export type PlainOptions = Omit<
  FitOptions,
  "validationData" | "callbacks" | "sampleWeight" | "mask" | "signal" | "checkpoint" | "worker"
>;

/** All that one call of `fit` depends on, without what must stay on the page. */
export interface Job {
  readonly backend: InitOptions;
  readonly config: ModelConfig;
  readonly compile: CompileSpec;
  readonly state: ModelState;
  readonly examples: SentExamples;
  readonly validation: SentExamples | null;
  readonly options: PlainOptions;
  /** Without its store; null when no checkpoints are kept. */
  readonly checkpoint: Omit<CheckpointOptions, "store"> | null;
  /** The page's callbacks, by their names in checkpoints. */
  readonly callbacks: readonly { readonly name: string | undefined; readonly hasState: boolean }[];
  /** Hooks that any of them has. */
  readonly hooks: readonly (HookName | "onNonFinite")[];
}

/** A hook to run on the page, with the model as it stands. */
export interface HookCall {
  readonly hook: HookName | "onNonFinite";
  readonly at: Pick<CallbackContext, "epoch" | "step" | "logs" | "resumed">;
  /** Of `onNonFinite`. */
  readonly report: string;
  readonly state: ModelState;
}

/** What the hooks did. */
export interface HookAnswer {
  /** The reason to end training, if one was given. */
  readonly stop: string | null;
  /** The model's state, when they changed it. */
  readonly changed: ModelState | null;
}

/** What the worker asks of the page. */
export type PageService = {
  readonly runHook: (call: HookCall) => Promise<HookAnswer>;
  readonly warn: (message: string) => void;
  readonly callbackState: (k: number) => Promise<CallbackState>;
  readonly restoreCallback: (saved: { readonly k: number; readonly state: CallbackState }) => Promise<void>;
  readonly batch: (of: { readonly part: Part; readonly indices: Int32Array }) => Promise<Batch>;
  /** Opens a stream anew; gives its number. */
  readonly openStream: (part: Part) => number;
  /** The next batch of a stream; null at its end. */
  readonly nextBatch: (stream: number) => Promise<Batch | null>;
  readonly closeStream: (stream: number) => Promise<void>;
  readonly saveCheckpoint: (checkpoint: { readonly file: Uint8Array; readonly about: CheckpointAbout }) => Promise<void>;
  readonly loadCheckpoint: () => Promise<LoadedCheckpoint | null>;
  /** Takes the model over as training leaves it, also when it ends in an error. */
  readonly takeModel: (state: ModelState) => void;
};

/** What the page asks of the worker. */
export type WorkerService = {
  /** Answers once the worker has loaded. */
  readonly ready: () => void;
  readonly train: (job: Job) => Promise<History>;
  readonly abort: () => void;
};
