import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Factors, pairwise } from "./pairwise.ts";

/** Every pair of values, counted the slow way. */
function pairs(factors: Factors): [string, unknown, string, unknown][] {
  const names = Object.keys(factors);
  return names.flatMap((a, k) =>
    names
      .slice(k + 1)
      .flatMap((b) =>
        (factors[a] ?? []).flatMap((x) => (factors[b] ?? []).map((y): [string, unknown, string, unknown] => [a, x, b, y])),
      ),
  );
}

describe("pairwise", () => {
  const factors = fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 6 })
    .map((sizes) => Object.fromEntries(sizes.map((size, k) => [`f${k}`, Array.from({ length: size }, (_, v) => v)])));

  test("lets every two values meet, in few rows", () => {
    fc.assert(
      fc.property(factors, (of) => {
        const rows: Record<string, unknown>[] = pairwise(of);
        for (const [a, x, b, y] of pairs(of)) expect(rows.some((row) => row[a] === x && row[b] === y)).toBe(true);
        expect(rows.length).toBeLessThanOrEqual(pairs(of).length);
      }),
      { numRuns: 50, seed: 3 },
    );
    const ten = Object.fromEntries(Array.from({ length: 10 }, (_, k) => [`f${k}`, [0, 1, 2]]));
    expect(pairwise(ten).length).toBeLessThan(30); // of 59 049; at least 9
  });
  test("keeps to what is allowed, and covers every pair that can stand in a row", () => {
    const of = { a: [0, 1, 2], b: [0, 1, 2], c: [0, 1] };
    const isAllowed = ({ a, b }: { a?: number; b?: number }) => a === undefined || b === undefined || a !== b;
    const rows = pairwise(of, isAllowed);
    expect(rows.every(isAllowed)).toBe(true);
    for (const [a, x, b, y] of pairs(of)) {
      const isIn = rows.some((row: Record<string, unknown>) => row[a] === x && row[b] === y);
      expect(isIn).toBe(!(a === "a" && b === "b" && x === y));
    }
  });
  test("says which pair fits nowhere", () => {
    const isAllowed = (part: object) => Object.keys(part).length < 3;
    expect(() => pairwise({ a: [0], b: [1], c: [2] }, isAllowed)).toThrow(/Cannot cover {"a":0,"b":1}/);
  });
});
