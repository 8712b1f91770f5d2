import { StateError } from "../../errors.ts";
import type { Model } from "../../models/model.ts";
import type { History } from "../history.ts";
import type { TrainingData } from "../prepare.ts";
import { makeJob, whatCannotBeSent } from "./job.ts";
import { pageService } from "./page-service.ts";
import { Peer, type Port } from "./peer.ts";
import type { WorkerService } from "./services.ts";

/** The history of the run in a worker; or why there was none. */
export type Elsewhere = { readonly history: History } | { readonly obstacle: string };

/** A worker that may fail to load, or die. */
export interface WorkerLike extends Port {
  addEventListener(type: "message" | "messageerror" | "error", listener: (event: MessageEvent & ErrorEvent) => void): void;
  terminate(): void;
}

const inTraining = new WeakSet<Model>();
let warned = false;

/**
 * Trains in a worker of this page, where training would keep the user waiting.
 * @throws {StateError} when the model is in a worker already, or the worker dies; what training, callbacks, data or store throw.
 */
export function fitInWorker(model: Model, data: TrainingData): Promise<Elsewhere> {
  return fitIn(() => new Worker(new URL("./train-worker.js", import.meta.url), { type: "module" }), model, data);
}

/** The same in the worker that `start` gives, and ends it. */
export async function fitIn(start: () => WorkerLike, model: Model, data: TrainingData): Promise<Elsewhere> {
  if (inTraining.has(model)) {
    throw new StateError(
      `Cannot train model "${model.name}" twice at once: a worker is training it, and its weights would replace what this call learns. Await the first fit.`,
    );
  }
  const obstacle = whatCannotBeSent(model, data.options);
  if (obstacle !== null) return { obstacle };
  inTraining.add(model);
  try {
    return await hire(start, model, data);
  } finally {
    inTraining.delete(model);
  }
}

async function hire(start: () => WorkerLike, model: Model, data: TrainingData): Promise<Elsewhere> {
  let worker: WorkerLike;
  try {
    worker = start();
  } catch (error) {
    return notStarted(error);
  }
  const peer = new Peer<WorkerService>(worker, pageService(model, data));
  let loaded = false;
  const close = (reason: string): void => {
    const dead = `Cannot go on training model "${model.name}": its worker stopped (${reason}). The weights are those of the last hook, or of the start.`;
    peer.close(new StateError(loaded ? dead : reason));
  };
  worker.addEventListener("error", (event) => {
    event.preventDefault(); // the call of fit tells of it; the page need not
    close(event.message || "its file did not load");
  });
  worker.addEventListener("messageerror", () => close("a message could not be read"));
  try {
    await peer.call("ready");
    loaded = true;
    return { history: await train(peer, model, data) };
  } catch (error) {
    if (loaded) throw error;
    return notStarted(error);
  } finally {
    worker.terminate();
  }
}

async function train(peer: Peer<WorkerService>, model: Model, data: TrainingData): Promise<History> {
  const { signal } = data.options;
  const { job, transfer } = await makeJob(model, data);
  const abort = (): void => void peer.call("abort").catch(() => undefined); // a worker that is gone trains no more
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  try {
    return await peer.call("train", job, transfer);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

function notStarted(error: unknown): Elsewhere {
  const reason = error instanceof Error ? error.message : String(error);
  const obstacle = `it could not be started (${reason}). The page must be able to load train-worker.js, which stands beside the library's modules: serve that file or let the bundler find it, and allow it by worker-src in a Content-Security-Policy.`;
  if (!warned) console.warn(`sluice trains on the page itself, not in a worker: ${obstacle}`);
  warned = true;
  return { obstacle };
}
