import { describe, expect, test } from "vitest";
import type { LossSpec } from "../losses/losses.ts";
import { type MetricSpec, makeMetric } from "./metrics.ts";

function over(
  spec: MetricSpec,
  actual: number[],
  predicted: number[],
  options: { shape?: number[]; actualShape?: number[]; weights?: number[]; loss?: LossSpec } = {},
): number {
  const metric = makeMetric(spec, options.loss ?? null);
  metric.update({
    actual: Float64Array.from(actual),
    predicted: Float64Array.from(predicted),
    actualShape: options.actualShape ?? [actual.length, 1],
    predictedShape: options.shape ?? [predicted.length, 1],
    weights: options.weights ? Float64Array.from(options.weights) : null,
  });
  return metric.result();
}

describe("metrics", () => {
  test("errors are means over what was seen, weight 0 left out", () => {
    expect(over("mae", [1, 2, 3], [2, 2, 5])).toBeCloseTo(1);
    expect(over("rmse", [0, 0], [3, 4])).toBeCloseTo(Math.sqrt(12.5));
    expect(over("mae", [1, Number.NaN], [2, 7], { weights: [1, 0] })).toBe(1);
    expect(over("smape", [0, 100], [0, 50])).toBeCloseTo((0 + (200 * 50) / 150) / 2);
    expect(over("mape", [50], [60])).toBeCloseTo(20);
    expect(over("r2", [1, 2, 3, 4], [1, 2, 3, 4])).toBe(1);
    expect(over("r2", [1, 2, 3, 4], [2.5, 2.5, 2.5, 2.5])).toBeCloseTo(0);
  });

  test("they add up over batches", () => {
    const metric = makeMetric("r2");
    const batch = (actual: number[], predicted: number[]) => ({
      actual: Float64Array.from(actual),
      predicted: Float64Array.from(predicted),
      actualShape: [actual.length, 1],
      predictedShape: [actual.length, 1],
      weights: null,
    });
    metric.update(batch([1, 5], [1.5, 4]));
    metric.update(batch([2, 9, 4], [2, 8, 5]));
    expect(metric.result()).toBeCloseTo(over("r2", [1, 5, 2, 9, 4], [1.5, 4, 2, 8, 5]), 12);
    metric.reset();
    expect(metric.result()).toBeNaN();
  });

  test("accuracy reads classes as the loss means them", () => {
    expect(over("accuracy", [1, 0, 1], [0.9, 0.6, 0.2], { loss: "binaryCrossentropy" })).toBeCloseTo(1 / 3);
    expect(over("accuracy", [1, 0], [0.2, -0.2], { loss: { type: "binaryCrossentropy", fromLogits: true } })).toBe(1);
    const scores = [0.1, 0.7, 0.2, 0.5, 0.3, 0.2];
    expect(over("accuracy", [1, 2], scores, { shape: [2, 3], actualShape: [2], loss: "sparseCategoricalCrossentropy" })).toBe(
      0.5,
    );
    expect(
      over("accuracy", [0, 1, 0, 0, 0, 1], scores, { shape: [2, 3], actualShape: [2, 3], loss: "categoricalCrossentropy" }),
    ).toBe(0.5);
    expect(
      over({ type: "topKCategoricalAccuracy", k: 2 }, [0, 0, 1, 0, 1, 0], scores, { shape: [2, 3], actualShape: [2, 3] }),
    ).toBe(1);
  });

  test("precision, recall and f1 count the positive class", () => {
    const actual = [1, 1, 1, 0, 0];
    const predicted = [0.9, 0.8, 0.1, 0.7, 0.2];
    expect(over("precision", actual, predicted)).toBeCloseTo(2 / 3);
    expect(over("recall", actual, predicted)).toBeCloseTo(2 / 3);
    expect(over("f1", actual, predicted)).toBeCloseTo(2 / 3);
    expect(over("precision", [1], [0.1])).toBe(0);
  });

  test("an unknown one is named", () => {
    expect(() => makeMetric("aucc" as MetricSpec)).toThrow(/metrics are mse/);
  });
});
