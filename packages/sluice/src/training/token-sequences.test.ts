import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { padTokens, teacherForcing } from "../index.ts";

const sequences = fc.array(fc.array(fc.integer({ min: 3, max: 9 }), { maxLength: 6 }), { minLength: 1, maxLength: 5 });

/** Row n of an array [N, T]. */
function rowOf({ shape, data }: { readonly shape: readonly number[]; readonly data: ArrayLike<number> }, n: number): number[] {
  const T = shape[1] as number;
  return Array.from(data).slice(n * T, (n + 1) * T);
}

describe("token sequences", () => {
  test("are padded on the right to the longest", () => {
    expect(padTokens([[3, 4, 5], [6]])).toEqual({ shape: [2, 3], data: Float32Array.of(3, 4, 5, 6, 0, 0) });
    expect(padTokens([[0], []], 7)).toEqual({ shape: [2, 1], data: Float32Array.of(0, 7) });
    expect(padTokens([])).toEqual({ shape: [0, 0], data: new Float32Array(0) });
    fc.assert(
      fc.property(sequences, (given) => {
        const padded = padTokens(given);
        expect(padded.shape).toEqual([given.length, Math.max(...given.map(({ length }) => length))]);
        given.forEach((sequence, n) => {
          const row = rowOf(padded, n);
          expect(row.slice(0, sequence.length)).toEqual(sequence);
          expect(row.slice(sequence.length).every((token) => token === 0)).toBe(true);
        });
      }),
    );
  });

  test("under teacher forcing the decoder reads the token before the one it is to give", () => {
    fc.assert(
      fc.property(sequences, (given) => {
        const { input, target } = teacherForcing(given, { start: 1, stop: 2 });
        expect(input.shape).toEqual(target.shape);
        given.forEach((sequence, n) => {
          const read = rowOf(input, n).filter((token) => token !== 0);
          const asked = rowOf(target, n).filter((token) => token !== 0);
          expect(read).toEqual([1, ...sequence]);
          expect(asked).toEqual([...sequence, 2]);
        });
      }),
    );
  });

  test("with a token that cannot be one say where", () => {
    expect(() => padTokens([[3], [4, 0]])).toThrow("Cannot pad sequence 1: its token 1 is 0. Tokens are whole numbers");
    expect(() => padTokens([[3.5]])).toThrow("token 0 is 3.5");
    expect(() => padTokens([[-1]])).toThrow("token 0 is -1");
    expect(() => teacherForcing([[3]], { start: 0, stop: 2 })).toThrow("Cannot teach with start 0: Tokens are whole");
    expect(() => teacherForcing([[3]], { start: 1, stop: 0 })).toThrow("stop 0");
    expect(() => teacherForcing([[3, -1]], { start: 1, stop: 2 })).toThrow("its token 1 is -1");
  });
});
