import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { getBackend } from "../../backend/index.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import { checkGradients, randomTensor } from "../gradient-check.ts";
import { valueAndGradients } from "../tape.ts";
import { convolution, patches } from "./convolution.ts";
import { multiply } from "./elementwise.ts";
import { sum } from "./reduce.ts";
import type { WindowOptions } from "./window.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });

/** All index vectors below `sizes`, the last one fastest. */
function places(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>((all, n) => all.flatMap((at) => Array.from({ length: n }, (_, k) => [...at, k])), [[]]);
}

/** The sum of the definition, with lengths counted from first principles: a window starts wherever the rule lets it. */
function bruteForce(x: Tensor, kernel: Tensor, options: Required<WindowOptions>): { shape: number[]; data: number[] } {
  const [B, ...rest] = x.shape as [number, ...number[]];
  const [grid, C] = [rest.slice(0, -1), rest.at(-1) as number];
  const size = kernel.shape.slice(0, -2);
  const F = kernel.shape.at(-1) as number;
  const begin = grid.map((n, k) => {
    const extent = ((size[k] as number) - 1) * (options.dilationRate[k] as number) + 1;
    if (options.padding === "valid") return 0;
    if (options.padding === "causal") return 1 - extent;
    const stride = options.strides[k] as number;
    return -Math.floor(Math.max(0, (Math.ceil(n / stride) - 1) * stride + extent - n) / 2);
  });
  const counts = grid.map((n, k) => {
    const [stride, d] = [options.strides[k] as number, options.dilationRate[k] as number];
    if (options.padding === "same") return Math.ceil(n / stride);
    let count = 0;
    while ((begin[k] as number) + count * stride + ((size[k] as number) - 1) * d < n) count++;
    return count;
  });
  const [xs, ws] = [x.dataSync(), kernel.dataSync()];
  const at = (sizes: readonly number[], index: readonly number[]): number =>
    index.reduce((sum, i, k) => sum * (sizes[k] as number) + i, 0);
  const data = places([B, ...counts, F]).map(([b, ...more]) => {
    const f = more.pop() as number;
    let total = 0;
    for (const tap of places(size)) {
      const from = more.map(
        (p, k) =>
          (begin[k] as number) + p * (options.strides[k] as number) + (tap[k] as number) * (options.dilationRate[k] as number),
      );
      if (from.some((i, k) => i < 0 || i >= (grid[k] as number))) continue;
      for (let c = 0; c < C; c++) {
        total += (xs[at(x.shape, [b as number, ...from, c])] as number) * (ws[at(kernel.shape, [...tap, c, f])] as number);
      }
    }
    return total;
  });
  return { shape: [B, ...counts, F], data };
}

const each = (max: number, rank: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max }), { minLength: rank, maxLength: rank });
const cases = fc.integer({ min: 1, max: 3 }).chain((rank) =>
  fc.record({
    B: fc.integer({ min: 1, max: 3 }),
    C: fc.integer({ min: 1, max: 3 }),
    F: fc.integer({ min: 1, max: 3 }),
    grid: fc.array(fc.integer({ min: 5, max: 7 }), { minLength: rank, maxLength: rank }),
    size: each(3, rank),
    strides: each(3, rank),
    dilationRate: each(2, rank),
    padding: fc.constantFrom("valid" as const, "same" as const, "causal" as const),
  }),
);

describe("convolution", () => {
  test.each(["reference", "wasm"] as const)("is the sum of its definition, over 1 to 3 axes, on %s", (name) => {
    const on = getBackend(name);
    const place = (x: Tensor): Tensor => tensor(x.dataSync(), x.shape, { backend: on });
    fc.assert(
      fc.property(cases, ({ B, C, F, grid, size, ...options }) => {
        const [x, kernel] = [random([B, ...grid, C]), random([...size, C, F], 2)];
        const found = convolution(place(x), place(kernel), null, options);
        const { shape, data } = bruteForce(x, kernel, options);
        expect(found.shape).toEqual(shape);
        expectClose(found.dataSync(), data, name === "wasm" ? { rtol: 1e-4, atol: 1e-4 } : { rtol: 1e-11, atol: 1e-12 });
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  test("has the slopes of its outputs as gradients", () => {
    fc.assert(
      fc.property(cases, ({ B, C, F, grid, size, ...options }) => {
        if (sizeOf(grid) * C > 150) return;
        checkGradients(
          (x, kernel, bias) => convolution(x as Tensor, kernel as Tensor, bias, options),
          [random([B, ...grid, C]), random([...size, C, F], 2), random([F], 3)],
        );
      }),
      { numRuns: 15, seed: 5 },
    );
  });

  test("gives the memory of its windows back, and takes none for a gradient that nobody asks for", () => {
    const on = getBackend("wasm");
    const [image, weight] = [random([2, 16, 16, 4]).dataSync(), random([5, 5, 4, 8], 2).dataSync()];
    const kept = (wanted: (x: Tensor, kernel: Tensor) => Tensor[]) =>
      on.step(() => {
        const [x, kernel] = [tensor(image, [2, 16, 16, 4], { backend: on }), tensor(weight, [5, 5, 4, 8], { backend: on })];
        convolution(x, kernel); // both are in the step's memory now
        const from = on.memory().stepBytes;
        const { gradients } = valueAndGradients(() => sum(convolution(x, kernel)), wanted(x, kernel));
        return { bytes: on.memory().stepBytes - from, dKernel: (gradients.at(-1) as Tensor).dataSync() };
      });
    const [both, one] = [kept((x, kernel) => [x, kernel]), kept((_, kernel) => [kernel])];
    expect([...one.dKernel]).toEqual([...both.dKernel]);
    expect(both.bytes - one.bytes).toBe(4 * image.length);
    expect(one.bytes).toBeLessThan(4 * (2 * 12 * 12 * 100)); // the windows of one convolution
  });

  test("of a batch that is laid out in several parts, is that of each row, gradients too", () => {
    for (const [name, tolerance] of [
      ["reference", 1e-10],
      ["wasm", 1e-3],
    ] as const) {
      const on = getBackend(name);
      const [x, kernel, bias] = [
        randomTensor([7, 40, 40, 4], { seed: 1, like: { backend: on } }),
        randomTensor([5, 5, 4, 3], { seed: 2, like: { backend: on }, std: 0.1 }),
        randomTensor([3], { seed: 3, like: { backend: on } }),
      ];
      const run = (rows: Tensor) =>
        valueAndGradients(() => {
          const y = convolution(rows, kernel, bias, { padding: "same" });
          return sum(multiply(y, y));
        }, [rows, kernel, bias]);
      const whole = run(x); // 40 · 40 · 100 numbers a row: one row at a time
      const values = x.dataSync();
      const parts = Array.from({ length: 7 }, (_, b) =>
        run(tensor(values.slice(b * 6400, (b + 1) * 6400), [1, 40, 40, 4], { backend: on })),
      );
      expectClose(
        (whole.gradients[0] as Tensor).dataSync(),
        parts.flatMap(({ gradients }) => [...(gradients[0] as Tensor).dataSync()]),
        { rtol: tolerance, atol: tolerance },
      );
      for (const k of [1, 2]) {
        const total = parts
          .map(({ gradients }) => (gradients[k] as Tensor).dataSync())
          .reduce((a, b) => a.map((v, i) => v + (b[i] as number)));
        expectClose((whole.gradients[k] as Tensor).dataSync(), total, { rtol: tolerance, atol: 10 * tolerance });
      }
    }
  });

  test("says what does not fit", () => {
    expect(() => convolution(random([1, 4, 2]), random([3, 3, 2]))).toThrow(/3 channels/);
    expect(() => convolution(random([1, 2, 2]), random([3, 2, 2]))).toThrow(/window of 3 over an axis of length 2/);
  });
});

test("patches lays windows out in order, padded with the value asked for, and sums their gradients where they overlap", () => {
  const x = tensor([1, 2, 3], [1, 3, 1], { backend });
  const found = patches(x, [3], { padding: "same", value: 9 });
  expect(found.shape).toEqual([1, 3, 3, 1]);
  expect([...found.dataSync()]).toEqual([9, 1, 2, 1, 2, 3, 2, 3, 9]);
  const { gradients } = valueAndGradients(() => sum(patches(x, [3], { padding: "same" })), [x]);
  expect([...(gradients[0] as Tensor).dataSync()]).toEqual([2, 3, 2]);
  checkGradients((y) => patches(y as Tensor, [2, 2], { strides: [2, 1], dilationRate: [1, 2] }), [random([2, 4, 5, 2])]);
});
