import fc from "fast-check";
import { expect, test } from "vitest";
import { readNumber, readPlainNumber } from "./cells.ts";

test("a number read where it stands is the number of its cell, to the last bit, or is left to the cell", () => {
  const cell = fc.oneof(
    fc.double().map(String),
    fc.integer().map(String),
    fc.stringMatching(/^[+-]?[0-9]{0,17}[.,]?[0-9]{0,17}$/),
    fc.stringMatching(/^[-+ .,0-9exE]{0,8}$/),
  );
  fc.assert(
    fc.property(cell, fc.boolean(), (text, comma) => {
      const value = readPlainNumber(`"${text}",7`, 1, 1 + text.length, (comma ? "," : ".").charCodeAt(0));
      if (!Number.isNaN(value)) expect(value).toBe(readNumber(text, comma));
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ["12.34", 12.34],
  ["-0", -0],
  ["+5", 5],
  [".5", 0.5],
  ["5.", 5],
  ["999999999999999", 999999999999999],
  ["0.000000000000001", Number.NaN],
  ["1e5", Number.NaN],
  [" 1", Number.NaN],
  ["-", Number.NaN],
  [".", Number.NaN],
  ["", Number.NaN],
])("reads %j in place as %d", (text, value) => {
  expect(readPlainNumber(text, 0, text.length, 46)).toBe(value);
});
