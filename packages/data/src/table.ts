import { DataError, listed, shown } from "./errors.ts";
import type { DataNotes } from "./notes.ts";

/** Numbers of one column; NaN is a missing value. */
export type Values = Float32Array | Float64Array;

/**
 * Numbers, or yes and no as 1 and 0. Float32 where that loses nothing, else Float64. A column of more than 2¹⁹ numbers is Float32
 * also where each, rounded to the decimals it is written with, comes back as written (12.34, not 16777217 or 0.123456789).
 */
export interface NumberColumn {
  readonly kind: "number" | "boolean";
  readonly name: string;
  readonly values: Values;
  /** Cells without a value. */
  readonly missing: number;
}

/** Times in epoch milliseconds, UTC; NaN is missing. */
export interface TimeColumn {
  readonly kind: "time";
  readonly name: string;
  readonly values: Float64Array;
  /** How the file writes them, for example `YYYY-MM-DD`. */
  readonly format: string;
  readonly missing: number;
}

/** Words, each stored once: row r holds `categories[codes[r]]`, and code −1 is missing. */
export interface CategoryColumn {
  readonly kind: "category";
  readonly name: string;
  readonly codes: Int32Array;
  readonly categories: readonly string[];
  readonly missing: number;
}

/** A column of one of the three kinds. */
export type Column = NumberColumn | TimeColumn | CategoryColumn;

/** A file as typed columns of equal length. */
export interface Table {
  /** The file's name, as messages call it. */
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly Column[];
  /** What was changed or assumed while reading. */
  readonly notes: DataNotes;
}

/**
 * The column with the given name.
 * @throws {DataError} when the table has none; the message lists those it has.
 */
export function column(table: Table, name: string): Column {
  const found = table.columns.find((c) => c.name === name);
  if (found !== undefined) return found;
  const names = table.columns.map((c) => c.name);
  const near = names.find((n) => n.toLowerCase().replace(/[\s_-]/g, "") === name.toLowerCase().replace(/[\s_-]/g, ""));
  throw new DataError(
    `${table.name} has no column ${shown(name)}. ` +
      (near === undefined ? `Its columns are ${listed(names)}.` : `Did you mean ${shown(near)}?`),
    { column: name },
  );
}

/**
 * The numbers of a column.
 * @throws {DataError} when the column holds words or times.
 */
export function numbers(table: Table, name: string): Values {
  const found = column(table, name);
  if (found.kind === "number" || found.kind === "boolean") return found.values;
  const usable = table.columns.filter((c) => c.kind === "number" || c.kind === "boolean").map((c) => c.name);
  throw new DataError(
    `${table.name}: column ${shown(name)} holds ${found.kind === "time" ? "times" : "words"}, and numbers are needed here. ` +
      (usable.length === 0 ? "The file has no column of numbers." : `Columns of numbers are ${listed(usable)}.`),
    { column: name },
  );
}

/** Rows `from` to `to` (exclusive) of a table, as views on the same memory. */
export function selectRows(table: Table, from: number, to: number = table.rows): Table {
  const columns = table.columns.map((c): Column => {
    if (c.kind === "category") {
      const codes = c.codes.subarray(from, to);
      return { ...c, codes, missing: codes.reduce((n, code) => (code < 0 ? n + 1 : n), 0) };
    }
    if (c.kind === "time") {
      const values = c.values.subarray(from, to);
      return { ...c, values, missing: countMissing(values) };
    }
    const values = c.values.subarray(from, to);
    return { ...c, values, missing: countMissing(values) };
  });
  return { ...table, rows: Math.max(0, Math.min(to, table.rows) - from), columns };
}

/** How many of the values are NaN. */
export function countMissing(values: Values): number {
  let missing = 0;
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) missing++;
  return missing;
}

/** What `sluice look` tells about one column. Times are epoch milliseconds. */
export interface ColumnSummary {
  readonly name: string;
  readonly kind: Column["kind"];
  readonly missing: number;
  /** Different values, missing left out; counting ends at 10,000. */
  readonly distinct: number;
  /** Counting ended early: there are at least `distinct`. */
  readonly distinctCapped: boolean;
  /** Smallest, largest and mean number (or time); NaN for words and for a column without values. */
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** The commonest words with their counts, at most five; empty for numbers and times. */
  readonly top: readonly { readonly category: string; readonly count: number }[];
}

const DISTINCT_CAP = 10_000;

/** Describes every column in one pass each. */
export function describe(table: Table): ColumnSummary[] {
  return table.columns.map((c) => (c.kind === "category" ? describeWords(c) : describeNumbers(c)));
}

function describeNumbers({ name, kind, values, missing }: NumberColumn | TimeColumn): ColumnSummary {
  const seen = new Set<number>();
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let mean = 0;
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i] as number;
    if (Number.isNaN(x)) continue;
    if (x < min) min = x;
    if (x > max) max = x;
    mean += (x - mean) / ++n;
    if (seen.size <= DISTINCT_CAP) seen.add(x);
  }
  const distinct = Math.min(seen.size, DISTINCT_CAP);
  const none = n === 0;
  return {
    name,
    kind,
    missing,
    distinct,
    distinctCapped: seen.size > DISTINCT_CAP,
    min: none ? Number.NaN : min,
    max: none ? Number.NaN : max,
    mean: none ? Number.NaN : mean,
    top: [],
  };
}

function describeWords({ name, kind, codes, categories, missing }: CategoryColumn): ColumnSummary {
  const counts = new Int32Array(categories.length);
  for (const code of codes) if (code >= 0) counts[code] = (counts[code] as number) + 1;
  const used = categories.map((category, i) => ({ category, count: counts[i] as number })).filter((c) => c.count > 0);
  const nothing = { min: Number.NaN, max: Number.NaN, mean: Number.NaN };
  return {
    name,
    kind,
    missing,
    distinct: Math.min(used.length, DISTINCT_CAP),
    distinctCapped: used.length > DISTINCT_CAP,
    ...nothing,
    top: used.sort((a, b) => b.count - a.count).slice(0, 5),
  };
}
