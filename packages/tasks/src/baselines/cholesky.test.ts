import fc from "fast-check";
import { expect, test } from "vitest";
import { cholesky, choleskySolve } from "./cholesky.ts";

test("solves what it was made from", () => {
  const entry = fc.double({ min: -3, max: 3, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(entry, { minLength: 48, maxLength: 48 }), (n, numbers) => {
      const at = (i: number, j: number) => numbers[i * n + j] ?? 0;
      const a = new Float64Array(n * n); // B Bᵀ + I is positive definite
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          for (let k = 0; k < n; k++) a[i * n + j] = (a[i * n + j] ?? 0) + at(i, k) * at(j, k);
          if (i === j) a[i * n + j] = (a[i * n + j] ?? 0) + 1;
        }
      }
      const x = Float64Array.from({ length: n * 2 }, (_, i) => numbers[36 + i] ?? 0);
      const b = new Float64Array(n * 2);
      for (let i = 0; i < n; i++) {
        for (let c = 0; c < 2; c++) {
          for (let k = 0; k < n; k++) b[i * 2 + c] = (b[i * 2 + c] ?? 0) + (a[i * n + k] ?? 0) * (x[k * 2 + c] ?? 0);
        }
      }
      choleskySolve(cholesky(a, n), n, b, 2);
      for (const [i, value] of b.entries()) expect(value).toBeCloseTo(x[i] ?? 0, 7);
    }),
  );
});

test("refuses a matrix that is not positive definite", () => {
  expect(() => cholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow(/pivot 1 is -3/);
});
