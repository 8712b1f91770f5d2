import { describe, expect, test } from "vitest";
import { originMatrix } from "../metrics/origin-matrix.ts";
import { gaussians } from "../testing/gaussians.ts";
import { type EchoCase, echoTest } from "./echo.ts";

const HORIZON = 6;
const origins = Array.from({ length: 200 }, (_, i) => 200 + i);

/** Forecasts `forecast(origin, h)` for 200 origins of a series. */
function caseOf(values: Float64Array, forecast: (origin: number, h: number) => number): EchoCase {
  const predicted = originMatrix(origins.length, HORIZON);
  origins.forEach((origin, o) => {
    for (let h = 0; h < HORIZON; h++) predicted.values[o * HORIZON + h] = forecast(origin, h);
  });
  return { values, origins, predicted };
}

/** A random walk, forecast as an LSTM forecasts it: the last value, shrunk a little to the mean, with some noise. */
function randomWalk(seed: number): EchoCase {
  const steps = gaussians(410, seed);
  const noise = gaussians(410 * HORIZON, seed + 1000);
  let level = 0;
  const values = steps.map((step) => (level += step));
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return caseOf(values, (o, h) => mean + 0.99 * (values[o - 1]! - mean) + 0.1 * noise[o * HORIZON + h]!);
}

/** A season with noise, forecast by the season itself, imperfectly. */
function seasonal(seed: number): EchoCase {
  const [e, f] = [gaussians(420, seed), gaussians(420 * HORIZON, seed + 1000)];
  const period = 7 + (seed % 18);
  const signal = (t: number) => 10 * Math.sin((2 * Math.PI * t) / period) + 0.01 * t;
  const values = e.map((noise, t) => signal(t) + 2 * noise);
  return caseOf(values, (o, h) => signal(o + h) + f[o * HORIZON + h]!);
}

describe("echo test", () => {
  test("finds at least 95 % of 50 echoes of random walks, and clears at least 95 % of 50 good seasonal forecasts", () => {
    const seeds = Array.from({ length: 50 }, (_, i) => i + 1);
    const found = seeds.filter((seed) => echoTest([randomWalk(seed)]).isEcho).length;
    const blamed = seeds.filter((seed) => echoTest([seasonal(seed)]).isEcho).length;
    expect(found).toBeGreaterThanOrEqual(48);
    expect(blamed).toBeLessThanOrEqual(2);
  });

  test("says it in a sentence with the figures", () => {
    const verdict = echoTest([randomWalk(3)]);
    expect(verdict.bestLag).toBe(1);
    expect(verdict.sentence).toMatch(
      /^This model is an echo: correlation with the value one step earlier (0\.99\d|1\.000), with the actual value 0\.\d+, skill over the last value [+−]?\d\.\d %\.$/,
    );
    expect(echoTest([seasonal(3)])).toMatchObject({ isEcho: false, bestLag: 0 });
    expect(echoTest([seasonal(3)]).sentence).toMatch(/^No echo: /);
  });

  test("does not depend on the unit or the level of a series, and pools many", () => {
    const plain = randomWalk(5);
    const moved = (one: EchoCase): EchoCase => ({
      ...one,
      values: Float64Array.from(one.values, (v) => 1e4 + 50 * v),
      predicted: { ...one.predicted, values: one.predicted.values.map((v) => 1e4 + 50 * v) },
    });
    const [a, b] = [echoTest([plain]), echoTest([moved(plain)])];
    for (const [h, step] of a.steps.entries()) expect(b.steps[h]!.withLast!).toBeCloseTo(step.withLast!, 8);
    expect(echoTest([plain, moved(randomWalk(6)), moved(randomWalk(7))]).isEcho).toBe(true);
    expect(echoTest([seasonal(1), moved(seasonal(2))]).isEcho).toBe(false);
  });

  test("a poor forecast that does not repeat the last value is poor, but no echo", () => {
    const walk = randomWalk(9);
    const running = caseOf(walk.values as Float64Array, (o) => walk.values[o - 150]!);
    expect(echoTest([running])).toMatchObject({ isEcho: false });
    expect(echoTest([running]).steps[0]!.skill).toBeLessThan(0);
  });

  test("constants and gaps give a sentence, not NaN", () => {
    expect(echoTest([caseOf(new Float64Array(420).fill(3), () => 3)])).toMatchObject({ isEcho: false, bestLag: null });
    expect(echoTest([caseOf(randomWalk(1).values as Float64Array, () => 0)]).sentence).toMatch(/does not change from origin/);
    const holes = randomWalk(2);
    (holes.values as Float64Array)[250] = Number.NaN;
    expect(echoTest([holes]).isEcho).toBe(true);
    expect(echoTest([]).sentence).toMatch(/nothing to compare/);
  });
});
