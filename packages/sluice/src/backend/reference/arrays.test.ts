import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../random/philox.ts";
import type { HostArray } from "../backend.ts";
import { dropoutMask } from "./dropout.ts";
import { binary, copy, select } from "./elementwise.ts";
import { matmul } from "./linear-algebra.ts";
import { layerNormBackward, layerNormForward } from "./norm.ts";
import { reduce } from "./reduce.ts";
import { gatherRows, scatterAddRows } from "./rows.ts";
import { softmax, softmaxGradient } from "./softmax.ts";

// Each definition once more, by other means: nested arrays, closed forms, central differences.

const stream = new RandomStream({ seed: 42, stream: 0, step: 0 });
const random = (length: number): Float64Array => Float64Array.from({ length }, () => 4 * stream.uniform() - 2);

/** The slope of a scalar function along each coordinate of x. */
function centralDifferences(x: HostArray, loss: () => number): number[] {
  return Array.from(x, (held, k) => {
    const h = 1e-5;
    x[k] = held + h;
    const up = loss();
    x[k] = held - h;
    const down = loss();
    x[k] = held;
    return (up - down) / (2 * h);
  });
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, k) => sum + value * b[k]!, 0);

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, rtol: number): void {
  expect(actual.length).toBe(expected.length);
  for (let k = 0; k < actual.length; k++)
    expect(Math.abs(actual[k]! - expected[k]!)).toBeLessThanOrEqual(rtol * Math.max(1, Math.abs(expected[k]!)));
}

describe("copy", () => {
  test("by name: a transpose, a reversal, a slice with a step, a broadcast, a concatenation, an empty shape", () => {
    const x = Float64Array.of(1, 2, 3, 4, 5, 6); // [[1, 2, 3], [4, 5, 6]]
    const out = new Float64Array(6);
    const dense = { offset: 0, strides: [2, 1] };
    copy(x, { offset: 0, strides: [1, 3] }, out, dense, [3, 2], false);
    expect([...out]).toEqual([1, 4, 2, 5, 3, 6]);
    copy(x, { offset: 5, strides: [-1] }, out, { offset: 0, strides: [1] }, [6], false);
    expect([...out]).toEqual([6, 5, 4, 3, 2, 1]);
    copy(x, { offset: 1, strides: [2] }, out, { offset: 3, strides: [1] }, [3], false);
    expect([...out]).toEqual([6, 5, 4, 2, 4, 6]);
    copy(x, { offset: 0, strides: [0, 1] }, out, dense, [3, 2], true);
    expect([...out]).toEqual([7, 7, 5, 4, 5, 8]);
    copy(x, { offset: 4, strides: [] }, out, { offset: 1, strides: [] }, [], false);
    expect(out[1]).toBe(5);
    copy(x, { offset: 0, strides: [1, 1] }, out, dense, [3, 0], false);
    expect([...out]).toEqual([7, 5, 5, 4, 5, 8]);
  });

  test("element (i, j, k) goes where the strides say", () => {
    const axis = fc.record({
      n: fc.integer({ min: 0, max: 5 }),
      from: fc.integer({ min: -7, max: 7 }),
      to: fc.constantFrom(1, -1),
    });
    fc.assert(
      fc.property(axis, axis, axis, (a, b, c) => {
        const shape = [a.n, b.n, c.n];
        const x = random(200);
        const toStrides = [25 * a.to, 5 * b.to, c.to];
        const out = new Float64Array(300);
        copy(x, { offset: 100, strides: [a.from, b.from, c.from] }, out, { offset: 150, strides: toStrides }, shape, false);
        const expected = new Float64Array(300);
        for (let i = 0; i < a.n; i++) {
          for (let j = 0; j < b.n; j++) {
            for (let k = 0; k < c.n; k++) {
              expected[150 + 25 * a.to * i + 5 * b.to * j + c.to * k] = x[100 + a.from * i + b.from * j + c.from * k]!;
            }
          }
        }
        expect(out).toEqual(expected);
      }),
    );
  });
});

describe("binary and select", () => {
  test("each operation, a column against a row", () => {
    const [a, b] = [Float64Array.of(2, 3), Float64Array.of(3, 2, -1)];
    const table = (name: Parameters<typeof binary>[0]): number[] => {
      const out = new Float64Array(6);
      binary(name, a, [1, 0], b, [0, 1], out, [2, 3]);
      return [...out];
    };
    expect(table("add")).toEqual([5, 4, 1, 6, 5, 2]);
    expect(table("subtract")).toEqual([-1, 0, 3, 0, 1, 4]);
    expect(table("multiply")).toEqual([6, 4, -2, 9, 6, -3]);
    expect(table("divide")).toEqual([2 / 3, 1, -2, 1, 1.5, -3]);
    expect(table("minimum")).toEqual([2, 2, -1, 3, 2, -1]);
    expect(table("maximum")).toEqual([3, 2, 2, 3, 3, 3]);
    expect(table("power")).toEqual([8, 4, 0.5, 27, 9, 1 / 3]);
    expect(table("less")).toEqual([1, 0, 0, 0, 0, 0]);
    expect(table("lessEqual")).toEqual([1, 1, 0, 1, 0, 0]);
    expect(table("equal")).toEqual([0, 1, 0, 1, 0, 0]);
  });

  test("select takes a where the condition is not 0", () => {
    const out = new Float64Array(3);
    select(Float64Array.of(1, 0, -2), Float64Array.of(1, Number.NaN, 3), Float64Array.of(Number.NaN, 5, Number.NaN), out);
    expect([...out]).toEqual([1, 5, 3]);
  });
});

describe("matmul", () => {
  test("is rows times columns, however a and b are stored", () => {
    const small = fc.integer({ min: 0, max: 6 });
    const sizes = fc.record({
      M: small,
      N: small,
      K: small,
      batch: fc.constantFrom(1, 2),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      accumulate: fc.boolean(),
    });
    fc.assert(
      fc.property(sizes, (spec) => {
        const { M, N, K, batch, transposeA, transposeB, accumulate } = spec;
        const matrices = (rows: number, columns: number): number[][][] =>
          Array.from({ length: batch }, () => Array.from({ length: rows }, () => [...random(columns)]));
        const [A, B] = [matrices(M, K), matrices(K, N)];
        const flat = (list: number[][][], rows: number, columns: number, transposed: boolean): Float64Array =>
          Float64Array.from(
            list.flatMap((m) =>
              (transposed
                ? Array.from({ length: columns }, (_, j) => Array.from({ length: rows }, (_, i) => m[i]![j]!))
                : m
              ).flat(),
            ),
          );
        const out = random(batch * M * N);
        const expected = A.flatMap((m, p) =>
          m.flatMap((row, i) =>
            Array.from(
              { length: N },
              (_, j) =>
                dot(
                  row,
                  B[p]!.map((r) => r[j]!),
                ) + (accumulate ? out[(p * M + i) * N + j]! : 0),
            ),
          ),
        );
        matmul(flat(A, M, K, transposeA), flat(B, K, N, transposeB), out, spec);
        expectClose(out, expected, 1e-13);
      }),
    );
  });
});

describe("reduce", () => {
  test("sum, max and min over the middle axis", () => {
    const x = Float64Array.of(1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6); // [2, 3, 2]
    const over = (name: "sum" | "max" | "min", outer: number, n: number, inner: number): number[] => {
      const out = new Float64Array(outer * inner);
      reduce(name, x, out, outer, n, inner);
      return [...out];
    };
    expect(over("sum", 2, 3, 2)).toEqual([9, 12, -9, -12]);
    expect(over("max", 2, 3, 2)).toEqual([5, 6, -1, -2]);
    expect(over("min", 2, 3, 2)).toEqual([1, 2, -5, -6]);
    expect([over("sum", 1, 0, 2), over("max", 1, 0, 1), over("min", 1, 0, 1)]).toEqual([[0, 0], [-Infinity], [Infinity]]);
    expect(over("sum", 1, 12, 1)).toEqual([0]);
  });

  test("a long sum errs by the logarithm of its length", () => {
    const n = 1_000_003;
    const out = new Float64Array(1);
    reduce("sum", new Float64Array(n).fill(0.1), out, 1, n, 1);
    expect(Math.abs(out[0]! - n * 0.1) / (n * 0.1)).toBeLessThan(3e-16 * 5); // one chain would err by about 1e-11
  });
});

describe("softmax", () => {
  const [rows, n] = [3, 5];
  test.each([false, true])("is eˣ/Σeˣ, and its gradient the slope (log: %s)", (log) => {
    const x = random(rows * n);
    const y = new Float64Array(rows * n);
    softmax(x, y, rows, n, log);
    for (let row = 0; row < rows * n; row += n) {
      const e = [...x.subarray(row, row + n)].map(Math.exp);
      const total = dot(
        e,
        e.map(() => 1),
      );
      expectClose(
        y.subarray(row, row + n),
        e.map((value) => (log ? Math.log(value / total) : value / total)),
        1e-14,
      );
    }
    const far = new Float64Array(2);
    softmax(Float64Array.of(1000, 1000 + Math.LN2), far, 1, 2, log); // e¹⁰⁰⁰ would overflow
    expectClose(
      far,
      [1 / 3, 2 / 3].map((value) => (log ? Math.log(value) : value)),
      1e-12,
    );

    const [dy, dx, probe] = [random(rows * n), new Float64Array(rows * n), new Float64Array(rows * n)];
    softmaxGradient(y, dy, dx, rows, n, log);
    const loss = (): number => {
      softmax(x, probe, rows, n, log);
      return dot(probe, dy);
    };
    expectClose(dx, centralDifferences(x, loss), 1e-8);
  });
});

describe("rows", () => {
  test("scatterAddRows is the adjoint of gatherRows: ⟨gather(t), d⟩ = ⟨t, scatter(d)⟩", () => {
    const [table, d, indices] = [random(12), random(15), Float64Array.of(3, 0, 3, 1, 3)];
    const [gathered, scattered] = [new Float64Array(15), new Float64Array(12)];
    gatherRows(table, indices, gathered, 5, 3);
    expect([...gathered.subarray(0, 6)]).toEqual([...table.subarray(9, 12), ...table.subarray(0, 3)]);
    scatterAddRows(d, indices, scattered, 5, 3);
    expect(dot(gathered, d)).toBeCloseTo(dot(table, scattered), 12);
    expect([...scattered.subarray(6, 9)]).toEqual([0, 0, 0]);
  });
});

describe("layer normalisation", () => {
  const [rows, n] = [3, 6];
  const [x, scale, shift] = [random(rows * n), random(n), random(n)];
  const [y, normalized, inverseStd] = [new Float64Array(rows * n), new Float64Array(rows * n), new Float64Array(rows)];

  test("gives rows of mean 0 and variance 1, then scales and shifts", () => {
    layerNormForward(x, scale, shift, 0, y, normalized, inverseStd, rows, n);
    for (let r = 0; r < rows; r++) {
      const row = [...normalized.subarray(r * n, (r + 1) * n)];
      expect(
        dot(
          row,
          row.map(() => 1 / n),
        ),
      ).toBeCloseTo(0, 13);
      expect(dot(row, row) / n).toBeCloseTo(1, 13);
      expectClose(
        y.subarray(r * n, (r + 1) * n),
        row.map((value, k) => value * scale[k]! + shift[k]!),
        1e-14,
      );
    }
    layerNormForward(Float64Array.of(0, 2), null, null, 3, y, normalized, inverseStd, 1, 2);
    expect([...y.subarray(0, 2), inverseStd[0]]).toEqual([-0.5, 0.5, 0.5]); // variance 1 + epsilon 3
  });

  test.each([true, false])("has the gradients of its slope (scale and shift: %s)", (affine) => {
    const [a, b] = affine ? [scale, shift] : [null, null];
    const dy = random(rows * n);
    const loss = (): number => {
      layerNormForward(x, a, b, 1e-2, y, normalized, inverseStd, rows, n);
      return dot(y, dy);
    };
    loss();
    const [dx, dScale, dShift] = [new Float64Array(rows * n), new Float64Array(n), new Float64Array(n)];
    layerNormBackward(normalized, inverseStd, a, dy, dx, dScale, dShift, rows, n);
    expectClose(dx, centralDifferences(x, loss), 1e-8);
    if (affine) expectClose(dScale, centralDifferences(scale, loss), 1e-8);
    if (affine) expectClose(dShift, centralDifferences(shift, loss), 1e-8);
  });
});

describe("dropoutMask", () => {
  test("keeps the mean at 1, follows the words, and rate 0 keeps all", () => {
    const key = { seed: 7, stream: 8, step: 9 };
    const mask = new Float64Array(20_000);
    dropoutMask(mask, 0.3, key);
    const words = new RandomStream(key);
    expect([...mask].every((value) => value === (words.word() / 2 ** 32 < 0.3 ? 0 : 1 / 0.7))).toBe(true);
    expect(
      dot(
        mask,
        mask.map(() => 1 / mask.length),
      ),
    ).toBeCloseTo(1, 1.5);
    dropoutMask(mask, 0, key);
    expect(mask.every((value) => value === 1)).toBe(true);
  });
});
