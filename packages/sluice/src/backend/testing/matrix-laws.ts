import fc from "fast-check";
import { expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import {
  always,
  compute,
  expectAgreement,
  expectClose,
  FLOAT32_ROUNDING,
  type KernelCall,
  numbers,
  seeds,
  size,
} from "./compute.ts";

export function matrixLaws(backend: Backend): void {
  test("matmul agrees with the reference for every layout and size", async () => {
    const cases = fc.record({
      M: size(),
      N: size(),
      K: size(),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      accumulate: fc.boolean(),
      batch: fc.constantFrom(1, 1, 1, 0, 2, 3),
      seed: seeds,
    });
    await always(
      cases,
      async ({ seed, ...spec }) => {
        const { M, N, K, batch } = spec;
        const make = numbers(seed);
        const out = spec.accumulate ? make.uniform(batch * M * N) : make.output(batch * M * N);
        const arrays = { a: make.uniform(batch * M * K), b: make.uniform(batch * K * N), out };
        const tolerance = { rtol: 2 * FLOAT32_ROUNDING, atol: (K + 2) * FLOAT32_ROUNDING * (K / 4 + 1) }; // γ_K Σ|a||b|, mean |a||b| = ¼
        await expectAgreement(backend, arrays, (k, { a, b, out }) => k.matmul(a, b, out, spec), tolerance);
      },
      200,
    );
  });

  test.each([
    [1, 130, 300],
    [200, 1, 129],
    [97, 65, 1],
    [65, 130, 300],
    [6, 700, 513],
  ])("matmul agrees with the reference at M %i, N %i, K %i", async (M, N, K) => {
    const make = numbers(M);
    const arrays = { a: make.uniform(M * K), b: make.uniform(K * N), out: make.output(M * N) };
    const spec = { M, N, K, batch: 1, transposeA: false, transposeB: false, accumulate: false };
    const tolerance = { atol: K * FLOAT32_ROUNDING * (K / 4) };
    await expectAgreement(backend, arrays, (k, { a, b, out }) => k.matmul(a, b, out, spec), tolerance);
  });

  test("a row of a product has the same bits whichever rows stand beside it", async () => {
    await always(
      fc.record({ M: size(2), N: size(1), K: size(1), cut: fc.nat(), seed: seeds }),
      async ({ M, N, K, cut, seed }) => {
        const make = numbers(seed);
        const [a, b] = [make.uniform(M * K), make.uniform(K * N)];
        const rows = async (from: number, to: number): Promise<number[]> => {
          const arrays = { a: a.slice(from * K, to * K), b, out: make.output((to - from) * N) };
          const spec = { M: to - from, N, K, batch: 1, transposeA: false, transposeB: false, accumulate: false };
          return Array.from((await compute(backend, arrays, (k, { a, b, out }) => k.matmul(a, b, out, spec))).out);
        };
        const at = 1 + (cut % (M - 1));
        expect([...(await rows(0, at)), ...(await rows(at, M))]).toEqual(await rows(0, M));
      },
    );
  });

  test.each(["sum", "max", "min"] as const)("reduce %s agrees with the reference, an empty axis included", async (name) => {
    await always(
      fc.record({ outer: size(0, 20), n: size(), inner: size(0, 20), seed: seeds }),
      async ({ outer, n, inner, seed }) => {
        const make = numbers(seed);
        const arrays = { x: make.uniform(outer * n * inner), out: make.output(outer * inner) };
        const tolerance = name === "sum" ? { atol: 16 * FLOAT32_ROUNDING * (n + 1) } : {}; // Σ|x| ≤ n; max and min round nothing
        await expectAgreement(backend, arrays, (k, { x, out }) => k.reduce(name, x, out, outer, n, inner), tolerance);
      },
    );
  });

  test.each([1, 3])("a sum of 100,000 terms is no long chain (inner size %i)", async (inner) => {
    const n = 100_000;
    const arrays = { x: numbers(5).uniform(n * inner, 0, 1), out: numbers(5).output(inner) };
    const tolerance = { rtol: 32 * FLOAT32_ROUNDING }; // one float32 chain drifts by about √n/3 ≈ 100 roundings
    await expectAgreement(backend, arrays, (k, { x, out }) => k.reduce("sum", x, out, 1, n, inner), tolerance);
  });

  test.each(["sum", "max", "min"] as const)("reduce %s passes NaN on, wherever it stands", async (name) => {
    await always(fc.record({ n: size(1), at: fc.nat(), inner: fc.constantFrom(1, 2, 5) }), async ({ n, at, inner }) => {
      const x = numbers(9).uniform(n * inner);
      x[at % x.length] = Number.NaN;
      await expectAgreement(backend, { x, out: new Float32Array(inner) }, (k, s) => k.reduce(name, s.x, s.out, 1, n, inner), {
        atol: 1e-5,
      });
    });
  });

  test.each([false, true])("softmax and its gradient agree with the reference (log: %s)", async (log) => {
    await always(
      fc.record({ rows: size(0, 30), n: size(), shift: fc.constantFrom(0, 1000, -1000), seed: seeds }),
      async (one) => {
        const { rows, n, shift, seed } = one;
        const make = numbers(seed);
        const x = make.uniform(rows * n, -5, 5).map((value) => value + shift); // without the maximum's shift e^1000 would overflow
        const arrays = { x, y: make.output(rows * n) };
        await expectAgreement(backend, arrays, (k, { x, y }) => k.softmax(x, y, rows, n, log), { rtol: 4e-6, atol: 1e-6 });
        const { y } = await compute(backend, arrays, (k, { x, y }) => k.softmax(x, y, rows, n, log));
        const gradient = { y: Float32Array.from(y), dy: make.uniform(rows * n), dx: make.output(rows * n) };
        const tolerance = { rtol: 4e-6, atol: 1e-6 + 2 * n * FLOAT32_ROUNDING }; // Σ|dy| ≤ n
        await expectAgreement(backend, gradient, (k, { y, dy, dx }) => k.softmaxGradient(y, dy, dx, rows, n, log), tolerance);
      },
    );
  });

  test("softmax gives 0 for −∞ beside finite numbers, and NaN rows stay in their row", async () => {
    const x = Float32Array.of(1, Number.NEGATIVE_INFINITY, 2, Number.NaN, 0, 1, 3, 3, 3);
    const { y } = await compute(backend, { x, y: new Float32Array(9) }, (k, { x, y }) => k.softmax(x, y, 3, 3, false));
    const sigmoid1 = 1 / (1 + Math.exp(-1));
    const nan = Number.NaN;
    expectClose(y, [1 - sigmoid1, 0, sigmoid1, nan, nan, nan, 1 / 3, 1 / 3, 1 / 3], { rtol: 1e-6 }, "y");
  });

  test("cross-entropy and its gradient agree with the reference, labels that name no class included", async () => {
    const odd = [-1, 0.5, Number.NaN, 1e9];
    await always(
      fc.record({ rows: size(0, 30), n: size(1), shift: fc.constantFrom(0, 1000, -1000), strange: fc.boolean(), seed: seeds }),
      async ({ rows, n, shift, strange, seed }) => {
        const make = numbers(seed);
        const x = make.uniform(rows * n, -5, 5).map((value) => value + shift); // without the maximum's shift e^1000 would overflow
        const labels = make.below(rows, n).map((label, r) => (strange && r % 3 === 1 ? (odd[(r + seed) % 5] ?? n) : label));
        const forward = { x, labels, losses: make.output(rows), maxima: make.output(rows), sums: make.output(rows) };
        const run: KernelCall<typeof forward> = (k, s) => k.crossEntropy(s.x, s.labels, s.losses, s.maxima, s.sums, rows, n);
        await expectAgreement(backend, forward, run, { rtol: 4e-6, atol: 1e-6 });
        const { maxima, sums } = await compute(backend, forward, run);
        const saved = { maxima: Float32Array.from(maxima), sums: Float32Array.from(sums) };
        const gradient = { x, labels, ...saved, dLosses: make.uniform(rows), dx: make.output(rows * n) };
        const back: KernelCall<typeof gradient> = (k, s) =>
          k.crossEntropyGradient(s.x, s.labels, s.maxima, s.sums, s.dLosses, s.dx, rows, n);
        await expectAgreement(backend, gradient, back, { rtol: 4e-6, atol: 4 * FLOAT32_ROUNDING }); // of p near 1, less 1
      },
    );
  });

  test("gatherRows reads rows, scatterAddRows adds them up, repeated indices included", async () => {
    await always(
      fc.record({ rows: size(1, 20), count: size(), width: size(), seed: seeds }),
      async ({ rows, count, width, seed }) => {
        const make = numbers(seed);
        const [table, indices] = [make.uniform(rows * width), make.below(count, rows)];
        const gather = { table, indices, out: make.output(count * width) };
        await expectAgreement(backend, gather, (k, s) => k.gatherRows(s.table, s.indices, s.out, count, width), {});
        const scatter = { dy: make.uniform(count * width), indices, dTable: table };
        const tolerance = { atol: (count + 1) ** 2 * FLOAT32_ROUNDING }; // up to `count` terms of 1 fall on one row
        await expectAgreement(backend, scatter, (k, s) => k.scatterAddRows(s.dy, s.indices, s.dTable, count, width), tolerance);
      },
    );
  });

  test("layer normalisation and its gradient agree with the reference, with and without scale and shift", async () => {
    const cases = fc.record({ rows: size(0, 30), n: size(1), scaled: fc.boolean(), shifted: fc.boolean(), seed: seeds });
    await always(cases, async ({ rows, n, scaled, shifted, seed }) => {
      const make = numbers(seed);
      const scale = scaled ? make.uniform(n, 0.5, 2) : null;
      const forward = {
        x: make.uniform(rows * n, 2, 4),
        scale,
        shift: shifted ? make.uniform(n) : null,
        y: make.output(rows * n),
        normalized: make.output(rows * n),
        inverseStd: make.output(rows),
      };
      const run: KernelCall<typeof forward> = (k, s) =>
        k.layerNormForward(s.x, s.scale, s.shift, 1e-3, s.y, s.normalized, s.inverseStd, rows, n);
      // x − mean loses the digits x and its mean share: 4·2⁻²⁴ absolute, times 1/std ≤ 1/√ε ≈ 32
      await expectAgreement(backend, forward, run, { rtol: 2e-5, atol: 5e-5 });

      const { normalized, inverseStd } = await compute(backend, forward, run);
      const backward = {
        normalized: Float32Array.from(normalized),
        inverseStd: Float32Array.from(inverseStd),
        scale,
        dy: make.uniform(rows * n),
        dx: make.output(rows * n),
        dScale: scaled ? make.output(n) : null,
        dShift: shifted ? make.output(n) : null,
      };
      const tolerance = { rtol: 1e-5, atol: (n + rows + 8) * 32 * FLOAT32_ROUNDING }; // sums over n and over rows, times 1/std
      await expectAgreement(
        backend,
        backward,
        (k, s) => k.layerNormBackward(s.normalized, s.inverseStd, s.scale, s.dy, s.dx, s.dScale, s.dShift, rows, n),
        tolerance,
      );
    });
  });
}
