import { describe, expect, test } from "vitest";
import { getBackend } from "../../backend/index.ts";
import { sequential } from "../../models/sequential.ts";
import { RandomStream } from "../../random/philox.ts";
import { dense } from "../dense.ts";
import type { RecurrentLayer } from "../recurrent-layer.ts";
import { weightOf } from "../testing/recurrent-samples.ts";
import { indRnn } from "./ind-rnn.ts";

const largest = (layer: RecurrentLayer): number => Math.max(...weightOf(layer, "recurrentKernel").dataSync().map(Math.abs));

describe("longestSequence", () => {
  test("bounds u where it starts", () => {
    const wide = { type: "randomUniform", min: -9, max: 9 } as const;
    const layer = indRnn({ units: 50, longestSequence: 10, recurrentInitializer: wide });
    layer.build([[null, null, 2]], { backend: getBackend("reference") });
    const u = [...weightOf(layer, "recurrentKernel").dataSync()];
    expect(largest(layer)).toBe(2 ** (1 / 10));
    expect(Math.min(...u)).toBe(-(2 ** (1 / 10)));
    expect(u.some((value) => Math.abs(value) < 1)).toBe(true);
  });

  /** A target that grows with every step: without a bound u grows past 1. */
  async function trained(longestSequence: number | null): Promise<number> {
    const [B, T] = [16, 8];
    const random = new RandomStream({ seed: 4, stream: 9, step: 0 });
    const x = Float32Array.from({ length: B * T }, () => random.normal());
    const y = Float32Array.from({ length: B }, (_, b) => 6 * Math.abs(x[b * T] as number));
    const layer = indRnn({ units: 6, longestSequence, inputShape: [T, 1] });
    const model = sequential([layer, dense({ units: 1 })], { seed: 2 });
    model.compile({ optimizer: { type: "adam", learningRate: 0.05 }, loss: "mse" });
    await model.fit({ data: x, shape: [B, T, 1] }, { data: y, shape: [B, 1] }, { epochs: 40, batchSize: 16 });
    return largest(layer);
  }
  test("and where training moves it", async () => {
    const bound = 2 ** (1 / 8);
    expect(await trained(null)).toBeGreaterThan(bound * 1.01);
    expect(await trained(8)).toBeLessThanOrEqual(Math.fround(bound));
  });
  test("is a whole number, and the one bound of u", () => {
    expect(() => indRnn({ units: 2, longestSequence: 0 })).toThrow(/longestSequence 0/);
    expect(() => indRnn({ units: 2, longestSequence: 5, recurrentConstraint: "nonNegative" })).toThrow(/one of the two/);
  });
});
