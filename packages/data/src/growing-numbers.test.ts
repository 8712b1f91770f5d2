import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GrowingNumbers } from "./growing-numbers.ts";

const CHUNK = 1 << 17;
const LONG = 1 << 19;

/** A column of `rows` numbers, and what is read from it. */
function grown(rows: number, at: (row: number) => number) {
  const numbers = new GrowingNumbers();
  for (let r = 0; r < rows; r++) numbers.push(at(r));
  return numbers.toValues();
}

/** The rows whose bits are not those that were pushed. */
function changed(rows: number, at: (row: number) => number): number {
  const values = grown(rows, at);
  let n = values.length === rows ? 0 : rows;
  for (let r = 0; r < rows; r++) if (!Object.is(values[r], at(r))) n++;
  return n;
}

describe("GrowingNumbers", () => {
  test.each<[string, (row: number) => number]>([
    ["whole numbers", (r) => r - 70_000],
    ["whole numbers beyond 2²⁴", (r) => 16_777_217 + r],
    ["times", (r) => 1_700_000_000_000 + 60_000 * r],
    ["two decimals, and none", (r) => (r % 7 === 3 ? Number.NaN : r / 100)],
    ["nine decimals", (r) => (r % 1000) / 1e9],
    ["ten decimals", (r) => (r % 1000) / 1e10],
    ["two decimals and a zero with a sign", (r) => (r === 5 ? -0 : r / 100)],
    ["two decimals and the largest of 31 bits", (r) => (r === 9 ? 21_474_836.47 : r === 8 ? -21_474_836.48 : r / 100)],
    ["thirds", (r) => r / 3],
    ["very large and very small", (r) => (r % 2 === 0 ? 1e300 : 1e-300)],
  ])("keeps every bit of a column of several chunks: %s", (_, at) => {
    expect(changed(2 * CHUNK + 100, at)).toBe(0);
  });

  test("keeps every bit of any numbers, wherever a chunk ends", () => {
    const number = fc.oneof(
      fc.integer({ min: -99_999_999, max: 99_999_999 }).map((n) => n / 1000),
      fc.double(),
      fc.integer(),
      fc.constantFrom(-0, Number.NaN, 2 ** 31, -(2 ** 31), 2 ** 31 / 10, 0.1 + 0.2),
    );
    const lengths = fc.constantFrom(0, 1, 32, 33, CHUNK - 1, CHUNK, CHUNK + 1);
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 40 }), lengths, (numbers, rows) => {
        expect(changed(rows, (r) => numbers[r % numbers.length] as number)).toBe(0);
      }),
      { numRuns: 30, seed: 5 },
    );
  });

  test("a long column of decimals takes 4 bytes a number where each comes back as it was written", () => {
    const written = (r: number) => ((r % 90_000) + 1) / 100;
    const values = grown(LONG + 1, written);
    expect(values).toBeInstanceOf(Float32Array);
    let wrong = 0;
    for (let r = 0; r < values.length; r++) if (Math.round((values[r] as number) * 100) / 100 !== written(r)) wrong++;
    expect(wrong).toBe(0);
    expect(grown(LONG, written)).toBeInstanceOf(Float64Array);
  });

  test.each<[string, number]>([
    ["a whole number beyond 2²⁴", 16_777_217],
    ["more digits than float32 has", 12_345.678_9],
    ["a time", 1_700_000_000_001],
  ])("one number in a long column keeps all of it in 8 bytes: %s", (_, odd) => {
    for (const place of [3, LONG]) {
      const values = grown(LONG + 1, (r) => (r === place ? odd : (r % 90_000) / 100));
      expect(values).toBeInstanceOf(Float64Array);
      expect([values[place], values[17]]).toEqual([odd, 0.17]);
    }
  });
});
