import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileKernels, loadWide } from "../backend/wasm/module.ts";
import { allowRelaxedSimd } from "../backend/wasm/testing/relaxed-simd.ts";
import { restoreWeights, roundWeights, WEIGHT_TYPES, type WeightType } from "../backend/weight-types.ts";
import {
  dense,
  gru,
  init,
  loadModel,
  lstm,
  type Model,
  quantize,
  readSafetensors,
  saveModel,
  sequential,
  simpleRnn,
} from "../index.ts";

await allowRelaxedSimd();

const small: readonly WeightType[] = ["float16", "bfloat16", "int8"];
const finite = fc.float({ noNaN: true, noDefaultInfinity: true, min: -60000, max: 60000 });

describe("rounding weights", () => {
  test.each(small)("%s: rounding what was rounded changes nothing", (type) => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 24 }), fc.integer({ min: 1, max: 4 }), (values, columns) => {
        const whole = values.slice(0, Math.max(columns, values.length - (values.length % columns)));
        while (whole.length % columns !== 0) whole.push(0);
        const once = roundWeights(whole, columns, type);
        const again = roundWeights(restoreWeights(once, type), columns, type);
        expect(again).toEqual(once);
      }),
    );
  });

  test("float16: half a unit in the last place at most, ties to even, small numbers kept", () => {
    const round = (x: number): number => restoreWeights(roundWeights([x], 1, "float16"), "float16")[0] as number;
    expect([1, -2, 65504, 2 ** -24, 2 ** -25, 3 * 2 ** -25, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 0.1].map(round)).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      0,
      2 ** -23,
      1,
      1 + 2 ** -9,
      0.0999755859375,
    ]);
    expect(() => round(70_000)).toThrow(/Cannot keep the weight 70000 as float16: it holds sizes up to 65504/);
    expect(() => round(Number.NaN)).toThrow(/NaN/);
  });

  test("bfloat16: the upper half of float32, ties to even", () => {
    const round = (x: number): number => restoreWeights(roundWeights([x], 1, "bfloat16"), "bfloat16")[0] as number;
    expect([1, -2, 1 / 3, 1 + 2 ** -8, 1 + 3 * 2 ** -8].map(round)).toEqual([1, -2, 0.333984375, 1, 1 + 2 ** -6]);
  });

  test("int8: half a scale at most, the scale the column's largest over 127", () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 6, maxLength: 6 }), (values) => {
        const rounded = roundWeights(values, 2, "int8");
        restoreWeights(rounded, "int8").forEach((value, k) => {
          const column = values.filter((_, i) => i % 2 === k % 2);
          const largest = Math.max(...column.map(Math.abs));
          expect(Math.abs(value - (values[k] as number))).toBeLessThanOrEqual((largest / 254) * 1.0001 + 2 ** -100);
        });
      }),
    );
    expect(() => roundWeights([1, Number.POSITIVE_INFINITY], 1, "int8")).toThrow(/Infinity as int8: it holds any finite number/);
  });
});

function nets(backend: "wasm" | "reference"): Model[] {
  const head = () => dense({ units: 3, biasInitializer: "randomNormal" });
  const options = { inputShape: [null, 7], biasInitializer: "randomNormal" as const };
  return [
    sequential([lstm({ units: 33, ...options }), head()], { backend }),
    sequential([gru({ units: 70, ...options }), head()], { backend }),
    sequential([gru({ units: 13, resetAfter: false, ...options }), head()], { backend }),
    sequential([simpleRnn({ units: 9, ...options }), head()], { backend }),
  ];
}
const steps = Array.from({ length: 5 }, (_, t) => Float32Array.from({ length: 7 }, (_, k) => Math.sin(t * 7 + k)));

describe("quantized models", () => {
  // 16-bit weights are exact in float32 products; int8 products round what they read to 16 bits: 2⁻¹⁶ of its largest number.
  test.each<[WeightType, number]>([
    ["float16", 2e-6],
    ["bfloat16", 2e-6],
    ["int8", 2e-4],
  ])("%s kernels give what the rounded weights give in float64", (weights, tolerance) => {
    const fast = nets("wasm").map((net) => net.stream({ weights }));
    const exact = nets("reference").map((net) => net.stream({ weights }));
    for (const x of steps) {
      fast.forEach((stream, k) => {
        const expected = (exact[k] as (typeof exact)[0]).push(x);
        stream.push(x).forEach((value, j) => void expect(Math.abs(value - (expected[j] as number))).toBeLessThan(tolerance));
      });
    }
  });

  test("every build of the kernels agrees; whole numbers to the last bit", async () => {
    await loadWide();
    const variants = (["simd", "relaxed", "wide"] as const).filter((variant) => compileKernels(variant, false) !== null);
    const sums = new Set<string>();
    for (const variant of variants) {
      await init({ variant });
      for (const weights of WEIGHT_TYPES) {
        const exact = nets("reference").map((net) => net.stream({ weights }));
        nets("wasm").forEach((net, k) => {
          const stream = net.stream({ weights });
          for (const x of steps) {
            const expected = (exact[k] as (typeof exact)[0]).push(x);
            const output = stream.push(x);
            output.forEach((value, j) => void expect(Math.abs(value - (expected[j] as number))).toBeLessThan(2e-4));
          }
        });
      }
      const whole = sequential([dense({ units: 50, useBias: false, inputShape: [null, 300] }), dense({ units: 2 })], {
        backend: "wasm",
      });
      sums.add(String(whole.stream({ weights: "int8" }).push(Float32Array.from({ length: 300 }, (_, k) => Math.sin(k)))));
    }
    expect(sums.size).toBe(1); // no product of theirs is fused with a sum
  });

  test.each(small)("%s: saved, loaded and streamed, it is the same model, and smaller", async (type) => {
    for (const net of nets("wasm")) {
      net.compile({ optimizer: "adam", loss: "mse" });
      const rounded = quantize(net, { type });
      expect(rounded.compileSpec).toEqual(net.compileSpec);
      const file = await saveModel(rounded);
      const back = loadModel(file, { backend: "wasm" });
      expect(back.weightType).toBe(type);
      expect(await back.weights()).toEqual(await rounded.weights());
      expect(Buffer.compare(await saveModel(back), file)).toBe(0);
      const [a, b, c] = [back.stream(), rounded.stream(), net.stream({ weights: type })];
      expect(a.weights).toBe(type);
      for (const x of steps) {
        const output = a.push(x).slice();
        expect(b.push(x)).toEqual(output);
        expect(c.push(x)).toEqual(output);
      }
    }
    const large = sequential([lstm({ units: 128, inputShape: [null, 64] })], { backend: "wasm" });
    const ratio = (await saveModel(quantize(large, { type }))).length / (await saveModel(large)).length;
    expect(ratio).toBeLessThan(type === "int8" ? 0.28 : 0.53);
  });

  test("files hold what they say: I8 with scales, F16, BF16", async () => {
    const [net] = nets("wasm") as [Model];
    const { metadata, tensors } = readSafetensors(await saveModel(quantize(net, { type: "int8" })));
    expect(metadata.get("sluice.weights")).toBe("int8");
    expect(tensors.get("lstm/kernel")?.data).toBeInstanceOf(Int8Array);
    expect(tensors.get("@scale/lstm/kernel")?.shape).toEqual([4 * 33]);
    expect(tensors.get("lstm/bias")?.data).toBeInstanceOf(Float32Array);
  });

  test("a quantized file with a scale missing, of another shape or not finite is refused", async () => {
    const { writeSafetensors } = await import("../formats/safetensors/safetensors.ts");
    const [net] = nets("wasm") as [Model];
    const content = readSafetensors(await saveModel(quantize(net, { type: "int8" })));
    const withScale = (data: Float32Array | null): Uint8Array => {
      const tensors = new Map(content.tensors);
      tensors.delete("@scale/lstm/kernel");
      if (data) tensors.set("@scale/lstm/kernel", { shape: [data.length], data });
      return writeSafetensors({ metadata: content.metadata, tensors });
    };
    expect(() => loadModel(withScale(null))).toThrow(/has no scales/);
    expect(() => loadModel(withScale(new Float32Array(3).fill(1)))).toThrow(/has no scales/);
    expect(() => loadModel(withScale(new Float32Array(4 * 33).fill(Number.NaN)))).toThrow(/is NaN/);
  });
});
