import { describe, expect, test } from "vitest";
import { actualsAt, quantileAt } from "../metrics/index.ts";
import { coverage } from "../metrics/quantile-metrics.ts";
import { gaussians } from "../testing/gaussians.ts";
import { BASELINE_KINDS, baselineForecaster, fitBaseline, forecastOrigins, quantileOfSorted } from "./baseline.ts";
import { accumulate, solveRidge } from "./ridge.ts";
import { ridgeSeries } from "./ridge-features.ts";
import type { BaselineSeries, RidgeLayout } from "./types.ts";
import { originsIn } from "./windows.ts";

function series(values: Float64Array, future?: Float64Array[], id = "s"): BaselineSeries {
  const [a, b] = [Math.floor(values.length * 0.6), Math.floor(values.length * 0.8)];
  return { id, values, future, train: { from: 0, to: a }, validation: { from: a, to: b } };
}

/** y_t = 0.6 y_(t−1) − 0.3 y_(t−2) + 2 u_t + noise; u is known ahead. */
function autoregression(rows: number, noise: number, seed: number): { y: Float64Array; u: Float64Array } {
  const [e, u] = [gaussians(rows, seed), gaussians(rows + 10, seed + 1)];
  const y = new Float64Array(rows);
  for (let t = 2; t < rows; t++) y[t] = 0.6 * y[t - 1]! - 0.3 * y[t - 2]! + 2 * u[t]! + noise * e[t]!;
  return { y, u };
}

describe("ridge regression", () => {
  test("equals a brute-force solve of the same windows", () => {
    const { y, u } = autoregression(60, 1, 3);
    const layout: RidgeLayout = { lags: 3, season: 5, horizon: 2, seasonLag: true, future: [{ mean: 0, std: 1 }] };
    const task = { series: [series(y, [u])], horizon: 2, season: 5 };
    const scale = { id: "s", mean: 0, std: 1 };
    const { origins } = originsIn(task, "train", 5, 1000);
    const solved = solveRidge(accumulate([ridgeSeries(task.series[0]!, scale, layout)], origins, layout), layout, 0.2);
    for (const h of [0, 1]) {
      const rows = origins.map(({ row: o }) => {
        const v = y[o - 1]!;
        return [1, v, y[o - 2]! - v, y[o - 3]! - v, y[o + h - 5]! - v, u[o + h]!, y[o + h]! - v];
      });
      const weights = bruteForce(rows, 0.2);
      const ours = [...solved.shared.slice(h * 4, h * 4 + 4), ...solved.own.slice(h * 2, h * 2 + 2)];
      for (const [i, w] of ours.entries()) expect(w).toBeCloseTo(weights[i]!, 9);
    }
  });

  test("finds known coefficients of a process without noise, and so forecasts exactly", () => {
    const { y, u } = autoregression(600, 0, 5);
    const one = series(y, [u]);
    const model = fitBaseline("ridge", { series: [one], horizon: 1, season: 1, lags: 2 });
    const { mean, std } = model.scales[0]!;
    const { layout, shared, own } = model.ridge!;
    // y' − v = w1 v + w2 (l2 − v) + …, so the plain coefficients are 1 + w1 − w2 on lag 1 and w2 on lag 2.
    expect(1 + shared[1]! - shared[2]!).toBeCloseTo(0.6, 4);
    expect(shared[2]!).toBeCloseTo(-0.3, 4);
    expect((own[0]! * std) / layout.future[0]!.std).toBeCloseTo(2, 4);
    expect(Number.isFinite(mean)).toBe(true);
    const forecast = baselineForecaster(model, one);
    for (const origin of [480, 510, 599]) expect(forecast(origin)[0]).toBeCloseTo(y[origin]!, 3);
  });

  test("a larger penalty leads to the last value", () => {
    const { y } = autoregression(200, 1, 7);
    const layout: RidgeLayout = { lags: 4, season: 1, horizon: 3, seasonLag: false, future: [] };
    const task = { series: [series(y)], horizon: 3, season: 1 };
    const { origins } = originsIn(task, "train", 4, 1000);
    const equations = accumulate([ridgeSeries(task.series[0]!, { id: "s", mean: 0, std: 1 }, layout)], origins, layout);
    const { shared } = solveRidge(equations, layout, 1e9);
    for (const [i, w] of shared.entries()) expect(Math.abs(w)).toBeLessThan(i % 5 === 0 ? 0.1 : 1e-6); // only the constant is free
  });

  test("windows with gaps are passed over and gaps in the lags are carried over when forecasting", () => {
    const { y } = autoregression(300, 0.1, 9);
    y[50] = y[299] = Number.NaN;
    const one = series(y);
    const model = fitBaseline("ridge", { series: [one], horizon: 2, season: 1, lags: 3 });
    expect(model.ridge!.windows - model.ridge!.windowsRead).toBe(3 + 2);
    expect(baselineForecaster(model, one)(300).every(Number.isFinite)).toBe(true);
  });

  test("pools series of different size: a series scaled by 1000 is forecast 1000 times as large", () => {
    const { y } = autoregression(300, 1, 11);
    const both = [
      series(y),
      series(
        y.map((v) => 1000 * v + 5000),
        undefined,
        "large",
      ),
    ];
    const model = fitBaseline("ridge", { series: both, horizon: 3, season: 1 });
    const [small, large] = both.map((one) => baselineForecaster(model, one)(250));
    for (const [h, v] of small!.entries()) expect(large![h]).toBeCloseTo(1000 * v + 5000, 6);
  });

  test("a training part without a window is an error in rows", () => {
    expect(() => fitBaseline("ridge", { series: [series(new Float64Array(10))], horizon: 12, season: 1 })).toThrow(
      /no training part holds \d+ known rows followed by 12/,
    );
  });

  test("a constant series is forecast as that constant", () => {
    const one = series(new Float64Array(100).fill(7));
    for (const kind of BASELINE_KINDS) {
      const model = fitBaseline(kind, { series: [one], horizon: 4, season: 7, levels: [0.1, 0.9] });
      for (const value of forecastOrigins(model, one, [90]).quantiles!.values) expect(value).toBeCloseTo(7, 9);
    }
  });
});

describe("quantiles of every baseline", () => {
  test.each(BASELINE_KINDS)("%s: cover what they promise, and widen with what the method does not know", (kind) => {
    const one = series(autoregression(3000, 1, 21).y);
    const model = fitBaseline(kind, { series: [one], horizon: 3, season: 4, levels: [0.1, 0.5, 0.9] });
    expect(model.errorsFrom).toBe("validation");
    const origins = Array.from({ length: 590 }, (_, i) => 2400 + i);
    const { quantiles } = forecastOrigins(model, one, origins);
    const share = coverage(actualsAt(one.values, origins, 3), quantileAt(quantiles!, 0.1), quantileAt(quantiles!, 0.9)).value;
    expect(share).toBeGreaterThan(0.74); // 80 % ± 4 standard errors of 590 dependent points
    expect(share).toBeLessThan(0.86);
  });

  test("without a validation part they come from the training part, and say so", () => {
    const one = { ...series(autoregression(100, 1, 2).y), validation: { from: 60, to: 60 } };
    expect(fitBaseline("drift", { series: [one], horizon: 3, season: 1, levels: [0.5] }).errorsFrom).toBe("train");
  });

  test("a fitted baseline survives JSON with the same forecasts", () => {
    const one = series(autoregression(200, 1, 4).y);
    const model = fitBaseline("ridge", { series: [one], horizon: 3, season: 4, levels: [0.1, 0.9] });
    const back = JSON.parse(JSON.stringify(model)) as typeof model;
    expect(forecastOrigins(back, one, [150, 170])).toEqual(forecastOrigins(model, one, [150, 170]));
  });

  test("quantiles interpolate between order statistics", () => {
    expect(quantileOfSorted([1, 2, 4], 0.5)).toBe(2);
    expect(quantileOfSorted([1, 2, 4], 0.75)).toBe(3);
    expect(quantileOfSorted([], 0.5)).toBe(0);
  });
});

test("origins are spread evenly over all series, and none leaves its part", () => {
  const task = { series: [series(new Float64Array(100)), series(new Float64Array(50), undefined, "b")], horizon: 4, season: 1 };
  const all = originsIn(task, "train", 3, 1000);
  expect(all.total).toBe(60 - 3 - 4 + 1 + (30 - 3 - 4 + 1));
  expect(all.origins).toHaveLength(all.total);
  for (const { series: s, row } of all.origins) {
    expect(row).toBeGreaterThanOrEqual(3);
    expect(row + 4).toBeLessThanOrEqual([60, 30][s]!);
  }
  expect(originsIn(task, "train", 3, 10).origins).toHaveLength(10);
});

test("a task that makes no sense is refused", () => {
  expect(() => fitBaseline("naive", { series: [], horizon: 1, season: 1 })).toThrow(/at least one/);
  expect(() => fitBaseline("naive", { series: [series(new Float64Array(9))], horizon: 0, season: 1 })).toThrow(/horizon 0/);
});

/** Gauss elimination of (XᵀX/n + λI') w = Xᵀy/n; the last column of each row is y, the first feature is not penalised. */
function bruteForce(rows: number[][], lambda: number): number[] {
  const d = rows[0]!.length - 1;
  const m = Array.from({ length: d }, (_, i) =>
    Array.from({ length: d + 1 }, (_, j) => {
      const sum = rows.reduce((s, row) => s + row[i]! * row[j]!, 0) / rows.length;
      return i === j && i > 0 ? sum + lambda : sum;
    }),
  );
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < d; k++) {
      if (k === i) continue;
      const f = m[k]![i]! / m[i]![i]!;
      for (let j = 0; j <= d; j++) m[k]![j]! -= f * m[i]![j]!;
    }
  }
  return m.map((row, i) => row[d]! / row[i]!);
}
