import { ValueError } from "../errors.ts";

/**
 * A learning rate that changes with the optimizer's step, as plain data. Names and rules are Keras 3's; `step` counts from 0.
 */
export type LearningRateSchedule =
  | number
  /** initial · rate^(step / decaySteps); with `staircase` the exponent is rounded down. */
  | {
      readonly type: "exponentialDecay";
      readonly initialLearningRate: number;
      readonly decaySteps: number;
      readonly decayRate: number;
      readonly staircase?: boolean;
    }
  /** values[k] while step ≤ boundaries[k]; the last value afterwards. */
  | { readonly type: "piecewiseConstant"; readonly boundaries: readonly number[]; readonly values: readonly number[] }
  /** initial · factor^⌊step / every⌋. */
  | { readonly type: "stepDecay"; readonly initialLearningRate: number; readonly every: number; readonly factor: number }
  /**
   * Half a cosine from initial to alpha·initial over decaySteps [Loshchilov & Hutter 2016]; with `warmupTarget` a line from
   * initial to it over warmupSteps comes first, and the cosine starts from there.
   */
  | {
      readonly type: "cosineDecay";
      readonly initialLearningRate: number;
      readonly decaySteps: number;
      readonly alpha?: number;
      readonly warmupTarget?: number;
      readonly warmupSteps?: number;
    }
  /** Cosine with warm restarts (SGDR): periods grow by tMul (default 2), peaks by mMul (default 1). */
  | {
      readonly type: "cosineDecayRestarts";
      readonly initialLearningRate: number;
      readonly firstDecaySteps: number;
      readonly tMul?: number;
      readonly mMul?: number;
      readonly alpha?: number;
    }
  /**
   * One cycle [Smith & Topin 2017] as in PyTorch: cosine up from max/divFactor (25) to max over the first `warmupShare` (0.3) of
   * totalSteps, cosine down to max/divFactor/finalDivFactor (1e4).
   */
  | {
      readonly type: "oneCycle";
      readonly maxLearningRate: number;
      readonly totalSteps: number;
      readonly warmupShare?: number;
      readonly divFactor?: number;
      readonly finalDivFactor?: number;
    };

const halfCosine = (from: number, to: number, share: number): number => to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;

/** The learning rate at `step`. @throws {ValueError} for an unknown schedule or boundaries that do not fit the values. */
export function learningRateAt(schedule: LearningRateSchedule, step: number): number {
  if (typeof schedule === "number") return schedule;
  switch (schedule.type) {
    case "exponentialDecay": {
      const exponent = step / schedule.decaySteps;
      return schedule.initialLearningRate * schedule.decayRate ** (schedule.staircase ? Math.floor(exponent) : exponent);
    }
    case "piecewiseConstant": {
      const { boundaries, values } = schedule;
      if (values.length !== boundaries.length + 1) {
        throw new ValueError(
          `Cannot use a piecewise schedule with ${boundaries.length} boundaries and ${values.length} values: there is one value more than boundaries.`,
        );
      }
      const piece = boundaries.findIndex((boundary) => step <= boundary);
      return values[piece < 0 ? values.length - 1 : piece] as number;
    }
    case "stepDecay":
      return schedule.initialLearningRate * schedule.factor ** Math.floor(step / schedule.every);
    case "cosineDecay": {
      const { initialLearningRate: initial, decaySteps, alpha = 0, warmupTarget, warmupSteps = 0 } = schedule;
      const peak = warmupTarget ?? initial;
      if (warmupTarget !== undefined && step < warmupSteps) return initial + (warmupTarget - initial) * (step / warmupSteps);
      const after = warmupTarget === undefined ? step : step - warmupSteps;
      return halfCosine(peak, alpha * peak, Math.min(after, decaySteps) / decaySteps);
    }
    case "cosineDecayRestarts": {
      const { initialLearningRate: initial, firstDecaySteps, tMul = 2, mMul = 1, alpha = 0 } = schedule;
      let period = firstDecaySteps;
      let peak = initial;
      let into = step;
      while (into >= period) {
        into -= period;
        period *= tMul;
        peak *= mMul;
      }
      return alpha * initial + (1 - alpha) * halfCosine(peak, 0, into / period);
    }
    case "oneCycle": {
      const { maxLearningRate: top, totalSteps, warmupShare = 0.3, divFactor = 25, finalDivFactor = 1e4 } = schedule;
      const start = top / divFactor;
      const up = warmupShare * totalSteps - 1;
      const down = totalSteps - 1;
      if (step <= up) return halfCosine(start, top, up > 0 ? step / up : 1);
      return halfCosine(top, start / finalDivFactor, Math.min(1, (step - up) / (down - up)));
    }
    default:
      throw new ValueError(
        `Cannot use learning-rate schedule ${JSON.stringify(schedule)}: schedules are a number, exponentialDecay, piecewiseConstant, stepDecay, cosineDecay, cosineDecayRestarts and oneCycle.`,
      );
  }
}
