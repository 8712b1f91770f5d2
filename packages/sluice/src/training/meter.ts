import type { Metric } from "../metrics/metrics.ts";
import type { Network } from "../models/network.ts";
import { sameShape } from "../tensor/shape.ts";
import type { CheckedBatch } from "./batch.ts";
import type { Compiled } from "./compile.ts";
import type { StepResult } from "./step.ts";

/** Figures of an epoch so far, by name: "loss", "mae", with several outputs also "priceLoss", "priceMae". */
export type Logs = Readonly<Record<string, number>>;

/** Adds up losses (batches weighted by their examples) and metrics. */
export class Meter {
  private readonly metrics: readonly (readonly Metric[])[];
  private readonly outputNames: readonly string[];
  /** Examples, Σ loss · examples, and the same for each output's loss. */
  private sums: number[];

  constructor(network: Network, compiled: Compiled) {
    this.metrics = compiled.makeMetrics();
    this.outputNames = network.outputNames;
    this.sums = this.zeros();
  }

  private zeros(): number[] {
    return new Array<number>(2 + this.outputNames.length).fill(0);
  }

  /** Whether it needs predictions and not the loss alone. */
  get wantsPredictions(): boolean {
    return this.metrics.some((each) => each.length > 0);
  }

  reset(): void {
    this.sums = this.zeros();
    for (const metric of this.metrics.flat()) metric.reset();
  }

  add({ loss, outputLosses, predictions }: StepResult, { y, size }: CheckedBatch): void {
    [1, loss, ...outputLosses].forEach((value, k) => {
      this.sums[k] = (this.sums[k] as number) + value * size;
    });
    this.addPredictions(predictions, y);
  }

  /** The metrics' part of `add`. */
  addPredictions(predictions: StepResult["predictions"], y: CheckedBatch["y"]): void {
    predictions.forEach(({ output, mask }, k) => {
      const target = y[k];
      if (!target) return;
      const actual =
        target.data instanceof Float32Array || target.data instanceof Float64Array ? target.data : Float64Array.from(target.data);
      const masked = mask && sameShape(mask.shape, output.shape.slice(0, 2));
      for (const metric of this.metrics[k] ?? []) {
        metric.update({
          actual,
          predicted: output.data,
          actualShape: target.shape,
          predictedShape: output.shape,
          weights: masked ? mask.data : null,
        });
      }
    });
  }

  logs(): Logs {
    const [examples = 0, loss = 0, ...parts] = this.sums;
    const several = this.outputNames.length > 1;
    const entries: [string, number][] = [["loss", loss / examples]];
    if (several)
      entries.push(...this.outputNames.map((name, k): [string, number] => [`${name}Loss`, (parts[k] ?? 0) / examples]));
    this.metrics.forEach((each, k) => {
      for (const metric of each)
        entries.push([several ? prefixed(this.outputNames[k] ?? "", metric.name) : metric.name, metric.result()]);
    });
    return Object.fromEntries(entries);
  }

  /** Everything it remembers, as numbers. */
  state(): readonly number[] {
    return [...this.sums, ...this.metrics.flat().flatMap((metric) => metric.state())];
  }

  restore(saved: readonly number[]): void {
    let at = this.sums.length;
    this.sums = saved.slice(0, at);
    for (const metric of this.metrics.flat()) {
      const { length } = metric.state();
      metric.restore(saved.slice(at, at + length));
      at += length;
    }
  }
}

/** "val" and "loss" → "valLoss". */
export function prefixed(prefix: string, name: string): string {
  return prefix + name.slice(0, 1).toUpperCase() + name.slice(1);
}
