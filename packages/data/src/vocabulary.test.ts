import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "./errors.ts";
import { type TextUnit, textPieces } from "./segments.ts";
import {
  decodeText,
  encodeText,
  encodeTexts,
  fitVocabulary,
  PADDING_ID,
  UNKNOWN_ID,
  type Vocabulary,
  vocabularySize,
} from "./vocabulary.ts";

const units: readonly TextUnit[] = ["codePoint", "character", "word"];
/** Texts of any code points, and of what people write: joined emoji, flags, marks, both directions, scripts without spaces. */
const written = [
  "👨‍👩‍👧‍👦",
  "🇫🇷🇩🇪",
  "👍🏽",
  "नमस्ते ",
  "é",
  "e\u0301",
  "שלום ",
  "مرحبا",
  "\u202E",
  "สวัสดีครับ",
  "天安门",
  "한국어",
  "\u1112\u1161\u11AB",
  "\r\n",
  " ",
  "don't",
];
const anyText = fc
  .array(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.constantFrom(...written)), { maxLength: 12 })
  .map((parts) => parts.join(""))
  .filter((text) => text.length > 0);

describe.each(units)("a vocabulary by %s", (by) => {
  test("gives back any text it was learned from, code point by code point", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { vocabulary } = fitVocabulary(text, { by, normalization: "none" });
        const { ids, notes } = encodeText(vocabulary, text);
        expect(notes).toEqual([]);
        expect(decodeText(vocabulary, ids)).toBe(text);
      }),
    );
  });

  test("brings texts into NFC unless told otherwise, and back to the same NFC; JSON carries it", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { vocabulary } = fitVocabulary(text, { by });
        const stored = JSON.parse(JSON.stringify(vocabulary)) as Vocabulary;
        expect(stored).toEqual(vocabulary);
        const { ids } = encodeText(stored, text.normalize("NFD"));
        expect(decodeText(stored, ids)).toBe(text.normalize("NFC"));
        for (const id of ids) expect(id > UNKNOWN_ID && id < vocabularySize(stored)).toBe(true);
      }),
    );
  });

  test("cuts a long text where it cuts it in one go", () => {
    const spaced = written.filter((part) => !/[\p{Script=Thai}\p{Script=Han}]/u.test(part)); // those are cut by a dictionary
    const long = fc.array(fc.constantFrom(...spaced), { minLength: 600, maxLength: 1500 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(long, (text) => {
        const whole =
          by === "codePoint"
            ? [...text]
            : Array.from(
                new Intl.Segmenter("und", { granularity: by === "word" ? "word" : "grapheme" }).segment(text),
                ({ segment }) => segment,
              );
        expect([...textPieces(text, by)]).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });
});

describe("vocabulary", () => {
  test("code points, characters and words of the same text", () => {
    const text = "नमस्ते 👨‍👩‍👧‍👦!";
    const tokens = (by: TextUnit): string[] => [...textPieces(text, by)];
    expect(tokens("codePoint")).toEqual([..."नमस्ते ", "👨", "\u200D", "👩", "\u200D", "👧", "\u200D", "👦", "!"]);
    expect(tokens("character")).toEqual(["न", "म", "स्ते", " ", "👨‍👩‍👧‍👦", "!"]);
    expect(tokens("word")).toEqual(["नमस्ते", " ", "👨‍👩‍👧‍👦", "!"]);
  });

  test("words are found in scripts without spaces", () => {
    for (const text of ["我们今天去北京大学", "สวัสดีครับผมชื่อสมชาย"]) {
      const words = [...textPieces(text, "word")];
      expect(words.join("")).toBe(text);
      expect(words.length).toBeGreaterThan(2);
      expect(words.length).toBeLessThan([...text].length);
    }
    expect([...textPieces("北京大学在北京", "word")]).toContain("北京");
  });

  test("one piece that is longer than what is cut at a time stays whole", () => {
    const marks = `e${"\u0323".repeat(5000)}`;
    expect([...textPieces(`${marks}x`, "character")]).toEqual([marks, "x"]);
    expect([...textPieces(`${"a".repeat(9000)} b`, "word")]).toEqual(["a".repeat(9000), " ", "b"]);
  });

  test("ids follow the alphabet behind padding and unknown, whatever the order of the texts", () => {
    const { vocabulary, notes } = fitVocabulary(["cab", "bad"]);
    expect(vocabulary).toEqual({ by: "character", normalization: "NFC", tokens: ["a", "b", "c", "d"] });
    expect([notes, vocabularySize(vocabulary)]).toEqual([[], 6]);
    expect([...encodeText(vocabulary, "abcd").ids]).toEqual([2, 3, 4, 5]);
    expect(fitVocabulary(["bad", "cab"]).vocabulary).toEqual(vocabulary);
  });

  test("keeps the commonest tokens, and says what became of the others", () => {
    const text = "aaaa bb c d e";
    const limited = fitVocabulary(text, { limit: 3 });
    expect(limited.vocabulary.tokens).toEqual([" ", "a", "b"]);
    expect(limited.notes).toMatchObject([{ kind: "rareTokens", count: 3 }]);
    expect(fitVocabulary(text, { limit: 4 }).vocabulary.tokens).toEqual([" ", "a", "b", "c"]); // c, d, e are equally rare
    expect(fitVocabulary(text, { minCount: 2 }).vocabulary.tokens).toEqual([" ", "a", "b"]);
    const { ids, notes } = encodeText(limited.vocabulary, "a c—c");
    expect([...ids]).toEqual([3, 2, UNKNOWN_ID, UNKNOWN_ID, UNKNOWN_ID]);
    expect(notes).toMatchObject([{ kind: "unknownTokens", count: 3, text: expect.stringContaining('"c", "—"') }]);
    expect(decodeText(limited.vocabulary, ids)).toBe("a ���");
  });

  test("texts of several lengths are filled up with padding, which decodes to nothing", () => {
    const { vocabulary } = fitVocabulary(["שלום", "سلام!"]);
    const { ids, notes } = encodeTexts(vocabulary, ["שלום", "سلام!", ""]);
    expect(ids.shape).toEqual([3, 5]);
    expect([ids.data[4], ...ids.data.slice(10)]).toEqual(new Array(6).fill(PADDING_ID));
    expect([0, 1, 2].map((b) => decodeText(vocabulary, ids.data.subarray(5 * b, 5 * b + 5)))).toEqual(["שלום", "سلام!", ""]);
    expect(notes).toEqual([]);
  });

  test("an é typed in two ways is one token in NFC and two without", () => {
    const typed = ["caf\u00E9", "cafe\u0301"];
    expect(fitVocabulary(typed).vocabulary.tokens).toEqual(["a", "c", "f", "é"]);
    expect(fitVocabulary(typed, { normalization: "none" }).vocabulary.tokens).toHaveLength(5);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["half of a pair", () => fitVocabulary("ab\uD83D"), /position 2 stands U\+D83D, half of a surrogate pair/],
    ["half of a pair to encode", () => encodeText(fitVocabulary("ab").vocabulary, "\uDE00a"), /position 0 stands U\+DE00/],
    ["no text", () => fitVocabulary([]), /the texts are empty/],
    ["only rare tokens", () => fitVocabulary("abc", { minCount: 2 }), /no token occurs 2 times/],
    ["a limit of 0", () => fitVocabulary("abc", { limit: 0 }), /with limit 0: a whole number/],
    ["another unit", () => fitVocabulary("abc", { by: "byte" as TextUnit }), /Cannot cut text by "byte"/],
    ["another form", () => fitVocabulary("abc", { normalization: "NFX" as "NFC" }), /the form "NFX"/],
    ["an id beyond the last", () => decodeText(fitVocabulary("abc").vocabulary, [5]), /id 5: the vocabulary has the ids 0 to 4/],
  ])("%s is an error that says what to do", (_, act, message) => {
    expect(act).toThrow(DataError);
    expect(act).toThrow(message);
  });
});
