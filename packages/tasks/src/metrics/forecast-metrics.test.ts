import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluateForecast } from "./evaluate.ts";
import { bias, mae, mape, mase, mse, originLosses, r2, rmse, seasonalNaiveScale, smape } from "./forecast-metrics.ts";
import { actualsAt, originMatrix, stackOrigins } from "./origin-matrix.ts";
import {
  coverage,
  intervalScore,
  intervalWidth,
  meanPinball,
  pinball,
  quantileAt,
  weightedQuantileLoss,
} from "./quantile-metrics.ts";

// Two origins of two steps, worked by hand: errors −1, 2, 0, −4.
const actual = originMatrix(2, 2, Float64Array.of(1, 4, 5, 0));
const predicted = originMatrix(2, 2, Float64Array.of(2, 2, 5, 4));

describe("point metrics", () => {
  test("agree with hand-worked values, overall and for each step", () => {
    expect(mae(actual, predicted)).toEqual({ value: 7 / 4, byStep: [0.5, 3], used: 4, leftOut: 0 });
    expect(mse(actual, predicted).value).toBe(21 / 4);
    expect(rmse(actual, predicted).byStep).toEqual([Math.sqrt(0.5), Math.sqrt(10)]);
    expect(bias(actual, predicted).value).toBe(3 / 4);
    expect(smape(actual, predicted).value).toBeCloseTo((2 * (1 / 3 + 2 / 6 + 0 + 4 / 4)) / 4, 12);
    expect(mape(actual, predicted)).toMatchObject({ value: (1 + 0.5 + 0) / 3, used: 3, leftOut: 1 });
    expect(r2(actual, predicted).value).toBeCloseTo(1 - 21 / (1 + 16 + 25 - 100 / 4), 12);
  });

  test("sMAPE counts 0 against 0 as no error", () => {
    const zeros = originMatrix(1, 2);
    expect(smape(zeros, zeros).value).toBe(0);
  });

  test("missing actual values are left out and counted; a missing forecast is not excused", () => {
    const holes = originMatrix(2, 2, Float64Array.of(1, Number.NaN, 5, Number.NaN));
    expect(mae(holes, predicted)).toEqual({ value: 0.5, byStep: [0.5, Number.NaN], used: 2, leftOut: 2 });
    expect(mae(actual, originMatrix(2, 2, Float64Array.of(Number.NaN, 0, 0, 0))).value).toBeNaN();
  });

  test("R² is 1 for the truth, 0 for the mean, not defined for a constant", () => {
    expect(r2(actual, actual).value).toBe(1);
    expect(r2(actual, originMatrix(2, 2, new Float64Array(4).fill(2.5))).value).toBeCloseTo(0, 12);
    expect(r2(originMatrix(1, 2, Float64Array.of(3, 3)), originMatrix(1, 2)).value).toBeNaN();
  });

  test("other shapes are refused with both shapes", () => {
    expect(() => mae(actual, originMatrix(1, 2))).toThrow(/2 origins of 2 steps, the forecasts 1 of 2/);
  });
});

describe("MASE", () => {
  test("the scale is the seasonal-naive error inside the training part", () => {
    expect(seasonalNaiveScale([1, 3, 2, 7], 1)).toBe((2 + 1 + 5) / 3);
    expect(seasonalNaiveScale([1, 3, 2, 7], 2)).toBe((1 + 4) / 2);
    expect(seasonalNaiveScale([1, Number.NaN, 2, 7], 1)).toBe(5);
    expect(seasonalNaiveScale([1], 1)).toBeNaN();
  });

  test("is 1 for the naive forecast of the training part itself", () => {
    const values = [3, 8, 1, 9, 4];
    const origins = [1, 2, 3, 4];
    const score = mase(
      actualsAt(values, origins, 1),
      originMatrix(4, 1, Float64Array.of(3, 8, 1, 9)),
      seasonalNaiveScale(values, 1),
    );
    expect(score.value).toBeCloseTo(1, 12);
  });

  test("origins with a scale of 0 are left out and counted", () => {
    expect(mase(actual, predicted, [0, 2])).toMatchObject({ value: (0 + 4 / 2) / 2, used: 2, leftOut: 2 });
    expect(mase(actual, predicted, 0).value).toBeNaN();
  });

  test("does not change when the unit of the series changes", () => {
    const value = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 6, maxLength: 12 }),
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        (y, factor) => {
          const scale = seasonalNaiveScale(y, 1);
          fc.pre(scale > 1e-3);
          const [a, p] = [
            originMatrix(1, 3, Float64Array.from(y.slice(0, 3))),
            originMatrix(1, 3, Float64Array.from(y.slice(3, 6))),
          ];
          const times = (matrix: typeof a) => ({ ...matrix, values: matrix.values.map((v) => v * factor) });
          expect(mase(times(a), times(p), scale * factor).value).toBeCloseTo(mase(a, p, scale).value, 6);
        },
      ),
    );
  });
});

test("the loss of an origin is the scaled absolute error over its horizon", () => {
  expect([...originLosses(actual, predicted)]).toEqual([1.5, 2]);
  expect([...originLosses(actual, predicted, [3, 0])]).toEqual([0.5, Number.NaN]);
});

test("actual values past the end of a series are missing, and matrices stack", () => {
  const tail = actualsAt([1, 2, 3], [1, 2], 2);
  expect([...tail.values]).toEqual([2, 3, 3, Number.NaN]);
  expect(stackOrigins([tail, actual]).origins).toBe(4);
  expect(() => stackOrigins([tail, originMatrix(1, 3)])).toThrow(/horizons differ/);
});

describe("quantile metrics", () => {
  const levels = [0.1, 0.5, 0.9];
  const quantiles = { origins: 2, horizon: 1, levels, values: Float64Array.of(0, 1, 2, 10, 20, 30) };
  const y = originMatrix(2, 1, Float64Array.of(3, 20));

  test("pinball is not doubled: at 0.5 it is half the MAE", () => {
    expect(pinball(y, quantileAt(quantiles, 0.5), 0.5).value).toBe(mae(y, quantileAt(quantiles, 0.5)).value / 2);
    expect(pinball(y, quantileAt(quantiles, 0.9), 0.9).value).toBeCloseTo((0.9 * 1 + 0.1 * 10) / 2, 12);
  });

  test("the weighted quantile loss is twice the pinball sum over the sum of sizes", () => {
    const sums = levels.map((q) => pinball(y, quantileAt(quantiles, q), q).value * 2);
    const expected = sums.map((sum) => (2 * sum) / 23).reduce((a, b) => a + b, 0) / 3;
    expect(weightedQuantileLoss(y, quantiles).value).toBeCloseTo(expected, 12);
    expect(meanPinball(y, quantiles).value).toBeCloseTo(sums.reduce((a, b) => a + b, 0) / 6, 12);
  });

  test("coverage, width and interval score by hand", () => {
    const [lower, upper] = [quantileAt(quantiles, 0.1), quantileAt(quantiles, 0.9)];
    expect(coverage(y, lower, upper).value).toBe(0.5);
    expect(intervalWidth(y, lower, upper).value).toBe(11);
    expect(intervalScore(y, lower, upper, 0.8).value).toBeCloseTo((2 + 10 * 1 + 20) / 2, 12);
    expect(() => intervalScore(y, lower, upper, 80)).toThrow(/between 0 and 1/);
  });

  test("an unknown level names the known ones", () => {
    expect(() => quantileAt(quantiles, 0.25)).toThrow(/0\.1, 0\.5, 0\.9/);
  });

  test("pinball at level q is smallest at the q-quantile", () => {
    const sample = originMatrix(
      99,
      1,
      Float64Array.from({ length: 99 }, (_, i) => i + 1),
    );
    const loss = (guess: number) => pinball(sample, originMatrix(99, 1, new Float64Array(99).fill(guess)), 0.25).value;
    const best = Array.from({ length: 99 }, (_, i) => i + 1).reduce((a, b) => (loss(b) < loss(a) ? b : a));
    expect(best).toBe(25);
  });

  test("evaluateForecast gathers them as plain data that JSON carries", () => {
    const metrics = evaluateForecast({ actual: y, predicted: quantileAt(quantiles, 0.5), quantiles, scale: 2 });
    expect(metrics).toMatchObject({ mae: 1, mase: 0.5, bias: -1, used: 2, missing: 0 });
    expect(metrics.intervals).toEqual([{ level: 0.8, coverage: 0.5, width: 11, score: expect.closeTo(16, 9) }]);
    expect(metrics.quantileCoverage).toEqual([
      { level: 0.1, below: 0 },
      { level: 0.5, below: 0.5 },
      { level: 0.9, below: 0.5 },
    ]);
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics);
    expect(evaluateForecast({ actual: y, predicted: y, scale: 0 })).toMatchObject({ mase: null, pinball: null, intervals: [] });
  });
});
