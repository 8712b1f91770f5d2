import { ValueError } from "../../errors.ts";
import type { Callback } from "./callback.ts";

/**
 * Sets the learning rate at the start of each epoch. Schedules by step belong to the optimizer: `learningRate: { type: … }`.
 * @param schedule from the epoch (from 0) and the present learning rate to the new one.
 * @throws {ValueError} from fit, when it gives anything but a positive number.
 * @example callbacks: [learningRateScheduler((epoch, learningRate) => (epoch < 10 ? learningRate : learningRate * 0.9))]
 */
export function learningRateScheduler(schedule: (epoch: number, learningRate: number) => number): Callback {
  return {
    name: "learningRateScheduler",
    onEpochBegin({ model: { optimizer }, epoch }) {
      const now = optimizer.learningRate();
      const next = schedule(epoch, now);
      if (!(next > 0 && Number.isFinite(next))) {
        throw new ValueError(`learningRateScheduler gave ${next} for epoch ${epoch}: a learning rate is a positive number.`);
      }
      if (next !== now) optimizer.learningRateScale *= next / now;
    },
  };
}
