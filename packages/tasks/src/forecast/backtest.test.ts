import { describe, expect, test } from "vitest";
import { gaussians } from "../testing/gaussians.ts";
import { days, tableOf } from "../testing/tables.ts";
import { backtest } from "./backtest.ts";

const noise = gaussians(500, 8);
const rows = 200;
const y = Array.from({ length: rows }, (_, t) => 30 + 10 * Math.sin((2 * Math.PI * t) / 7) + noise[t]!);
const table = tableOf("shop.csv", { time: days(rows), y });
const small = { target: "y", horizon: 4, units: 4, epochs: 2, windowLength: 14 };

describe("backtest", () => {
  test("scores the folds it says, and the whole is their mean", async () => {
    const result = await backtest(table, { ...small, windows: 3, step: 6 });
    const iso = (row: number) => new Date(Date.UTC(2020, 0, 1 + row)).toISOString().slice(0, 10);
    expect(result.folds.map(({ from, to }) => [from, to])).toEqual([184, 190, 196].map((row) => [iso(row), iso(row + 3)]));
    for (const kind of ["naive", "ridge"] as const) {
      const means = result.folds.map(({ metrics }) => metrics.baselines[kind]!.mae!);
      expect(result.metrics.baselines[kind]!.mae).toBeCloseTo(means.reduce((a, b) => a + b) / 3, 9);
    }
    const last = y.slice(192, 196).at(-1)!;
    const naive = y.slice(196).reduce((sum, value) => sum + Math.abs(Math.fround(value) - Math.fround(last)), 0) / 4;
    expect(result.folds[2]!.metrics.baselines.naive!.mae).toBeCloseTo(naive, 9);
    expect(result.horizonTable.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(Object.keys(result.horizonTable[0]!.scores)).toEqual(["model", "naive", "seasonalNaive", "drift", "mean", "ridge"]);
    const bySteps = result.horizonTable.map(({ scores }) => scores.ridge!);
    expect(bySteps.reduce((a, b) => a + b) / 4).toBeCloseTo(result.metrics.baselines.ridge!.mase!, 9);
    expect(result.worstSeries).toEqual([{ series: "", mase: expect.closeTo(result.metrics.model.mase!, 9) }]);
    expect(result.verdict.sentences).toHaveLength(3);
  });

  test("what comes after an origin changes nothing before it", async () => {
    const changed = tableOf("shop.csv", { time: days(rows), y: y.map((value, t) => (t >= 196 ? 900 : value)) });
    const options = { ...small, windows: 2, step: 4 };
    const [one, other] = [await backtest(table, options), await backtest(changed, options)];
    expect(other.folds[0]!.metrics).toEqual(one.folds[0]!.metrics);
    expect(other.folds[1]!.metrics).not.toEqual(one.folds[1]!.metrics);
  });

  test("with refit the last fold is trained on everything before it", async () => {
    const once = await backtest(table, { ...small, windows: 2, step: 30 });
    const anew = await backtest(table, { ...small, windows: 2, step: 30, refit: true });
    expect(anew.folds[0]).toEqual(once.folds[0]);
    expect(anew.folds[1]!.metrics.baselines.ridge!.mae).not.toBe(once.folds[1]!.metrics.baselines.ridge!.mae);
    expect(anew.refit).toBe(true);
  });

  test("several series: the hardest first", async () => {
    const both = Array.from({ length: 2 * rows }, (_, i) => i);
    const stores = tableOf("stores.csv", {
      time: both.map((i) => Date.UTC(2020, 0, 1 + (i % rows))),
      store: both.map((i) => (i < rows ? "calm" : "wild")),
      y: both.map((i) => (i < rows ? y[i]! : y[i - rows]! + (i >= 2 * rows - 8 ? 40 * noise[i]! : 0))),
    });
    const { worstSeries, folds } = await backtest(stores, { ...small, series: "store", windows: 2 });
    expect(worstSeries.map(({ series }) => series)).toEqual(["wild", "calm"]);
    expect(folds).toHaveLength(2);
  });

  test("a series that is too short is refused in rows, with what would fit", async () => {
    const short = tableOf("short.csv", { time: days(31), y: y.slice(0, 31) });
    await expect(backtest(short, { target: "y", horizon: 6, windows: 4 })).rejects.toThrow(
      "short.csv: the series has 31 rows; horizon 6 with 4 backtest windows needs at least 37.\n" +
        "  Use 3 backtest windows (needs 31), a shorter horizon, or a longer history.",
    );
    await expect(backtest(table, { ...small, windows: 0 })).rejects.toThrow("Cannot backtest with windows 0");
  });
});
