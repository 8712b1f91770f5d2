import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitScaler, fitStandardScaler, inverse, type Scaler, transform } from "./scalers.ts";

const KINDS: Scaler["kind"][] = ["none", "standard", "minMax", "robust", "log1p"];

describe("scalers", () => {
  test.each([
    ["standard", { kind: "standard", mean: [5], std: [2] }],
    ["minMax", { kind: "minMax", min: [2], range: [7] }],
    ["robust", { kind: "robust", median: [4.5], iqr: [1.5] }], // quartiles 4 and 5.5 (type 7)
    ["none", { kind: "none" }],
  ] as const)("%s learns what its docstring says, NaN left out", (kind, expected) => {
    const learned = fitScaler(kind, [Float64Array.of(2, 4, 9, 4, Number.NaN, 4, 5, 5, 7)]);
    const rounded = JSON.parse(JSON.stringify(learned), (_, x: unknown) => (typeof x === "number" ? Number(x.toFixed(12)) : x));
    expect(rounded).toEqual(expected);
  });

  test.each(KINDS)("%s: inverse undoes transform, and the scaler survives JSON", (kind) => {
    const column = fc
      .array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 40 })
      .map((v) => Float64Array.from(v));
    fc.assert(
      fc.property(column, column, (a, b) => {
        const scaler = fitScaler(kind, [a, b]);
        const back = inverse(JSON.parse(JSON.stringify(scaler)) as Scaler, 1, transform(scaler, 1, b));
        const spread = Math.max(...b.map(Math.abs)) || 1;
        const tolerance = kind === "log1p" ? 2e-5 : 1e-6; // float32 has 24 bits; log1p spreads its last one over e^z
        for (const [i, x] of b.entries()) expect(Math.abs((back[i] as number) - x)).toBeLessThanOrEqual(tolerance * spread);
      }),
    );
  });

  test.each(KINDS)("%s: a constant column and one without values map back", (kind) => {
    for (const values of [Float32Array.of(0.1, 0.1, 0.1), Float64Array.of(Number.NaN, Number.NaN)]) {
      const scaler = fitScaler(kind, [values]);
      const scaled = transform(scaler, 0, values);
      expect([...inverse(scaler, 0, scaled)].map((x) => x.toFixed(5))).toEqual([...values].map((x) => x.toFixed(5)));
      if (kind !== "none" && !Number.isNaN(values[0])) expect(scaled.every((z) => Math.abs(z) < 1e-6)).toBe(true);
    }
  });

  test("a column that was not fitted is named", () => {
    expect(() => transform(fitStandardScaler([Float64Array.of(1)]), 1, [1])).toThrow(
      "Cannot scale column number 1: the scaler was fitted on 1",
    );
  });
});
