import { describe, expect, test } from "vitest";
import type { UnaryName } from "../kernels.ts";
import { UNARY } from "../reference/functions.ts";
import { type ElementwiseExports, elementwiseKernels } from "./elementwise.ts";
import { WasmMemory } from "./memory.ts";
import { compileKernels } from "./module.ts";
import { allowRelaxedSimd } from "./testing/relaxed-simd.ts";
import { Alone, type WasmFunctions } from "./threads/team.ts";

await allowRelaxedSimd();

/** Distance of neighbouring float32 numbers around `value`. */
function ulp(value: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), -126);
  return 2 ** (exponent - 23);
}

/** Every 4099th float32 by its bits, with zeros, denormals, infinities and NaN: the whole range, a million numbers. */
function everyKind(): Float32Array {
  const bits = Uint32Array.from({ length: Math.floor(2 ** 32 / 4099) }, (_, i) => i * 4099);
  const special = [0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1e-45, -1e-45, 3.4028235e38];
  return Float32Array.from([...new Float32Array(bits.buffer), ...special]);
}

/** `count` numbers evenly between two bounds, where a function does its work. */
function between(low: number, high: number, count = 200_000): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => low + ((high - low) * i) / count);
}

/** The largest error in ulp; a wrong infinity, NaN or sign of a zero's neighbour counts as infinite. */
function worstError(run: (x: Float32Array) => Float32Array, truth: (x: number) => number, x: Float32Array): [number, number] {
  const got = run(x);
  let worst = 0;
  let at = Number.NaN;
  for (let i = 0; i < x.length; i++) {
    const [value, want] = [got[i] as number, truth(x[i] as number)];
    const rounded = Math.fround(want);
    if (Object.is(value, rounded) || (value === 0 && rounded === 0)) continue;
    const finite = Number.isFinite(value) && Number.isFinite(want);
    const error = finite ? Math.abs(value - want) / ulp(want) : Number.POSITIVE_INFINITY;
    if (error > worst) [worst, at] = [error, x[i] as number];
  }
  return [worst, at];
}

describe.each(["simd", "relaxed"] as const)("vector functions, %s", (variant) => {
  const module = compileKernels(variant, false);
  if (module === null) {
    test.skip("this engine does not know the variant's instructions", () => {});
    return;
  }
  const memory = new WasmMemory();
  const { exports } = new WebAssembly.Instance(module, { env: { memory: memory.wasm } });
  const { unary } = elementwiseKernels(memory, exports as unknown as ElementwiseExports, new Alone(exports as WasmFunctions));
  const run = (name: UnaryName, x: Float32Array): Float32Array =>
    memory.step(() => {
      const out = memory.allocate(x.length);
      unary(name, memory.upload(x), out);
      return memory.readSync(out);
    });

  test.each([
    { name: "exponential", limit: 1.5, low: -104, high: 89 },
    { name: "tanh", limit: 1.5, low: -10, high: 10 },
    { name: "sigmoid", limit: 2, low: -104, high: 20 },
    { name: "log", limit: 1, low: 0, high: 4 },
    { name: "log1p", limit: 2, low: -1, high: 4 },
    { name: "softplus", limit: 2, low: -104, high: 20 },
    { name: "logSigmoid", limit: 2, low: -20, high: 104 },
    { name: "elu", limit: 2.5, low: -10, high: 1 },
    { name: "softsign", limit: 1.5, low: -10, high: 10 },
    { name: "logCosh", limit: 4, low: -4, high: 4 },
  ] as const)("$name is within $limit ulp over the whole float range", ({ name, limit, low, high }) => {
    const of = (x: Float32Array): Float32Array => run(name, x);
    const [wide, wideAt] = worstError(of, UNARY[name].value, everyKind());
    const [near, nearAt] = worstError(of, UNARY[name].value, between(low, high));
    expect(wide, `at ${wideAt}`).toBeLessThanOrEqual(limit);
    expect(near, `at ${nearAt}`).toBeLessThanOrEqual(limit);
  });

  // Near their zeros relative error has no bound in one multiplication, so these are held to an absolute one: a few
  // roundings of numbers around 1, and of |x| where the value grows with it.
  test.each([
    "sin",
    "cos",
    "gelu",
    "silu",
    "mish",
  ] as const)("%s is within 2.5e-7 of the truth, relative to max(1, |x| if it grows)", (name) => {
    for (const x of [everyKind(), between(-20, 20)]) {
      const got = run(name, x);
      for (let i = 0; i < x.length; i++) {
        const [value, want] = [got[i] as number, UNARY[name].value(x[i] as number)];
        if (Number.isFinite(want)) {
          if (!(Math.abs(value - want) <= 2.5e-7 * Math.max(1, Math.abs(want))))
            expect.fail(`${name}(${x[i]}) = ${value}, not ${want}`);
        } else if (!Object.is(value, want)) expect.fail(`${name}(${x[i]}) = ${value}, not ${want}`);
      }
    }
  });
});
