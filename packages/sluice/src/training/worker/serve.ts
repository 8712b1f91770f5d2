import { init } from "../../backend/index.ts";
import { modelFromConfig } from "../../models/from-config.ts";
import type { Callback, CallbackContext, HookName } from "../callbacks/callback.ts";
import type { CheckpointStore } from "../checkpoint-store.ts";
import type { BatchStream, Dataset, NumericArray } from "../dataset.ts";
import type { History } from "../history.ts";
import { ArrayDataset } from "../source.ts";
import { buffersOf, readState, writeState } from "./model-state.ts";
import { Peer, type Port } from "./peer.ts";
import type { Job, PageService, Part, SentExamples, WorkerService } from "./services.ts";

type Page = Peer<PageService>;

/** The worker's side: trains what the page sends, and asks the page for what has stayed there. */
export function serve(port: Port): void {
  const aborting = new AbortController();
  const service: WorkerService = {
    ready: () => undefined,
    abort: () => aborting.abort(),
    train: (job) => train(job, page, aborting.signal),
  };
  const page: Page = new Peer(port, service);
}

async function train(job: Job, page: Page, signal: AbortSignal): Promise<History> {
  const { config, state, backend, checkpoint } = job;
  await init(backend);
  const weights = (path: string): NumericArray["data"] => (state.weights.get(path) as NumericArray).data;
  const model = modelFromConfig(config, { weights, ...(backend.backend && { backend: backend.backend }) });
  model.compile(job.compile);
  writeState(model, state);
  try {
    return await model.fit(received(job.examples, "training", page), {
      ...job.options,
      ...(job.validation && { validationData: received(job.validation, "validation", page) }),
      ...(checkpoint && { checkpoint: { ...checkpoint, store: storeOf(page) } }),
      callbacks: callbacksOf(job, page),
      signal,
    });
  } finally {
    const left = await readState(model);
    await page.call("takeModel", left, buffersOf(left));
  }
}

function received(sent: SentExamples, part: Part, page: Page): Dataset | BatchStream {
  switch (sent.kind) {
    case "arrays":
      return new ArrayDataset(sent.arrays);
    case "dataset":
      return { length: sent.length, batch: (indices) => page.call("batch", { part, indices }) };
    case "stream":
      return {
        ...(sent.batches !== undefined && { batches: sent.batches }),
        async *[Symbol.asyncIterator]() {
          const stream = await page.call("openStream", part);
          try {
            for (;;) {
              const batch = await page.call("nextBatch", stream);
              if (batch === null) return;
              yield batch;
            }
          } finally {
            await page.call("closeStream", stream);
          }
        },
      };
  }
}

function storeOf(page: Page): CheckpointStore {
  return {
    save: (file, about) => page.call("saveCheckpoint", { file, about }, [file.buffer as ArrayBuffer]),
    load: () => page.call("loadCheckpoint"),
  };
}

/** One for each of the page's callbacks, with what it remembers; the first has the hooks of them all. */
function callbacksOf({ callbacks, hooks }: Job, page: Page): Callback[] {
  const run = async (hook: HookName | "onNonFinite", context: CallbackContext, report = ""): Promise<void> => {
    const { model, epoch, step, logs, resumed } = context;
    const state = await readState(model);
    const call = { hook, at: { epoch, step, logs, resumed }, report, state };
    const { stop, changed } = await page.call("runHook", call, buffersOf(state));
    if (changed) writeState(model, changed);
    if (stop !== null) context.stop(stop);
  };
  const listening: Callback = {
    ...Object.fromEntries(hooks.map((hook) => [hook, (context: CallbackContext, report?: string) => run(hook, context, report)])),
    onWarning: (message) => void page.call("warn", message),
  };
  return callbacks.map(({ name, hasState }, k) => ({
    ...(k === 0 && listening),
    ...(name !== undefined && { name }),
    ...(hasState && {
      state: () => page.call("callbackState", k),
      restore: (state) => page.call("restoreCallback", { k, state }),
    }),
  }));
}
