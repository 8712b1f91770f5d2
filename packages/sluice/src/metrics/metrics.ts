import type { HostArray } from "../backend/backend.ts";
import { ShapeError, ValueError } from "../errors.ts";
import type { LossSpec } from "../losses/losses.ts";
import { type Shape, showShape, sizeOf } from "../tensor/shape.ts";

/** Metrics by name; `MetricSpec` defines them. */
export type MetricName =
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "rootMeanSquaredError"
  | "meanAbsolutePercentageError"
  | "symmetricMeanAbsolutePercentageError"
  | "r2"
  | "accuracy"
  | "binaryAccuracy"
  | "categoricalAccuracy"
  | "sparseCategoricalAccuracy"
  | "topKCategoricalAccuracy"
  | "precision"
  | "recall"
  | "f1";

/** Short names of metrics. */
export type MetricAlias = "mse" | "mae" | "rmse" | "mape" | "smape" | "acc";

const aliases: Readonly<Record<string, MetricName>> = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  rmse: "rootMeanSquaredError",
  mape: "meanAbsolutePercentageError",
  smape: "symmetricMeanAbsolutePercentageError",
  acc: "accuracy",
};

/**
 * A metric as plain data.
 * - accuracy: binary, categorical or sparse, by the loss and the shapes · binary threshold ½ (of probabilities; 0 for logits)
 * - mape, smape: in percent; smape = 200·|e| / (|actual| + |predicted|), 0/0 = 0
 * - r2: 1 − Σe² / Σ(actual − mean)², over all values seen
 * - precision, recall, f1: of the positive class, threshold ½
 * - topKCategoricalAccuracy: k default 5
 */
export type MetricSpec =
  | MetricName
  | MetricAlias
  | { readonly type: Exclude<MetricName, "topKCategoricalAccuracy"> }
  | { readonly type: "topKCategoricalAccuracy"; readonly k?: number };

/** One batch on the host. Weights count examples or steps: their shape is a prefix of the targets'. */
export interface MetricBatch {
  readonly actual: HostArray;
  readonly predicted: HostArray;
  readonly actualShape: Shape;
  readonly predictedShape: Shape;
  readonly weights: HostArray | null;
}

/** A number over everything seen since `reset`. */
export interface Metric {
  /** As it is called in logs and history: "mae", "accuracy". */
  readonly name: string;
  reset(): void;
  update(batch: MetricBatch): void;
  /** NaN before anything was seen. */
  result(): number;
  /** The running sums: a checkpoint taken within an epoch carries them. */
  state(): readonly number[];
  /** Continues from what `state` gave. */
  restore(sums: readonly number[]): void;
}

/** @param loss helps "accuracy" choose its kind. @throws {ValueError} for an unknown name. */
export function makeMetric(given: MetricSpec, loss: LossSpec | null = null): Metric {
  const name = typeof given === "string" ? given : given.type;
  const type = aliases[name] ?? (name as MetricName);
  switch (type) {
    case "meanSquaredError":
      return meanOf(name, (y, p) => (y - p) ** 2);
    case "meanAbsoluteError":
      return meanOf(name, (y, p) => Math.abs(y - p));
    case "rootMeanSquaredError":
      return meanOf(name, (y, p) => (y - p) ** 2, Math.sqrt);
    case "meanAbsolutePercentageError":
      return meanOf(name, (y, p) => (100 * Math.abs(y - p)) / Math.max(Math.abs(y), 1e-7));
    case "symmetricMeanAbsolutePercentageError":
      return meanOf(name, (y, p) => (y === p ? 0 : (200 * Math.abs(y - p)) / (Math.abs(y) + Math.abs(p))));
    case "r2":
      return r2(name);
    case "accuracy":
      return accuracyByShape(name, loss);
    case "binaryAccuracy":
      return binaryAccuracy(name, 0.5);
    case "categoricalAccuracy":
      return classAccuracy(name, "oneHot", 1);
    case "sparseCategoricalAccuracy":
      return classAccuracy(name, "numbers", 1);
    case "topKCategoricalAccuracy":
      return classAccuracy(name, "oneHot", typeof given === "object" && "k" in given ? (given.k ?? 5) : 5);
    case "precision":
    case "recall":
    case "f1":
      return positives(name, type);
    default:
      throw new ValueError(
        `Cannot use metric ${JSON.stringify(given)}: metrics are mse, mae, rmse, mape, smape, r2, accuracy, binaryAccuracy, categoricalAccuracy, ` +
          "sparseCategoricalAccuracy, topKCategoricalAccuracy, precision, recall and f1.",
      );
  }
}

/** Calls `see` for each element with its weight; weights of a prefix shape repeat over the rest. Weight 0 is not seen. */
function eachElement({ actual, predicted, weights }: MetricBatch, see: (y: number, p: number, w: number) => void): void {
  if (actual.length !== predicted.length) {
    throw new ShapeError(
      `Cannot compare ${actual.length} targets with ${predicted.length} predictions: a metric over elements needs as many of both.`,
    );
  }
  const repeat = weights ? actual.length / weights.length : 1;
  for (let k = 0; k < actual.length; k++) {
    const w = weights ? (weights[Math.floor(k / repeat)] as number) : 1;
    if (w !== 0) see(actual[k] as number, predicted[k] as number, w);
  }
}

type Update = (sums: number[], batch: MetricBatch) => void;

/** A metric whose whole memory is `size` running sums. */
function metricOf(name: string, size: number, update: Update, result: (sums: readonly number[]) => number): Metric {
  const sums = new Array<number>(size).fill(0);
  return {
    name,
    reset: () => void sums.fill(0),
    update: (batch) => update(sums, batch),
    result: () => result(sums),
    state: () => [...sums],
    restore: (saved) => void sums.splice(0, size, ...saved),
  };
}

const ratio = ([total = 0, weight = 0]: readonly number[]): number => total / weight;

/** Adds Σ w·term to the first sum and Σ w to the second. */
function addTerms(term: (y: number, p: number) => number): Update {
  return (sums, batch) => {
    let [total = 0, weight = 0] = sums;
    eachElement(batch, (y, p, w) => {
      total += w * term(y, p);
      weight += w;
    });
    sums[0] = total;
    sums[1] = weight;
  };
}

function meanOf(name: string, term: (y: number, p: number) => number, finish: (mean: number) => number = (m) => m): Metric {
  return metricOf(name, 2, addTerms(term), (sums) => finish(ratio(sums)));
}

function r2(name: string): Metric {
  const update: Update = (sums, batch) => {
    let [weight = 0, mean = 0, spread = 0, error = 0] = sums; // spread = Σ w (y − mean)², kept by Welford's update
    eachElement(batch, (y, p, w) => {
      weight += w;
      const before = y - mean;
      mean += (w / weight) * before;
      spread += w * before * (y - mean);
      error += w * (y - p) ** 2;
    });
    sums.splice(0, 4, weight, mean, spread, error);
  };
  return metricOf(name, 4, update, ([, , spread = 0, error = 0]) => 1 - error / spread);
}

/** Whether prediction and target lie on one side of their thresholds. */
function addBinaryHits(threshold: number): Update {
  return addTerms((y, p) => (p > threshold === y > 0.5 ? 1 : 0));
}

function binaryAccuracy(name: string, threshold: number): Metric {
  return metricOf(name, 2, addBinaryHits(threshold), ratio);
}

function accuracyByShape(name: string, loss: LossSpec | null): Metric {
  const type = loss === null ? null : typeof loss === "string" ? loss : loss.type;
  const fromLogits = typeof loss === "object" && loss !== null && "fromLogits" in loss && loss.fromLogits === true;
  const choose = ({ actualShape, predictedShape }: MetricBatch): Update => {
    const classes = predictedShape.at(-1) ?? 1;
    if (type === "binaryCrossentropy" || classes === 1) return addBinaryHits(fromLogits ? 0 : 0.5);
    const numbers = type === "sparseCategoricalCrossentropy" || sizeOf(actualShape) * classes === sizeOf(predictedShape);
    return addClassHits(name, numbers ? "numbers" : "oneHot", 1);
  };
  return metricOf(name, 2, (sums, batch) => choose(batch)(sums, batch), ratio);
}

function classAccuracy(name: string, targets: "oneHot" | "numbers", k: number): Metric {
  return metricOf(name, 2, addClassHits(name, targets, k), ratio);
}

/** Counts rows whose class is among the `k` best scores; targets are one-hot rows or class numbers. */
function addClassHits(name: string, targets: "oneHot" | "numbers", k: number): Update {
  return (sums, { actual, predicted, actualShape, predictedShape, weights }) => {
    const classes = predictedShape.at(-1) ?? 1;
    const rows = predicted.length / classes;
    if (actual.length !== (targets === "oneHot" ? predicted.length : rows)) {
      throw new ShapeError(
        `Cannot compute ${name} of targets ${showShape(actualShape)} and predictions ${showShape(predictedShape)}: give ${targets === "oneHot" ? "one-hot rows" : "one class number a row"}.`,
      );
    }
    let [hits = 0, weight = 0] = sums;
    const repeat = weights ? rows / weights.length : 1;
    for (let row = 0; row < rows; row++) {
      const w = weights ? (weights[Math.floor(row / repeat)] as number) : 1;
      const scores = predicted.subarray(row * classes, (row + 1) * classes);
      const truth =
        targets === "numbers" ? (actual[row] as number) : largest(actual.subarray(row * classes, (row + 1) * classes));
      hits += rankOf(scores, truth) < k ? w : 0;
      weight += w;
    }
    sums[0] = hits;
    sums[1] = weight;
  };
}

function largest(values: HostArray): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if ((values[k] as number) > (values[best] as number)) best = k;
  return best;
}

/** How many scores beat the one at `index`; among equals the first wins. */
function rankOf(scores: HostArray, index: number): number {
  const own = scores[index];
  if (own === undefined) return scores.length;
  let rank = 0;
  for (let k = 0; k < scores.length; k++) {
    const score = scores[k] as number;
    if (score > own || (score === own && k < index)) rank++;
  }
  return rank;
}

function positives(name: string, type: "precision" | "recall" | "f1"): Metric {
  const update: Update = (sums, batch) => {
    let [hit = 0, called = 0, real = 0] = sums;
    eachElement(batch, (y, p, w) => {
      if (y > 0.5) real += w;
      if (p > 0.5) called += w;
      if (y > 0.5 && p > 0.5) hit += w;
    });
    sums.splice(0, 3, hit, called, real);
  };
  return metricOf(name, 3, update, ([hit = 0, called = 0, real = 0]) => {
    if (type === "f1") return called + real === 0 ? 0 : (2 * hit) / (called + real);
    const of = type === "precision" ? called : real;
    return of === 0 ? 0 : hit / of;
  });
}
