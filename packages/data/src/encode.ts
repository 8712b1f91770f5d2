import { commonest } from "./commonest.ts";
import { count, listed, shown } from "./errors.ts";
import type { DataNote } from "./notes.ts";
import type { CategoryColumn } from "./table.ts";

/**
 * The words of a column that a model knows, in a fixed order: learned from the training file, saved beside the model, used
 * again on every later file. A word that is not among them, and a missing one, takes the last slot.
 */
export interface CategoryEncoding {
  readonly column: string;
  readonly vocabulary: readonly string[];
}

/** Most words that get a slot of their own. */
const MOST_WORDS = 32;

/** Learns the vocabulary of a column: all its words, or the 32 commonest, in the order of the alphabet. */
export function fitEncoding({ name, codes, categories }: CategoryColumn): { encoding: CategoryEncoding; notes: DataNote[] } {
  const counts = new Float64Array(categories.length);
  for (const code of codes) if (code >= 0) counts[code] = (counts[code] as number) + 1;
  const seen = categories.map((word, code) => [word, counts[code] as number] as const).filter(([, n]) => n > 0);
  const { kept: vocabulary, left: rare } = commonest(seen, { minCount: 1, limit: MOST_WORDS });
  const text = `Column ${shown(name)} has ${count(seen.length, "word")}; the ${rare} rarest share one slot.`;
  const notes: DataNote[] = rare > 0 ? [{ kind: "rareCategories", count: rare, column: name, text }] : [];
  return { encoding: { column: name, vocabulary }, notes };
}

/** Names of the one-hot columns: `weather=rain`, …, and last `weather=(other)`. */
export function oneHotNames({ column, vocabulary }: CategoryEncoding): string[] {
  return [...vocabulary, "(other)"].map((word) => `${column}=${word}`);
}

/** Slot of each of the column's own codes: its place in the vocabulary, or the last slot, with a note on unknown words. */
export function slotsOf(
  encoding: CategoryEncoding,
  { codes, categories }: CategoryColumn,
): { slots: Int32Array; notes: DataNote[] } {
  const { column, vocabulary } = encoding;
  const place = new Map(vocabulary.map((word, i) => [word, i]));
  const slots = Int32Array.from(categories, (word) => place.get(word) ?? vocabulary.length);
  let unknown = 0;
  for (const code of codes) if (code >= 0 && slots[code] === vocabulary.length) unknown++;
  const words = categories.filter((_, code) => slots[code] === vocabulary.length);
  const rows = count(unknown, "row holds a word", "rows hold words");
  const text = `Column ${shown(column)}: ${rows} outside the vocabulary (${listed(words)}).`;
  return { slots, notes: unknown > 0 ? [{ kind: "unknownCategories", count: unknown, column, text }] : [] };
}

/** Integer coding: the slot of each row, 0 to `vocabulary.length`; unknown and missing words take the last. */
export function encodeIntegers(encoding: CategoryEncoding, column: CategoryColumn): { values: Int32Array; notes: DataNote[] } {
  const { slots, notes } = slotsOf(encoding, column);
  const other = encoding.vocabulary.length;
  return { values: column.codes.map((code) => (code < 0 ? other : (slots[code] as number))), notes };
}

/** One column of 0 and 1 for each slot, in the order of `oneHotNames`, from integer codes (NaN counts as the last slot). */
export function oneHot(encoding: CategoryEncoding, coded: ArrayLike<number>): Float32Array[] {
  const slots = encoding.vocabulary.length + 1;
  const columns = Array.from({ length: slots }, () => new Float32Array(coded.length));
  for (let r = 0; r < coded.length; r++) {
    const slot = coded[r] as number;
    (columns[Number.isNaN(slot) ? slots - 1 : slot] as Float32Array)[r] = 1;
  }
  return columns;
}
