import Papa from "papaparse";
import { isMissing, readBoolean, readNumber } from "./cells.ts";
import { guessTimeFormat, type TimeFormat } from "./time-formats.ts";

/** What the cells of a column were found to be, or were declared to be. */
export type ColumnType = "number" | "boolean" | "time" | "category";

/** How a column's cells are read from here on. `unknown`: the sample held no value; the first one that comes decides. */
export interface ColumnPlan {
  readonly type: ColumnType | "unknown";
  readonly decimalComma: boolean;
  readonly timeFormat?: TimeFormat;
  /** Day and month could not be told apart in the sample; the month was taken to stand first. */
  readonly ambiguous?: boolean;
}

const SEPARATORS = [",", ";", "\t", "|"];

/**
 * The separator under which most of the first records have the same number of fields (two or more); between equals the one
 * that leaves fewer other separators inside the fields, then the one with more fields. `,` for a file of one column.
 * @param head the start of the text; its last record may be incomplete.
 */
export function detectSeparator(head: string, complete: boolean): string {
  let best = { separator: ",", score: 0 };
  for (const separator of SEPARATORS) {
    if (!head.includes(separator)) continue;
    const parser = new Papa.Parser({ delimiter: separator, newline: "\n", preview: 100 });
    let rows: string[][] = parser.parse(head, 0, !complete).data;
    if (rows.length === 0) rows = parser.parse(head, 0, false).data;
    rows = rows.filter((row) => row.length > 1 || row[0] !== "");
    const widths = new Map<number, number>();
    for (const row of rows) widths.set(row.length, (widths.get(row.length) ?? 0) + 1);
    const [width, agreeing] = [...widths].reduce((a, b) => (b[1] > a[1] ? b : a), [1, 0]);
    if (width < 2) continue;
    const cells = rows.flat();
    const mixed = cells.filter((cell) => SEPARATORS.some((s) => s !== "," && s !== separator && cell.includes(s))).length;
    const score = agreeing / rows.length + (1 - mixed / cells.length) + Math.min(width, 1000) / 1e6;
    if (score > best.score) best = { separator, score };
  }
  return best.separator;
}

/**
 * Whether the first record names the columns. Each column votes: for, when its first cell is a word above numbers or times;
 * against, when it is itself one. Without a vote the first record is a header if its cells are words and all differ.
 */
export function detectHeader(rows: readonly (readonly string[])[], separator: string): boolean {
  const [first = [], ...body] = rows;
  let votes = 0;
  for (let c = 0; c < first.length; c++) {
    const cell = first[c] as string;
    if (isMissing(cell)) continue;
    const plan = planColumn(cellsOf(body, c), { separator, name: cell });
    if (plan.type === "category" || plan.type === "unknown") continue;
    votes += Number.isNaN(cellReader(plan)(cell)) ? 1 : -1;
  }
  if (votes !== 0) return votes > 0;
  const words = first.filter((cell) => !isMissing(cell));
  return words.length > 0 && new Set(words).size === words.length && words.every((cell) => Number.isNaN(readNumber(cell, true)));
}

/** The non-missing cells of one column. */
export function cellsOf(rows: readonly (readonly string[])[], c: number): string[] {
  const cells: string[] = [];
  for (const row of rows) {
    const cell = row[c];
    if (cell !== undefined && !isMissing(cell)) cells.push(cell);
  }
  return cells;
}

/** How a plan turns a cell into a number (a time into epoch ms); NaN where the cell is not of its type. */
export function cellReader({ type, decimalComma, timeFormat }: ColumnPlan): (cell: string) => number {
  if (type === "time" && timeFormat !== undefined) return timeFormat.read;
  if (type === "boolean") return readBoolean;
  return (cell) => readNumber(cell, decimalComma);
}

/**
 * What a column holds, from its non-missing cells: numbers, yes and no, or times when all cells but one (or nine in ten)
 * are such, so that the odd one out is found and named; words otherwise. A declared type is taken as it is.
 */
export function planColumn(
  cells: readonly string[],
  { separator, name, type }: { separator: string; name: string; type?: ColumnType | undefined },
): ColumnPlan {
  const n = cells.length;
  if (type === "category" || type === "boolean") return { type, decimalComma: false };
  if (type === undefined && n === 0) return { type: "unknown", decimalComma: false };
  const most = n <= 2 ? n : Math.min(n - 1, Math.ceil(0.9 * n));
  const howMany = (read: (cell: string) => number) => cells.reduce((sum, cell) => (Number.isNaN(read(cell)) ? sum : sum + 1), 0);
  if (type !== "time") {
    const points = howMany((cell) => readNumber(cell));
    const commas = separator === "," || points === n ? 0 : howMany((cell) => readNumber(cell, true));
    if (type === "number" || Math.max(points, commas) >= most) return { type: "number", decimalComma: commas > points };
    if (howMany(readBoolean) >= most) return { type: "boolean", decimalComma: false };
  }
  const guess = guessTimeFormat(cells, name);
  if (guess !== undefined && (type === "time" || guess.matches >= most)) {
    return { type: "time", decimalComma: false, timeFormat: guess.format, ambiguous: guess.ambiguous };
  }
  return type === "time" ? { type: "unknown", decimalComma: false } : { type: "category", decimalComma: false };
}
