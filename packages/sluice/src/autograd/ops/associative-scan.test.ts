import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { getBackend } from "../../backend/index.ts";
import { type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import { checkGradients, randomTensor } from "../gradient-check.ts";
import { associativeScan, linearScan, logLinearScan } from "./associative-scan.ts";
import { exp, log, sigmoid } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { concat, reshape, slice } from "./shape.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed: number): Tensor => randomTensor(shape, { seed, like: { backend } });
const factors = (shape: readonly number[], seed: number): Tensor => sigmoid(random(shape, seed));

function byLoop(a: Tensor, b: Tensor, initial: Tensor): number[] {
  const [B, T, W] = a.shape as [number, number, number];
  const [as, bs, h] = [a.dataSync(), b.dataSync(), Array.from(initial.dataSync())];
  const out: number[] = [];
  for (let n = 0; n < B; n++) {
    for (let t = 0; t < T; t++) {
      for (let j = 0; j < W; j++) {
        const k = (n * T + t) * W + j;
        h[n * W + j] = (as[k] as number) * (h[n * W + j] as number) + (bs[k] as number);
        out.push(h[n * W + j] as number);
      }
    }
  }
  return out;
}

describe("associativeScan", () => {
  test("gives every prefix of a product that does not commute, at any length", () => {
    for (let T = 1; T <= 9; T++) {
      const x = random([1, T, 2, 2], T);
      const [found] = associativeScan([x], ([a], [b]) => [joined(a as Tensor, b as Tensor)]) as [Tensor];
      let prefix = slice(x, 0, 1, { axis: 1 });
      const all = [prefix];
      for (let t = 1; t < T; t++) {
        prefix = joined(prefix, slice(x, t, t + 1, { axis: 1 }));
        all.push(prefix);
      }
      expectClose(found.dataSync(), concat(all, { axis: 1 }).dataSync(), { rtol: 1e-12, atol: 1e-12 }, `prefixes of ${T}`);
    }
  });
  /** Matrix products, entry by entry of axes 0 and 1. */
  function joined(a: Tensor, b: Tensor): Tensor {
    const [B, T] = a.shape as [number, number];
    return reshape(matmul(reshape(a, [B * T, 2, 2]), reshape(b, [B * T, 2, 2])), [B, T, 2, 2]);
  }
});

describe("linearScan", () => {
  test("is the loop, at any length, from any state", () => {
    const sizes = fc.record({ B: fc.integer({ min: 1, max: 3 }), T: fc.integer({ min: 1, max: 17 }), seed: fc.nat(1000) });
    fc.assert(
      fc.property(sizes, ({ B, T, seed }) => {
        const [a, b, h] = [factors([B, T, 2], seed), random([B, T, 2], seed + 1), random([B, 2], seed + 2)];
        expectClose(linearScan(a, b, h).dataSync(), byLoop(a, b, h), { rtol: 1e-12, atol: 1e-13 });
      }),
      { numRuns: 40, seed: 3 },
    );
  });
  test.each([1, 2, 5, 8])("has the slopes of its outputs as gradients, T = %i", (T) => {
    checkGradients(linearScan, [factors([2, T, 2], 1), random([2, T, 2], 2), random([2, 2], 3)]);
  });
  test("takes no steps at T = 0, and refuses shapes that do not fit", () => {
    expect(linearScan(zeros([2, 0, 3], { backend }), zeros([2, 0, 3], { backend }), zeros([2, 3], { backend })).shape).toEqual([
      2, 0, 3,
    ]);
    expect(() => linearScan(random([2, 3, 2], 1), random([2, 3, 2], 2), random([2, 3], 3))).toThrow(/without the time axis/);
  });
});

describe("logLinearScan", () => {
  test("is the logarithm of the recurrence from 0", () => {
    for (let T = 1; T <= 9; T++) {
      const [a, b] = [factors([2, T, 3], T), exp(random([2, T, 3], 20 + T))];
      const found = exp(logLinearScan(log(a), log(b)));
      expectClose(found.dataSync(), byLoop(a, b, zeros([2, 3], { backend })), { rtol: 1e-12 });
    }
  });
  test.each([1, 2, 7])("has the slopes of its outputs as gradients, T = %i", (T) => {
    checkGradients(logLinearScan, [random([2, T, 2], 4), random([2, T, 2], 5)]);
  });
  test("holds where the numbers themselves overflow or vanish", () => {
    const logA = tensor([0, 0, -1, 0], [1, 4, 1], { backend });
    const logB = tensor([1000, 1000, -1e30, -2000], [1, 4, 1], { backend });
    const two = 1000 + Math.LN2;
    expectClose(logLinearScan(logA, logB).dataSync(), [1000, two, two - 1, two - 1], { rtol: 1e-12 });
  });
});
