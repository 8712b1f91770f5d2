import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type InitializerName, type InitializerSpec, initialize } from "./initializers.ts";

const key = { seed: 7, stream: 1, step: 0 };
const moments = (values: Float64Array): { mean: number; std: number } => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, std: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) };
};

describe("initializers", () => {
  // A sample of 40,000 has its deviation within about 1.5 % of the law's.
  test.each<[InitializerName, number]>([
    ["glorotUniform", Math.sqrt(2 / (100 + 400))],
    ["glorotNormal", Math.sqrt(2 / (100 + 400))],
    ["heUniform", Math.sqrt(2 / 100)],
    ["heNormal", Math.sqrt(2 / 100)],
    ["lecunUniform", Math.sqrt(1 / 100)],
    ["lecunNormal", Math.sqrt(1 / 100)],
    ["randomNormal", 0.05],
  ])("%s has the variance its paper asks for", (name, std) => {
    const drawn = moments(initialize(name, [100, 400], key));
    expect(Math.abs(drawn.mean)).toBeLessThan(4 * std * (1 / 200));
    expect(drawn.std / std).toBeGreaterThan(0.985);
    expect(drawn.std / std).toBeLessThan(1.015);
  });

  test("orthogonal gives orthonormal rows or columns, whichever are fewer", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), fc.nat(), (rows, columns, seed) => {
        const q = initialize("orthogonal", [rows, columns], { ...key, seed });
        const count = Math.min(rows, columns);
        const at = (k: number, j: number): number => (rows < columns ? q[k * columns + j]! : q[j * columns + k]!);
        for (let a = 0; a < count; a++) {
          for (let b = 0; b < count; b++) {
            let dot = 0;
            for (let j = 0; j < Math.max(rows, columns); j++) dot += at(a, j) * at(b, j);
            expect(dot).toBeCloseTo(a === b ? 1 : 0, 8);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test("constants and identity are what they say; the same key draws the same numbers", () => {
    expect([...initialize("ones", [3], key)]).toEqual([1, 1, 1]);
    expect([...initialize({ type: "identity", gain: 2 }, [2, 3], key)]).toEqual([2, 0, 0, 0, 2, 0]);
    expect(initialize("glorotUniform", [4, 4], key)).toEqual(initialize("glorotUniform", [4, 4], key));
    expect(initialize("glorotUniform", [4, 4], key)).not.toEqual(initialize("glorotUniform", [4, 4], { ...key, stream: 2 }));
    const cut = initialize({ type: "truncatedNormal", std: 1 }, [10_000], key);
    expect(Math.max(...cut.map(Math.abs))).toBeLessThanOrEqual(2);
  });

  test("an unknown one is named", () => {
    expect(() => initialize("glorot" as InitializerSpec, [2, 2], key)).toThrow(/"glorot".*glorotUniform/);
    expect(() => initialize("orthogonal", [4], key)).toThrow(/at least two axes/);
  });
});
