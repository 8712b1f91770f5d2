import { saveModel } from "../../formats/safetensors/save-model.ts";
import type { Callback } from "./callback.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";

/** Options of `modelCheckpoint`. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /** Saves only when what it monitors is the best so far. Default false: after every epoch. */
  readonly saveBestOnly?: boolean;
  /** Texts to keep in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Hands the model file to `save` after epochs. For a run that can be killed and resumed give fit a `checkpoint` instead.
 * @example callbacks: [modelCheckpoint((bytes) => writeFile("best.safetensors", bytes), { saveBestOnly: true })]
 */
export function modelCheckpoint(
  save: (bytes: Uint8Array, at: { readonly epoch: number; readonly value: number | null }) => void | Promise<void>,
  options: ModelCheckpointOptions = {},
): Callback {
  const { saveBestOnly = false, metadata = {} } = options;
  const monitor = new Monitor("modelCheckpoint", options);
  return {
    name: "modelCheckpoint",
    onTrainBegin({ resumed }) {
      if (!resumed) monitor.best = null;
    },
    async onEpochEnd({ model, epoch, logs }) {
      if (saveBestOnly && !monitor.improves(monitor.read(logs))) return;
      const value = logs[monitor.name] ?? null;
      if (value !== null && monitor.improves(value)) monitor.best = value;
      await save(await saveModel(model, { metadata }), { epoch, value });
    },
    state: () => ({ data: { best: monitor.best } }),
    restore({ data }) {
      monitor.best = (data as { best: number | null }).best;
    },
  };
}
