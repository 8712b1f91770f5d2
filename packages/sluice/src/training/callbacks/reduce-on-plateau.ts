import type { Callback } from "./callback.ts";
import { Monitor, type MonitorOptions } from "./monitor.ts";

/** Options of `reduceLROnPlateau`. */
export interface ReduceOnPlateauOptions extends MonitorOptions {
  /** New learning rate = old · factor. Default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement before it is reduced. Default 10. */
  readonly patience?: number;
  /** Epochs after a reduction that are not counted. Default 0. */
  readonly cooldown?: number;
  /** It never falls below this. Default 0. */
  readonly minLearningRate?: number;
}

/**
 * Lowers the learning rate when what it monitors stands still. Rules and defaults are Keras 3's (minDelta 1e-4).
 * @example callbacks: [reduceLROnPlateau({ monitor: "valLoss", factor: 0.5, patience: 3 })]
 */
export function reduceLROnPlateau(options: ReduceOnPlateauOptions = {}): Callback {
  const { factor = 0.1, patience = 10, cooldown = 0, minLearningRate = 0 } = options;
  const monitor = new Monitor("reduceLROnPlateau", { minDelta: 1e-4, ...options });
  let waited = 0;
  let resting = 0;
  return {
    name: "reduceLROnPlateau",
    onTrainBegin({ resumed }) {
      if (resumed) return;
      waited = 0;
      resting = 0;
      monitor.best = null;
    },
    onEpochEnd({ model: { optimizer }, logs }) {
      const value = monitor.read(logs);
      if (resting > 0) {
        resting--;
        waited = 0;
      }
      if (monitor.improves(value)) {
        monitor.best = value;
        waited = 0;
        return;
      }
      if (resting > 0) return;
      if (++waited < patience) return;
      const now = optimizer.learningRate();
      if (now <= minLearningRate) return;
      optimizer.learningRateScale *= Math.max(now * factor, minLearningRate) / now;
      resting = cooldown;
      waited = 0;
    },
    state: () => ({ data: { waited, resting, best: monitor.best } }),
    restore({ data }) {
      const saved = data as { waited: number; resting: number; best: number | null };
      ({ waited, resting } = saved);
      monitor.best = saved.best;
    },
  };
}
