import { ValueError } from "../../errors.ts";
import type { Logs } from "../meter.ts";

/** What a callback watches. */
export interface MonitorOptions {
  /** A name in the epoch's logs. Default "valLoss". */
  readonly monitor?: string;
  /** Whether less or more is better; "auto" (the default) knows accuracies, scores and the like as more. */
  readonly mode?: "auto" | "min" | "max";
  /** A change below this is none. Default 0; a factor-free difference, as in Keras. */
  readonly minDelta?: number;
}

const MORE_IS_BETTER = /(accuracy|acc|precision|recall|f1|auc|r2)$/i;

/** Compares what is watched with the best so far. */
export class Monitor {
  readonly name: string;
  /** Null before the first value. */
  best: number | null;
  private readonly sign: 1 | -1;
  private readonly minDelta: number;
  private readonly owner: string;

  constructor(
    owner: string,
    { monitor = "valLoss", mode = "auto", minDelta = 0 }: MonitorOptions,
    baseline: number | null = null,
  ) {
    this.owner = owner;
    this.name = monitor;
    this.best = baseline;
    this.sign = mode === "max" || (mode === "auto" && MORE_IS_BETTER.test(monitor)) ? 1 : -1;
    this.minDelta = Math.abs(minDelta);
  }

  /** @throws {ValueError} when the logs do not have it. */
  read(logs: Logs): number {
    const value = logs[this.name];
    if (value === undefined) {
      throw new ValueError(
        `${this.owner} watches "${this.name}", and this run reports ${Object.keys(logs).join(", ")}. Monitor one of these, or give fit validationData.`,
      );
    }
    return value;
  }

  /** Whether `value` beats the best by more than `minDelta`. NaN never does. */
  improves(value: number): boolean {
    return this.best === null ? !Number.isNaN(value) : this.sign * (value - this.best) > this.minDelta;
  }
}
