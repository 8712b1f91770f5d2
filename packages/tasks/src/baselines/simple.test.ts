import { describe, expect, test } from "vitest";
import { drift, mean, naive, seasonalNaive } from "./simple.ts";
import type { BaselineSeries } from "./types.ts";

const series = (values: number[]): BaselineSeries => ({
  id: "s",
  values,
  train: { from: 0, to: values.length },
  validation: { from: values.length, to: values.length },
});
const _ = Number.NaN;

describe("simple baselines", () => {
  const s = series([2, 4, 9, 3, 5, 10, 4]);

  test("naive repeats the last value", () => {
    expect([...naive(s, 3)(7)]).toEqual([4, 4, 4]);
    expect([...naive(s, 2)(3)]).toEqual([9, 9]);
  });

  test("seasonal naive repeats the last season, also beyond one season", () => {
    expect([...seasonalNaive(s, 7, 3)(7)]).toEqual([5, 10, 4, 5, 10, 4, 5]);
    expect([...seasonalNaive(s, 2, 1)(7)]).toEqual([4, 4]);
  });

  test("drift continues the line from the first to the last value", () => {
    expect([...drift(series([1, 7, 2, 4]), 3)(4)]).toEqual([5, 6, 7]);
    expect([...drift(series([3]), 2)(1)]).toEqual([3, 3]);
  });

  test("mean is the mean of all rows before the origin, in whatever order origins come", () => {
    const forecast = mean(s, 1);
    const at = [7, 3, 4, 1].map((origin) => forecast(origin)[0]);
    expect(at).toEqual([37 / 7, 5, 18 / 4, 2]);
  });

  test("nothing at or after the origin is read", () => {
    for (const make of [naive, drift, mean, (x: BaselineSeries, h: number) => seasonalNaive(x, h, 3)]) {
      expect(make(series([2, 4, 9, 3, -1e9, 1e9]), 2)(4)).toEqual(make(series([2, 4, 9, 3]), 2)(4));
    }
  });

  test("missing values are looked past", () => {
    const holes = series([_, 2, 4, _, 6, _]);
    expect([...naive(holes, 1)(6)]).toEqual([6]);
    expect([...seasonalNaive(holes, 2, 2)(6)]).toEqual([6, 2]); // row 4, then row 5 → 3 → 1
    expect([...drift(holes, 2)(6)]).toEqual([6 + (2 * 4) / 3, 6 + (3 * 4) / 3]);
    expect([...mean(holes, 1)(6)]).toEqual([4]);
    expect(() => naive(holes, 1)(1)).toThrow(/series "s" from row 1: it has no value before/);
  });
});
