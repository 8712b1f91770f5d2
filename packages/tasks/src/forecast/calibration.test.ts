import { expect, test } from "vitest";
import { gaussians } from "../testing/gaussians.ts";
import { bandsOf, fitBands, intervalAt } from "./calibration.ts";

const LEVELS = [0.1, 0.5, 0.9];
const Z80 = 1.2815515655446004;

test("levels pair up about the median", () => {
  expect(bandsOf([0.05, 0.1, 0.5, 0.9, 0.95]).map(({ lower, upper }) => [lower, upper])).toEqual([
    [0, 4],
    [1, 3],
  ]);
});

test("a band that was learned too narrow is widened to what held, at every level, and keeps its skew", () => {
  const errors = gaussians(4000, 3);
  // The true spread is 2 upwards and 1 downwards; the network learned half of it.
  const quantiles = [-Z80 / 2, 0, Z80];
  const points = Array.from(errors, (z) => ({ actual: z > 0 ? 2 * z : z, quantiles }));
  const bands = fitBands(LEVELS, points);
  for (const [level, z] of [
    [0.5, 0.6744897501960817],
    [0.8, Z80],
    [0.95, 1.959963984540054],
  ] as const) {
    const [low, high] = intervalAt(bands, 1, quantiles, level);
    expect(high).toBeGreaterThan(2 * z * 0.95); // sampling error of 4,000 points
    expect(high).toBeLessThan(2 * z * 1.05);
    expect(low / high).toBeCloseTo(-0.5, 9);
  }
  expect(intervalAt(bands, 1, quantiles, 0)).toEqual([0, 0]);
});

test("with too few errors to measure, other levels follow the normal distribution", () => {
  const bands = fitBands(LEVELS, []);
  expect(intervalAt(bands, 1, [-Z80, 0, Z80], 0.8)[1]).toBeCloseTo(Z80, 6);
  expect(intervalAt(bands, 1, [-Z80, 0, Z80], 0.95)[1]).toBeCloseTo(1.959963984540054, 6);
});

test("wider levels give wider intervals around any learned quantiles", () => {
  const errors = gaussians(500, 9);
  const bands = fitBands(
    [0.1, 0.3, 0.5, 0.7, 0.9],
    Array.from(errors, (actual) => ({ actual, quantiles: [-1, -0.4, 0, 0.5, 1.4] })),
  );
  const widths = [0.2, 0.4, 0.5, 0.8, 0.9, 0.95, 0.99].map((level) => {
    const [low, high] = intervalAt(bands, 2, [-1, -0.4, 0, 0.5, 1.4], level);
    return high - low;
  });
  expect(widths).toEqual([...widths].sort((a, b) => a - b));
});

test("a side that was learned far too narrow does not make the other one absurd", () => {
  // Everything lies 5 above the median, where the learned upper half is 0.01 and the lower one 10.
  const quantiles = [-10, 0, 0.01];
  const points = Array.from({ length: 100 }, () => ({ actual: 5, quantiles }));
  const [low, high] = intervalAt(fitBands([0.1, 0.5, 0.9], points), 1, quantiles, 0.8);
  expect(high).toBeGreaterThanOrEqual(5 - 1e-9); // it holds what it must
  expect(low).toBeGreaterThan(-30); // and the lower end grows with it by a small factor, not by 500
});
