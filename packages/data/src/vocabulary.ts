import { commonest } from "./commonest.ts";
import { count, DataError, listed, requireCounts } from "./errors.ts";
import type { DataNote } from "./notes.ts";
import { type TextUnit, textPieces } from "./segments.ts";

/** The id that fills short texts up; `embedding({ maskZero: true })` leaves it out. */
export const PADDING_ID = 0;
/** The id of every token outside the vocabulary. */
export const UNKNOWN_ID = 1;

/** The tokens of a text that a model knows: learned from training texts, saved beside the model as JSON, used again on every later text. */
export interface Vocabulary {
  readonly by: TextUnit;
  /** "NFC": texts are brought into Unicode's composed form first, so that an é is one é however it was typed. */
  readonly normalization: "NFC" | "none";
  /** In the order of the alphabet; the k-th has the id k + 2, behind padding (0) and unknown (1). */
  readonly tokens: readonly string[];
}

/** Options of `fitVocabulary`. */
export interface FitVocabularyOptions {
  /** Default "character": what a reader takes for one, an emoji of several code points too. */
  readonly by?: TextUnit;
  /** Default "NFC"; with "none" texts that look alike may differ, and decode to the very code points they had. */
  readonly normalization?: "NFC" | "none";
  /** Tokens seen less often are unknown. Default 1. */
  readonly minCount?: number;
  /** At most so many tokens, the commonest. Default: all. */
  readonly limit?: number;
}

/**
 * Learns the vocabulary of texts in any script. Fit it on the training part alone.
 * @throws {DataError} when no token is left, for options outside their rules, and for half of a surrogate pair in a text.
 * @example
 * const { vocabulary } = fitVocabulary("好好学习，天天向上", { by: "character" });
 * embedding({ inputDim: vocabularySize(vocabulary), outputDim: 16 });
 */
export function fitVocabulary(
  texts: string | readonly string[],
  { by = "character", normalization = "NFC", minCount = 1, limit = Number.MAX_SAFE_INTEGER }: FitVocabularyOptions = {},
): { vocabulary: Vocabulary; notes: DataNote[] } {
  if (!["codePoint", "character", "word"].includes(by)) {
    throw new DataError(`Cannot cut text by "${by}": give "codePoint", "character" or "word".`);
  }
  if (!["NFC", "none"].includes(normalization)) {
    throw new DataError(`Cannot bring text into the form "${normalization}": give "NFC" or "none".`);
  }
  requireCounts("learn a vocabulary", { minCount, limit });
  const counts = new Map<string, number>();
  for (const text of typeof texts === "string" ? [texts] : texts) {
    for (const token of tokensOf({ by, normalization }, text)) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  const { kept: tokens, left } = commonest(counts, { minCount, limit });
  if (tokens.length === 0) {
    const found = counts.size === 0 ? "the texts are empty" : `no token occurs ${minCount} times`;
    throw new DataError(`Cannot learn a vocabulary: ${found}. Give more text, or a lower minCount.`);
  }
  const text = `The vocabulary keeps ${count(tokens.length, "token")}; the ${left} rarest are unknown to it.`;
  const notes: DataNote[] = left > 0 ? [{ kind: "rareTokens", count: left, text }] : [];
  return { vocabulary: { by, normalization, tokens }, notes };
}

/** How many ids there are, from 0: padding, unknown and all tokens. The `inputDim` of an embedding and the units of a softmax. */
export function vocabularySize({ tokens }: Vocabulary): number {
  return tokens.length + 2;
}

/**
 * The ids of a text, and a note on tokens outside the vocabulary.
 * @throws {DataError} for half of a surrogate pair, which no file in UTF-8 can hold.
 */
export function encodeText(vocabulary: Vocabulary, text: string): { ids: Int32Array; notes: DataNote[] } {
  const { rows, notes } = encoded(vocabulary, [text]);
  return { ids: Int32Array.from(rows[0] ?? []), notes };
}

/**
 * Texts side by side, as a model with an embedding reads them: [B, T], T the longest; shorter ones end in padding.
 * @throws {DataError} as `encodeText`.
 */
export function encodeTexts(
  vocabulary: Vocabulary,
  texts: readonly string[],
): { ids: { shape: [number, number]; data: Int32Array }; notes: DataNote[] } {
  const { rows, notes } = encoded(vocabulary, texts);
  const T = rows.reduce((longest, row) => Math.max(longest, row.length), 0);
  const data = new Int32Array(rows.length * T).fill(PADDING_ID);
  rows.forEach((row, b) => void data.set(row, b * T));
  return { ids: { shape: [rows.length, T], data }, notes };
}

/**
 * The text of ids: `encodeText` backwards, exactly (after normalization) when the vocabulary knows every token. Padding is
 * nothing, unknown is "�".
 * @throws {DataError} for a number that is no id of the vocabulary.
 */
export function decodeText(vocabulary: Vocabulary, ids: ArrayLike<number>): string {
  return Array.from(ids, (id) => tokenOf(vocabulary, id)).join("");
}

/** The token of one id, as `decodeText` shows it. */
export function tokenOf({ tokens }: Vocabulary, id: number): string {
  if (id === PADDING_ID) return "";
  const token = id === UNKNOWN_ID ? "\uFFFD" : tokens[id - 2];
  if (token !== undefined) return token;
  throw new DataError(
    `Cannot decode id ${id}: the vocabulary has the ids 0 to ${tokens.length + 1}. Decode with the vocabulary that encoded.`,
  );
}

function encoded(vocabulary: Vocabulary, texts: readonly string[]): { rows: number[][]; notes: DataNote[] } {
  const place = new Map(vocabulary.tokens.map((token, k) => [token, k + 2]));
  const strange = new Set<string>();
  let unknown = 0;
  const rows = texts.map((text) => {
    const ids: number[] = [];
    for (const token of tokensOf(vocabulary, text)) {
      const id = place.get(token) ?? UNKNOWN_ID;
      if (id === UNKNOWN_ID) {
        unknown++;
        strange.add(token);
      }
      ids.push(id);
    }
    return ids;
  });
  const text = `${count(unknown, "token is", "tokens are")} outside the vocabulary (${listed([...strange])}).`;
  return { rows, notes: unknown > 0 ? [{ kind: "unknownTokens", count: unknown, text }] : [] };
}

function tokensOf({ by, normalization }: Pick<Vocabulary, "by" | "normalization">, text: string): Iterable<string> {
  const half = text.search(/\p{Cs}/u);
  if (half >= 0) {
    const code = text.charCodeAt(half).toString(16).toUpperCase();
    throw new DataError(
      `Cannot read text: at position ${half} stands U+${code}, half of a surrogate pair, so the text was cut within a character. ` +
        "Cut it elsewhere, or replace such halves: text.toWellFormed().",
    );
  }
  return textPieces(normalization === "NFC" ? text.normalize("NFC") : text, by);
}
