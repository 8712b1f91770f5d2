import { initOptionsOf } from "../../backend/index.ts";
import { ownTypes } from "../../layers/registry.ts";
import type { Model } from "../../models/model.ts";
import type { HookName } from "../callbacks/callback.ts";
import type { CompileSpec } from "../compile.ts";
import type { BatchStream, Dataset, NumericArray } from "../dataset.ts";
import type { FitOptions } from "../fit-options.ts";
import type { TrainingData } from "../prepare.ts";
import { ArrayDataset, isDataset } from "../source.ts";
import { buffersOf, readState } from "./model-state.ts";
import type { Job, PlainOptions, SentExamples } from "./services.ts";

const HOOKS: readonly (HookName | "onNonFinite")[] = [
  "onTrainBegin",
  "onEpochBegin",
  "onBatchBegin",
  "onBatchEnd",
  "onEpochEnd",
  "onTrainEnd",
  "onNonFinite",
];

/** What keeps a model and its options from being sent to another thread, as the end of a sentence; null when nothing does. */
export function whatCannotBeSent(model: Model, options: FitOptions): string | null {
  if (model.compileSpec === null) return "a loss is a function, which cannot be sent. Use a loss by name.";
  for (const layer of model.layers) {
    const [own] = ownTypes(layer);
    if (own !== undefined) return `layer "${layer.name}" is made of type "${own}", which registerLayer added on the page alone.`;
    if (layer.path !== layer.name || layer.seed !== (layer.options.seed ?? model.seed))
      return `layer "${layer.name}" was built in another model, whose seed and names it keeps.`;
  }
  try {
    structuredClone([model.toConfig(), model.compileSpec, plainOptions(options), options.checkpoint?.metadata]);
    return null;
  } catch (error) {
    return `the model or an option cannot be copied: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

/** A call of fit as plain data, and the memory in it that may be handed over: all of it is copied first. */
export async function makeJob(model: Model, data: TrainingData): Promise<{ job: Job; transfer: ArrayBuffer[] }> {
  const { callbacks = [], checkpoint } = data.options;
  const state = await readState(model);
  const transfer = buffersOf(state);
  const { store: _, ...settings } = checkpoint ?? { store: null };
  const job: Job = {
    backend: initOptionsOf(model.backend),
    config: model.toConfig(),
    compile: model.compileSpec as CompileSpec,
    state,
    examples: sent(data.given.examples, transfer),
    validation: data.given.validation && sent(data.given.validation, transfer),
    options: plainOptions(data.options),
    checkpoint: checkpoint ? settings : null,
    callbacks: callbacks.map((callback) => ({ name: callback.name, hasState: callback.state !== undefined })),
    hooks: HOOKS.filter((hook) => callbacks.some((callback) => callback[hook])),
  };
  return { job, transfer };
}

function plainOptions(options: FitOptions): PlainOptions {
  const { validationData, callbacks, sampleWeight, mask, signal, checkpoint, worker, ...plain } = options;
  void [validationData, callbacks, sampleWeight, mask, signal, checkpoint, worker];
  return plain;
}

function sent(examples: Dataset | BatchStream, transfer: ArrayBuffer[]): SentExamples {
  if (!isDataset(examples)) return { kind: "stream", batches: examples.batches };
  if (!(examples instanceof ArrayDataset)) return { kind: "dataset", length: examples.length };
  const copy = ({ shape, data }: NumericArray): NumericArray => {
    const own = data.slice();
    transfer.push(own.buffer);
    return { shape: [...shape], data: own };
  };
  const { x, y, sampleWeight, mask } = examples.arrays;
  return {
    kind: "arrays",
    arrays: { x: x.map(copy), y: y.map(copy), sampleWeight: sampleWeight && copy(sampleWeight), mask: mask && copy(mask) },
  };
}
