import { describe, expect, test } from "vitest";
import { gaussians } from "../testing/gaussians.ts";
import { compareLosses } from "./compare-losses.ts";
import { studentT } from "./student-t.ts";

describe("Student's t", () => {
  test.each([
    [12.706, 1, 0.05],
    [2.228, 10, 0.05],
    [3.169, 10, 0.01],
    [1.96, 1e6, 0.05],
    [0, 5, 1],
  ])("t = %d with %d degrees of freedom has p = %d", (t, degrees, p) => {
    expect(studentT(t, degrees)).toBeCloseTo(p, 4); // printed tables give four digits
    expect(studentT(-t, degrees)).toBe(studentT(t, degrees));
  });

  test("with one degree of freedom it is Cauchy's:   p = 1 − 2/π atan |t|", () => {
    for (const t of [0.1, 1, 7, 300]) expect(studentT(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 10);
  });
});

describe("Diebold–Mariano", () => {
  test("with no overlap it is the paired t-test", () => {
    const a = [3, 5, 4, 6, 8, 2, 7, 9, 4, 6];
    const b = [2, 5, 3, 4, 7, 3, 5, 8, 4, 4];
    // d = 1 0 1 2 1 −1 2 1 0 2: mean 0.9, sample sd 0.99443, t = 0.9 / (0.99443 / √10) = 2.8620, 9 degrees
    const result = compareLosses(a, b, { overlap: 1 });
    expect(result.difference).toBeCloseTo(0.9, 12);
    expect(result.pValue).toBeCloseTo(studentT(2.862, 9), 4);
    expect(result.winShare).toBeCloseTo(0.2, 12); // one win, two ties
  });

  test("rejects equal accuracy of equal methods about one time in twenty", () => {
    let rejected = 0;
    for (let trial = 0; trial < 400; trial++) {
      const e = gaussians(203, trial + 1);
      const d = Array.from({ length: 200 }, (_, t) => e[t]! + e[t + 1]! + e[t + 2]! + e[t + 3]!); // overlap 4
      const p = compareLosses(d, new Float64Array(200), { overlap: 4 }).pValue;
      if (p !== null && p < 0.05) rejected++;
    }
    expect(rejected / 400).toBeGreaterThan(0.02); // 0.05 ± 3 standard errors of 400 trials, and the test's own small excess
    expect(rejected / 400).toBeLessThan(0.1);
  });

  test("overlapping horizons make it more careful, and borders of series stop them", () => {
    const e = gaussians(303, 5);
    const d = Array.from({ length: 300 }, (_, t) => e[t]! + e[t + 1]! + e[t + 2]! + e[t + 3]! + 0.6);
    const zeros = new Float64Array(300);
    const naive = compareLosses(d, zeros, { overlap: 1 }).pValue!;
    const careful = compareLosses(d, zeros, { overlap: 4 }).pValue!;
    expect(careful).toBeGreaterThan(naive);
    const each = compareLosses(d, zeros, { overlap: 4, series: d.map((_, t) => t) }).pValue!; // every origin its own series
    expect(Math.abs(each - naive)).toBeLessThan(0.2 * naive + 1e-3);
  });

  test("too few origins give no p-value, and unscored ones are passed over", () => {
    expect(compareLosses([1, 2, 3], [2, 3, 4], { overlap: 1 })).toEqual({
      difference: -1,
      origins: 3,
      winShare: 1,
      pValue: null,
    });
    const a = [Number.NaN, ...new Array(10).fill(1)];
    expect(compareLosses(a, new Array(11).fill(2), { overlap: 1 })).toMatchObject({ origins: 10, pValue: 0 });
    expect(() => compareLosses([1], [1, 2], { overlap: 1 })).toThrow(/same origins/);
  });
});
