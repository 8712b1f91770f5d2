import { describe, expect, test } from "vitest";
import { getBackend, init } from "../backend/index.ts";
import { dense, gru, lstm } from "../layers/index.ts";
import { sequential } from "../models/sequential.ts";
import { tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import { integratedGradients, occlusion } from "./attribution.ts";
import { leaky, random } from "./testing/samples.ts";

await init({ backend: "wasm" });
const float64 = getBackend("reference");
const [B, T, I, H] = [2, 5, 3, 4];

describe("integratedGradients", () => {
  test.each(["reference", "wasm"] as const)("adds up to f(x) − f(baseline) (%s)", (name) => {
    const model = sequential([lstm({ units: H, seed: 1 }), dense({ units: 3 })], { backend: name });
    const x = random([B, T, I], 11, name);
    for (const baseline of [0, random([B, T, I], 12, name)]) {
      const { attributions, value, baselineValue, gap } = integratedGradients(model, x, { output: 2, baseline, steps: 100 });
      expect(attributions.shape).toEqual([B, T, I]);
      const outputs = model.forward(x)[0]!.dataSync();
      expectClose(value, [outputs[2]!, outputs[5]!], { atol: 1e-12 });
      for (let b = 0; b < B; b++) {
        const total = attributions.data.slice(b * T * I, (b + 1) * T * I).reduce((a, c) => a + c, 0);
        expect(Math.abs(total - (value[b]! - baselineValue[b]!))).toBeLessThan(1e-4);
        expect(gap[b]).toBeCloseTo(total - (value[b]! - baselineValue[b]!), 12);
      }
    }
  });

  test("is exact for a linear function, and nearer with more steps", () => {
    const x = random([2, 3, 1], 13);
    const { attributions, gap } = integratedGradients(leaky(0.5), x, { steps: 1 });
    expectClose(
      attributions.data,
      x.dataSync().map((v, k) => v * 0.5 ** (2 - (k % 3))),
      { rtol: 1e-12 },
    );
    expectClose(gap, [0, 0], { atol: 1e-14 });
    const model = sequential([gru({ units: H }), dense({ units: 1 })], { backend: "reference" });
    const gapAt = (steps: number): number => Math.abs(integratedGradients(model, random([1, T, I], 1), { steps }).gap[0]!);
    expect(gapAt(40) * 10).toBeLessThan(gapAt(10)); // the midpoint rule gains a factor of 16
  });

  test("asks which output, and for a baseline that fits", () => {
    const model = sequential([gru({ units: H })], { backend: "reference" });
    const x = random([1, T, I], 1);
    expect(() => integratedGradients(model, x)).toThrow(/has 4 numbers. Choose one/);
    expect(() => integratedGradients(model, x, { output: 4 })).toThrow(/from 0 to 3/);
    expect(() => integratedGradients(model, x, { output: 0, steps: 0 })).toThrow(/whole number/);
    expect(() => integratedGradients(model, x, { output: 0, baseline: random([1, 1, I], 1) })).toThrow(/baseline of shape/);
  });
});

describe("occlusion", () => {
  test("is what each window adds to a linear unit", () => {
    const x = tensor([[[1], [2], [4], [8]]], [1, 4, 1], { backend: float64 });
    expect(occlusion(leaky(0.5), x)).toEqual({
      starts: [0, 1, 2, 3],
      drops: { shape: [1, 4], data: [0.125, 0.5, 2, 8] },
      value: [10.625],
    });
    expect(occlusion(leaky(0.5), x, { window: 2, stride: 2, baseline: 2 }).drops.data).toEqual([-0.125, 7]);
    expect(() => occlusion(leaky(0.5), x, { window: 5 })).toThrow(/must fit/);
  });
});
