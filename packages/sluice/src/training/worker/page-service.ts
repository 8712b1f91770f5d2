import { StateError } from "../../errors.ts";
import type { Model } from "../../models/model.ts";
import type { CallbackState } from "../callbacks/callback.ts";
import type { Batch, BatchStream, Dataset } from "../dataset.ts";
import type { TrainingData } from "../prepare.ts";
import { readState, sameState, writeState } from "./model-state.ts";
import type { HookAnswer, HookCall, PageService, Part } from "./services.ts";

/** The page's side of a run in a worker: its model, callbacks, checkpoint store and data that gives its own batches. */
export function pageService(model: Model, { given, options }: TrainingData): PageService {
  const { callbacks = [], checkpoint } = options;
  const { compiled } = model;
  const parts: Readonly<Record<Part, Dataset | BatchStream | null>> = { training: given.examples, validation: given.validation };
  const streams: AsyncIterator<Batch>[] = [];

  async function runHook({ hook, at, report, state }: HookCall): Promise<HookAnswer> {
    writeState(model, state);
    let stopped: string | null = null;
    const stop = (reason: string): void => {
      stopped ??= reason;
    };
    for (const callback of callbacks) await callback[hook]?.({ ...at, model, stop }, report);
    if (model.compiled !== compiled) {
      throw new StateError(
        `Cannot compile model "${model.name}" in ${hook}: it trains in a worker, as it was compiled when fit began. Give fit worker: false.`,
      );
    }
    const after = await readState(model);
    return { stop: stopped, changed: sameState(state, after) ? null : after };
  }

  return {
    runHook,
    warn: (message) => {
      for (const callback of callbacks) callback.onWarning?.(message);
    },
    callbackState: async (k) => (await callbacks[k]?.state?.()) as CallbackState,
    restoreCallback: async ({ k, state }) => callbacks[k]?.restore?.(state),
    batch: async ({ part, indices }) => (parts[part] as Dataset).batch(indices),
    openStream: (part) => streams.push((parts[part] as BatchStream)[Symbol.asyncIterator]()) - 1,
    nextBatch: async (stream) => {
      const next = await streams[stream]?.next();
      return next && !next.done ? next.value : null;
    },
    closeStream: async (stream) => void (await streams[stream]?.return?.()),
    saveCheckpoint: async ({ file, about }) => checkpoint?.store.save(file, about),
    loadCheckpoint: async () => (await checkpoint?.store.load()) ?? null,
    takeModel: (state) => writeState(model, state),
  };
}
