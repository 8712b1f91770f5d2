import type { NumericArray } from "../dataset.ts";
import type { Callback } from "./callback.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";

/** Options of `earlyStopping`. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without improvement that are borne. Default 0. */
  readonly patience?: number;
  /** The first epoch must beat this. */
  readonly baseline?: number;
  /** Puts the weights of the best epoch back when training ends. Default false, as in Keras. */
  readonly restoreBestWeights?: boolean;
  /** Epochs before this one are not judged. Default 0. */
  readonly startFromEpoch?: number;
}

/**
 * Stops when what it monitors has not improved for more than `patience` epochs. Rules and defaults are Keras 3's.
 * @example await model.fit(x, y, { validationSplit: 0.2, callbacks: [earlyStopping({ patience: 5, restoreBestWeights: true })] });
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const { patience = 0, baseline = null, restoreBestWeights = false, startFromEpoch = 0 } = options;
  const monitor = new Monitor("earlyStopping", options, null);
  const target = new Monitor("earlyStopping", options, baseline);
  let waited = 0;
  let bestEpoch: number | null = null;
  let bestWeights: ReadonlyMap<string, NumericArray> | null = null;
  return {
    name: "earlyStopping",
    onTrainBegin({ resumed }) {
      if (resumed) return;
      waited = 0;
      bestEpoch = null;
      bestWeights = null;
      monitor.best = null;
    },
    async onEpochEnd({ model, epoch, logs, stop }) {
      if (epoch < startFromEpoch) return;
      const value = monitor.read(logs);
      waited++;
      const better = monitor.improves(value);
      if (restoreBestWeights && (better || !bestWeights)) bestWeights = await model.weights();
      if (better) {
        monitor.best = value;
        bestEpoch = epoch;
        if (target.improves(value)) waited = 0; // with a baseline, only what beats it restarts the wait
        return;
      }
      if (waited >= patience && epoch > 0) {
        stop(
          `earlyStopping: ${monitor.name} has not improved for ${waited} epochs, its best was ${monitor.best} in epoch ${bestEpoch}`,
        );
      }
    },
    onTrainEnd({ model }) {
      if (bestWeights) model.setWeights(bestWeights);
    },
    state: () => ({ data: { waited, bestEpoch, best: monitor.best }, ...(bestWeights && { arrays: bestWeights }) }),
    restore({ data, arrays }) {
      const saved = data as { waited: number; bestEpoch: number | null; best: number | null };
      ({ waited, bestEpoch } = saved);
      monitor.best = saved.best;
      bestWeights = arrays && arrays.size > 0 ? arrays : null;
    },
  };
}
