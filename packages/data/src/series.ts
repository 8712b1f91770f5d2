import { timeText } from "./civil.ts";
import { type CategoryEncoding, fitEncoding, oneHot, oneHotNames, slotsOf } from "./encode.ts";
import { DataError, listed, shown } from "./errors.ts";
import { type FillRule, fillMissing } from "./fill.ts";
import { detectFrequency, type Frequency, frequencyLabel, STEPS, stepsBetween } from "./frequency.ts";
import { type Group, groupRows } from "./groups.ts";
import type { DataNote, DataNotes } from "./notes.ts";
import { type RawColumn, regularize } from "./regularize.ts";
import { type RowTimes, stepTimes } from "./row-times.ts";
import { column, countMissing, numbers, type Table, type Values } from "./table.ts";
import { summarized, Tally } from "./tally.ts";
import { checkTimes, findTimeAxis } from "./time.ts";

/** Options of `toSeries`. */
export interface ToSeriesOptions {
  /** Columns to forecast; they are past inputs too. */
  readonly targets: readonly string[];
  /** Columns known up to now alone. Words become one-hot columns. */
  readonly covariates?: readonly string[];
  /** Columns known ahead as well: prices that are set, holidays, promotions. */
  readonly future?: readonly string[];
  /** Column of times; found by itself when left out. */
  readonly time?: string;
  /** Column that tells several series apart. */
  readonly series?: string;
  /** How missing values are filled. Default `linear`. */
  readonly fill?: FillRule;
  /** Distance between rows; detected when left out. Give the model's own when predicting. */
  readonly frequency?: Frequency;
  /** Vocabularies of word columns; learned from the table when left out. Give the model's own when predicting. */
  readonly encodings?: readonly CategoryEncoding[];
}

/** One regular series: a row for each step, and a number in every cell. */
export interface Series {
  /** Its name in the series column; empty when the file is one series. */
  readonly id: string;
  /** Rows up to the last one with a target: the history. */
  readonly rows: number;
  /** Rows after the history for which the future columns are known. */
  readonly ahead: number;
  /** Time of the first row, epoch ms; 0 without times. */
  readonly start: number;
  /** Time of each row of history and ahead [rows + ahead]; row numbers when the frequency is `step` without times. */
  readonly times: RowTimes;
  /** Targets and covariates [rows], future columns [rows + ahead], by name. */
  readonly columns: Readonly<Record<string, Values>>;
  /** For a target that had gaps: 1 where the file has the value, 0 where it was filled [rows]. Never score on a 0. */
  readonly observed: Readonly<Record<string, Uint8Array>>;
}

/** What a table says, ready for windows. */
export interface SeriesSet {
  /** The file's name. */
  readonly name: string;
  readonly series: readonly Series[];
  readonly frequency: Frequency;
  /** Columns of the file from which the times were read; empty when rows are steps. */
  readonly time: readonly string[];
  readonly targets: readonly string[];
  /** Past-only inputs, words as one-hot columns. */
  readonly covariates: readonly string[];
  /** Inputs known ahead, words as one-hot columns. */
  readonly future: readonly string[];
  readonly encodings: readonly CategoryEncoding[];
  /** Everything that reading and preparing changed or assumed. */
  readonly notes: DataNotes;
}

/**
 * Cuts a table into regular series: groups by the series column, finds times and frequency, sorts, merges, inserts gaps,
 * fills what is missing and turns words into one-hot columns. Rows before the first and after the last target are not
 * history; the latter stay as `ahead` as far as future columns reach. A file that needs none of it is not copied.
 *
 * @throws {DataError} for a column that is missing or of the wrong kind, a target without any value, several rows for each
 *   time where no series column was named.
 * @example
 * const table = await readCsv(bytes, { name: "weather.csv" });
 * const set = toSeries(table, { targets: ["temp_max"], covariates: ["wind", "weather"] });
 * frequencyLabel(set.frequency); // "daily"
 * set.covariates; // ["wind", "weather=drizzle", …, "weather=(other)"]
 */
export function toSeries(table: Table, options: ToSeriesOptions): SeriesSet {
  const notes: DataNote[] = [...table.notes];
  const axis = findTimeAxis(table, options.time);
  const roles = assignRoles(table, options, axis?.columns ?? []);
  const encodings = options.encodings ?? learnEncodings(table, roles, notes);
  const sources = rawColumns(table, roles, encodings, notes);
  const groups = groupRows(table, options.series);
  const times = axis === undefined ? [] : groups.map((group) => group.take(axis.times));
  if (axis !== undefined) refuseInterleaved(table, times, options.series, axis.columns);
  const frequency = options.frequency ?? (axis === undefined ? STEPS : decideFrequency(groups, times, notes));
  if (axis === undefined && frequency.unit !== "step") {
    throw new DataError(
      `${table.name} has no column of times, and ${frequencyLabel(frequency)} data is expected. Add the time of each row, ` +
        "as in the file the model learned from.",
    );
  }

  const series: Series[] = [];
  const seriesNotes: DataNote[] = [];
  const tally = new Tally();
  const regularized = (own: Float64Array, columns: readonly RawColumn[], id: string | undefined): Timed => {
    const { notes: found, ...regular } = regularize(own, columns, frequency, id);
    seriesNotes.push(...found);
    return regular;
  };
  groups.forEach((group, g) => {
    const columns = sources.map((c) => ({ ...c, values: group.take(c.values) }));
    const id = options.series === undefined ? undefined : group.id;
    const own = times[g];
    const regular = own === undefined ? { times: stepTimes(group.rows), columns } : regularized(own, columns, id);
    const finished = finish(group.id, regular, roles, encodings, options.fill ?? "linear", tally);
    if (finished !== undefined) series.push(finished);
    else if (id !== undefined) {
      const text = `Series ${shown(id)} has no value of ${listed(roles.targets)}; it was left out.`;
      seriesNotes.push({ kind: "shortSeries", count: 1, series: id, text });
    }
  });
  if (series.length === 0) {
    const target = roles.targets[0] ?? "";
    const reason =
      options.fill === "drop"
        ? "no row has a value in every column used. Use another rule to fill missing values, or fewer columns."
        : `column ${shown(target)} has no value in any row. Choose another target.`;
    throw new DataError(`${table.name}: ${reason}`, { column: target });
  }
  notes.push(...summarized(seriesNotes), ...tally.notes(options.fill ?? "linear"));
  const expanded = (names: readonly string[]) => names.flatMap((name) => expandedNames(name, encodings));
  return {
    name: table.name,
    series,
    frequency,
    time: axis?.columns ?? [],
    targets: roles.targets,
    covariates: expanded(roles.covariates),
    future: expanded(roles.future),
    encodings,
    notes,
  };
}

interface Roles {
  readonly targets: readonly string[];
  readonly covariates: readonly string[];
  readonly future: readonly string[];
}

/** Checks the names. A column has one role: target before future before covariate. */
function assignRoles(
  table: Table,
  { targets, covariates = [], future = [], series }: ToSeriesOptions,
  time: readonly string[],
): Roles {
  if (targets.length === 0) {
    const usable = table.columns.filter((c) => c.kind === "number" && !time.includes(c.name)).map((c) => c.name);
    throw new DataError(`${table.name}: name at least one target column. Columns of numbers are ${listed(usable)}.`);
  }
  for (const name of targets) numbers(table, name);
  for (const name of [...targets, ...covariates, ...future]) {
    const kind = column(table, name).kind;
    if (kind !== "time" && name !== series && !time.includes(name)) continue;
    const role = name === series ? "tells the series apart" : "holds times";
    throw new DataError(
      `${table.name}: column ${shown(name)} ${role} and cannot be an input or a target as well. ` +
        "Leave it out; calendar features are made from the times.",
      { column: name },
    );
  }
  const unique = (names: readonly string[], taken: readonly string[]) => [...new Set(names)].filter((n) => !taken.includes(n));
  const ahead = unique(future, targets);
  return { targets: unique(targets, []), future: ahead, covariates: unique(covariates, [...targets, ...ahead]) };
}

function learnEncodings(table: Table, { covariates, future }: Roles, notes: DataNote[]): CategoryEncoding[] {
  return [...covariates, ...future].flatMap((name) => {
    const found = column(table, name);
    if (found.kind !== "category") return [];
    const fitted = fitEncoding(found);
    notes.push(...fitted.notes);
    return [fitted.encoding];
  });
}

/** Each input as numbers: words as slots of their vocabulary, NaN where missing. */
function rawColumns(table: Table, roles: Roles, encodings: readonly CategoryEncoding[], notes: DataNote[]): RawColumn[] {
  return [...roles.targets, ...roles.covariates, ...roles.future].map((name): RawColumn => {
    const encoding = encodings.find((e) => e.column === name);
    if (encoding === undefined) return { name, kind: "number", values: numbers(table, name) };
    const found = column(table, name);
    if (found.kind !== "category") {
      throw new DataError(
        `${table.name}: column ${shown(name)} holds numbers; the model learned from a column of words ` +
          `(${listed(encoding.vocabulary)}). Give it the same kind of column, or train again.`,
        { column: name },
      );
    }
    const { slots, notes: unknown } = slotsOf(encoding, found);
    notes.push(...unknown);
    const values = Float32Array.from(found.codes, (code) => (code < 0 ? Number.NaN : (slots[code] as number)));
    return { name, kind: "code", values };
  });
}

/** Several rows for each time are several series: a mean over them would be nonsense that looks like data. */
function refuseInterleaved(
  table: Table,
  times: readonly Float64Array[],
  series: string | undefined,
  axis: readonly string[],
): void {
  const rows = times.reduce((sum, t) => sum + t.length, 0);
  const duplicates = times.reduce((sum, t) => sum + checkTimes(t).duplicates, 0);
  if (duplicates <= rows / 4) return;
  const names = table.columns.filter((c) => c.kind === "category" && c.categories.length > 1).map((c) => c.name);
  const each = (rows / Math.max(1, rows - duplicates)).toFixed(1);
  throw new DataError(
    `${table.name}: each time in ${listed(axis)} occurs ${each} times on average` +
      `${series === undefined ? "" : ` in one series of ${shown(series)}`}, so the file holds several series in one another. ` +
      (names.length > 0 ? `Name the column that tells them apart, such as ${listed(names)}.` : "Keep one row for each time."),
    { column: axis[0] ?? "" },
  );
}

/** The frequency of the longest series; steps when the times are too irregular for a grid, which a note says. */
function decideFrequency(groups: readonly Group[], times: readonly Float64Array[], notes: DataNote[]): Frequency {
  const distinct = times.map((t) => checkTimes(t).distinct);
  const longest = distinct.reduce((a, b) => (b.length > a.length ? b : a), new Float64Array());
  const { frequency, regularShare } = detectFrequency(longest);
  const rows = distinct.reduce((sum, t) => sum + t.length, 0);
  const slots = distinct.reduce((sum, t) => sum + 1 + stepsBetween(t[0] ?? 0, t.at(-1) ?? 0, frequency), 0);
  if (regularShare >= 0.9 && slots <= 2 * rows + groups.length) return frequency;
  const label = frequencyLabel(frequency);
  const why =
    regularShare < 0.9
      ? `only ${Math.round(100 * regularShare)} % of the rows follow the commonest distance (${label})`
      : `a grid (${label}) from ${timeText(longest[0] ?? 0)} to ${timeText(longest.at(-1) ?? 0)} would be mostly empty`;
  const text = `The times are irregular: ${why}. The rows were taken as equal steps, in order of time.`;
  notes.push({ kind: "irregular", count: rows, text });
  return STEPS;
}

/** A row for each step, with its time. */
interface Timed {
  readonly times: RowTimes;
  readonly columns: readonly RawColumn[];
}

/** Trims, fills and encodes one series; undefined when it has no target value at all. */
function finish(
  id: string,
  { times, columns }: Timed,
  roles: Roles,
  encodings: readonly CategoryEncoding[],
  fill: FillRule,
  tally: Tally,
): Series | undefined {
  const present = (names: readonly string[], row: number) =>
    columns.some((c) => names.includes(c.name) && !Number.isNaN(c.values[row]));
  let from = 0;
  while (from < times.length && !present(roles.targets, from)) from++;
  if (from === times.length) return undefined;
  let to = times.length;
  while (!present(roles.targets, to - 1)) to--;
  let end = times.length;
  while (end > to && !present(roles.future, end - 1)) end--;
  tally.add("trimmed", from + times.length - end);

  const kept = fill === "drop" ? completeRows(columns, roles, from, to, end) : undefined;
  const pick = <T extends Values>(values: T, last: number): T => {
    if (kept === undefined) return values.subarray(from, last) as T;
    const rows = kept.filter((r) => r < last);
    const out = values.slice(0, rows.length) as T;
    rows.forEach((r, i) => {
      out[i] = values[r] as number;
    });
    return out;
  };
  if (kept !== undefined) tally.add("dropped", end - from - kept.length);
  const rows = kept === undefined ? to - from : kept.filter((r) => r < to).length;
  if (rows === 0) return undefined;

  const out: Record<string, Values> = Object.create(null);
  const observed: Record<string, Uint8Array> = Object.create(null);
  for (const { name, kind, values } of columns) {
    const part = pick(values, roles.future.includes(name) ? end : to);
    const encoding = encodings.find((e) => e.column === name);
    if (kind === "code" && encoding !== undefined) {
      tally.add("missingWords", countMissing(part), name);
      const names = oneHotNames(encoding);
      oneHot(encoding, part).forEach((slot, i) => {
        out[names[i] as string] = slot;
      });
      continue;
    }
    const filled = fillMissing(part, fill === "drop" ? "linear" : fill);
    out[name] = filled.values;
    tally.add("filled", filled.inner + filled.outer, name);
    if (roles.targets.includes(name) && filled.values !== part)
      observed[name] = Uint8Array.from(part, (x) => (Number.isNaN(x) ? 0 : 1));
  }
  const timeline = kept === undefined ? times.subarray(from, end) : Float64Array.from(kept, (row) => times.at(row) as number);
  return { id, rows, ahead: timeline.length - rows, start: timeline.at(0) ?? 0, times: timeline, columns: out, observed };
}

/** Rows of the history in which nothing is missing, and rows ahead in which no future column is. */
function completeRows(columns: readonly RawColumn[], { future }: Roles, from: number, to: number, end: number): number[] {
  const rows: number[] = [];
  for (let r = from; r < end; r++) {
    const complete = columns.every((c) => (r >= to && !future.includes(c.name)) || !Number.isNaN(c.values[r]));
    if (complete) rows.push(r);
  }
  return rows;
}

function expandedNames(name: string, encodings: readonly CategoryEncoding[]): string[] {
  const encoding = encodings.find((e) => e.column === name);
  return encoding === undefined ? [name] : oneHotNames(encoding);
}
