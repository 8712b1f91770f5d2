import { describe, expect, test } from "vitest";
import { encodeIntegers, fitEncoding, oneHot, oneHotNames } from "./encode.ts";
import type { CategoryColumn } from "./table.ts";

function words(...values: (string | undefined)[]): CategoryColumn {
  const categories = [...new Set(values.filter((v) => v !== undefined))];
  const codes = Int32Array.from(values, (v) => (v === undefined ? -1 : categories.indexOf(v)));
  return { kind: "category", name: "w", codes, categories, missing: 0 };
}

describe("category encoding", () => {
  const { encoding } = fitEncoding(words("sun", "rain", "sun", "fog"));

  test("learns the words in the order of the alphabet, whatever the order of the rows", () => {
    expect(encoding).toEqual({ column: "w", vocabulary: ["fog", "rain", "sun"] });
    expect(fitEncoding(words("fog", "sun", "rain")).encoding).toEqual(encoding);
  });

  test("gives each word its slot; unknown and missing words take the last, the unknown are counted", () => {
    const { values, notes } = encodeIntegers(encoding, words("rain", undefined, "hail", "fog", "hail"));
    expect([...values]).toEqual([1, 3, 3, 0, 3]);
    expect(notes).toMatchObject([{ kind: "unknownCategories", count: 2, text: expect.stringContaining('"hail"') }]);
    expect(oneHotNames(encoding)).toEqual(["w=fog", "w=rain", "w=sun", "w=(other)"]);
    expect(oneHot(encoding, values).map((c) => [...c])).toEqual([
      [0, 0, 0, 1, 0],
      [1, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 1, 1, 0, 1],
    ]);
  });

  test("keeps the 32 commonest words and says how many it folds", () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      Array.from({ length: 40 - i }, () => `w${String(i).padStart(2, "0")}`),
    ).flat();
    const fitted = fitEncoding(words(...many));
    expect(fitted.encoding.vocabulary).toEqual(Array.from({ length: 32 }, (_, i) => `w${String(i).padStart(2, "0")}`));
    expect(fitted.notes).toMatchObject([{ kind: "rareCategories", count: 8 }]);
  });
});
