import { epochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from "./civil.ts";
import { DataError, listed, shown } from "./errors.ts";
import { column, type NumberColumn, type Table, type Values } from "./table.ts";

/** The times of a table's rows, and which columns they were read from. */
export interface TimeAxis {
  /** One name, or year, month, day and hour for times in parts. */
  readonly columns: readonly string[];
  /** Epoch milliseconds, UTC; NaN where the file has none. */
  readonly times: Float64Array;
}

const PART_NAMES = ["year", "month", "day", "hour", "minute", "second"] as const;
type Part = (typeof PART_NAMES)[number];
const TIME_NAME = /^(ds|ts|epoch|unix.*|.*time.*|.*date.*|.*timestamp.*)$/i;

/**
 * Finds the time of each row: the named column; or else a column of times; separate columns `year`, `month`, `day`, `hour`
 * (year and at least one more, or a year alone); a column of epoch seconds, epoch milliseconds or YYYYMMDD whose name speaks
 * of time. Undefined when there is none: rows are then steps.
 * @param name column to use; for parts, the name of one of them.
 * @throws {DataError} when the named column cannot be read as a time.
 */
export function findTimeAxis(table: Table, name?: string): TimeAxis | undefined {
  if (name !== undefined) return namedAxis(table, name);
  const dated = table.columns.find((c) => c.kind === "time" && c.missing < table.rows);
  if (dated !== undefined && dated.kind === "time") return { columns: [dated.name], times: dated.values };
  const parts = partsAxis(table);
  if (parts !== undefined && parts.columns.length > 1) return parts;
  for (const c of table.columns) {
    if (c.kind !== "number" || !TIME_NAME.test(c.name)) continue;
    const times = numericTimes(c.values);
    if (times !== undefined) return { columns: [c.name], times };
  }
  return parts;
}

function namedAxis(table: Table, name: string): TimeAxis {
  const found = column(table, name);
  if (found.kind === "time") return { columns: [name], times: found.values };
  const parts = partsAxis(table);
  if (parts?.columns.includes(name) === true) return parts;
  const times = found.kind === "number" ? numericTimes(found.values) : undefined;
  if (times !== undefined) return { columns: [name], times };
  const dated = table.columns.filter((c) => c.kind === "time").map((c) => c.name);
  throw new DataError(
    `${table.name}: column ${shown(name)} cannot be read as a time. Dates such as 2024-01-31, 2024-01-31 12:30, 01/31/2024, ` +
      "31.01.2024 or 2024-01, epoch seconds and epoch milliseconds can. " +
      (dated.length > 0 ? `Columns of times are ${listed(dated)}.` : "Without a time column the rows are taken as equal steps."),
    { column: name },
  );
}

/** Times from the columns year, month, day, hour, minute, second, as far as the file has them without a hole in between. */
function partsAxis(table: Table): TimeAxis | undefined {
  const found: NumberColumn[] = [];
  for (const part of PART_NAMES) {
    const c = table.columns.find((candidate) => candidate.name.toLowerCase() === part);
    if (c?.kind !== "number" || !fits(c.values, part)) break;
    found.push(c);
  }
  if (found.length === 0) return undefined;
  const times = new Float64Array(table.rows);
  const part = (i: number, row: number, otherwise: number) => found[i]?.values[row] ?? otherwise;
  for (let r = 0; r < table.rows; r++) {
    const seconds = Math.round(1e6 * part(5, r, 0)) / 1e6; // a long column of 12.345 may be float32
    const clock = part(3, r, 0) * HOUR_MS + part(4, r, 0) * MINUTE_MS + seconds * SECOND_MS;
    times[r] = epochMs(part(0, r, Number.NaN), part(1, r, 1), part(2, r, 1), clock);
  }
  return { columns: found.map((c) => c.name), times };
}

const PART_RANGE: Record<Part, readonly [number, number]> = {
  year: [1000, 3000],
  month: [1, 12],
  day: [1, 31],
  hour: [0, 24],
  minute: [0, 59],
  second: [0, 60],
};

function fits(values: Values, part: Part): boolean {
  const [min, max] = PART_RANGE[part];
  return values.every((x) => Number.isNaN(x) || (x >= min && x <= max && (part === "second" || Number.isInteger(x))));
}

/** Epoch seconds (1973 to 2096), epoch milliseconds, or YYYYMMDD; undefined when the numbers are none of these. */
function numericTimes(values: Values): Float64Array | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const x of values) {
    if (x < min) min = x;
    if (x > max) max = x;
  }
  if (min >= 19000101 && max <= 21001231) {
    const days = Float64Array.from(values, (x) => epochMs(Math.floor(x / 10000), Math.floor(x / 100) % 100, x % 100));
    if (days.every((t, i) => !Number.isNaN(t) || Number.isNaN(values[i]))) return days;
  }
  if (min >= 1e8 && max <= 4e9) return Float64Array.from(values, (x) => x * SECOND_MS);
  return min >= 1e11 && max <= 4e12 ? Float64Array.from(values) : undefined;
}

/** Order, duplicates and extent of a series' times. */
export interface TimeCheck {
  readonly sorted: boolean;
  /** Rows whose time an earlier row of the sorted series has as well. */
  readonly duplicates: number;
  /** Rows without a time. */
  readonly missing: number;
  /** Times in order, each once. */
  readonly distinct: Float64Array;
}

/** Sorts and counts. `distinct` is the given array itself when nothing was wrong. */
export function checkTimes(times: Float64Array): TimeCheck {
  let missing = 0;
  let sorted = true;
  let strictly = true;
  let last = Number.NEGATIVE_INFINITY;
  for (const t of times) {
    if (Number.isNaN(t)) missing++;
    else {
      if (t < last) sorted = false;
      if (t <= last) strictly = false;
      last = t;
    }
  }
  if (strictly && missing === 0) return { sorted, duplicates: 0, missing, distinct: times };
  const ordered = times.filter((t) => !Number.isNaN(t));
  if (!sorted) ordered.sort();
  const distinct = ordered.filter((t, i) => i === 0 || t !== ordered[i - 1]);
  return { sorted, duplicates: ordered.length - distinct.length, missing, distinct };
}
