import {
  type ColumnSummary,
  checkTimes,
  column,
  DataError,
  describe,
  detectFrequency,
  type Frequency,
  findTimeAxis,
  frequencyLabel,
  numbers,
  STEPS,
  seasonCandidates,
  seasonLength,
  stepsBetween,
  type Table,
  timeText,
  toSeries,
  type Values,
} from "@sluice/data";
import { leaks } from "./leakage.ts";

/** What `look` tells of a file, as plain data. */
export interface Look {
  readonly schema: "sluice.look/1";
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly ColumnSummary[];
  /** Null when rows are steps without times. */
  readonly time: {
    readonly columns: readonly string[];
    readonly from: string;
    readonly to: string;
    readonly sorted: boolean;
    /** Rows whose time another row of the same series has as well. */
    readonly duplicates: number;
    /** Steps between first and last that have no row. */
    readonly gaps: number;
  } | null;
  readonly frequency: string;
  /** Column that tells several series apart; null for one series. */
  readonly series: { readonly column: string; readonly count: number } | null;
  /** A column to forecast: the one asked for, else a guess; null when no column has numbers. */
  readonly target: string | null;
  /** Steps after which the target repeats; 1 when it does not. */
  readonly season: number;
  readonly horizon: number;
  /** Columns that would help to forecast, as inputs known up to now. */
  readonly covariates: readonly string[];
  /** What reading and ordering the rows changes or assumes, as sentences. */
  readonly notes: readonly string[];
  /** What would make a forecast look better than it is, or fail. */
  readonly warnings: readonly string[];
}

/** Options of `look`. */
export interface LookOptions {
  readonly target?: string | undefined;
  readonly time?: string | undefined;
  readonly series?: string | undefined;
}

/**
 * Looks at a table without training anything.
 * @throws {DataError} when a named column is missing or of the wrong kind.
 */
export function lookAt(table: Table, options: LookOptions = {}): Look {
  const axis = findTimeAxis(table, options.time);
  const target = options.target ?? guessTarget(table, axis?.columns ?? []);
  if (options.target !== undefined) numbers(table, options.target);
  const { series, notes, trouble, frequency, first } = seriesOf(table, target, options, axis?.times);
  const values = target === null ? new Float64Array() : (first ?? numbers(table, target));
  const season = target === null ? 1 : seasonLength(values, frequency);
  const roles = [...(axis?.columns ?? []), ...(series === null ? [] : [series.column])];
  const inputs = table.columns.filter(({ name, kind }) => name !== target && kind !== "time" && !roles.includes(name));
  const leaking = target === null ? [] : leaks(table, target, inputs);
  const leakyNames = new Set(leaking.map((leak) => leak.column));
  return {
    schema: "sluice.look/1",
    name: table.name,
    rows: table.rows,
    columns: describe(table),
    time: axis === undefined ? null : timeFacts(axis, frequency, series === null ? null : column(table, series.column)),
    frequency: frequencyLabel(frequency),
    series,
    target,
    season,
    horizon: guessHorizon(frequency, season, series === null ? table.rows : Math.floor(table.rows / series.count)),
    covariates: inputs.filter((input) => !leakyNames.has(input.name) && isUseful(table, input.name)).map(({ name }) => name),
    notes: [...new Set([...table.notes.map(({ text }) => text), ...notes])],
    warnings: [...trouble, ...leaking.map(({ text }) => text)],
  };
}

const TARGET_NAME = /^(y|target|value|values|sales|units|demand|price|close|load|count|ot)$/i;

/** A column called like a target, else the last column of numbers that varies. */
function guessTarget(table: Table, time: readonly string[]): string | null {
  const usable = describe(table).filter(
    ({ name, kind, min, max }) => kind === "number" && !time.includes(name) && max > min && !isCounter(numbers(table, name)),
  );
  return (usable.find(({ name }) => TARGET_NAME.test(name)) ?? usable.at(-1))?.name ?? null;
}

/** Words with more kinds than this say little to a small model. */
const MOST_KINDS = 30;

function isUseful(table: Table, name: string): boolean {
  const found = column(table, name);
  if (found.missing > table.rows / 2) return false;
  if (found.kind === "category") return found.categories.length > 1 && found.categories.length <= MOST_KINDS;
  return !isCounter(found.values) && found.values.some((value) => value !== found.values[0] && !Number.isNaN(value));
}

/** 1, 2, 3, …: the number of the row. */
function isCounter(values: Values): boolean {
  return values.length > 2 && values.every((value, i) => i === 0 || value - (values[i - 1] as number) === 1);
}

interface SeriesFinding {
  readonly series: Look["series"];
  readonly notes: readonly string[];
  readonly trouble: readonly string[];
  readonly frequency: Frequency;
  /** The target in the first series, in order of time. */
  readonly first: Values | null;
}

/** Tries the file as one series; where its times repeat, each column of words as the one that tells series apart. */
function seriesOf(
  table: Table,
  target: string | null,
  { time, series }: LookOptions,
  times: Float64Array | undefined,
): SeriesFinding {
  const plain = times === undefined ? STEPS : detectFrequency(checkTimes(times).distinct).frequency;
  const nothing: SeriesFinding = { series: null, notes: [], trouble: [], frequency: plain, first: null };
  if (target === null) return { ...nothing, trouble: ["No column holds numbers that vary, so there is nothing to forecast."] };
  const words = table.columns.filter(
    (c) => c.kind === "category" && c.categories.length > 1 && c.categories.length <= table.rows / 4,
  );
  const candidates = series === undefined ? [undefined, ...words.map(({ name }) => name)] : [series];
  let trouble = "";
  for (const name of candidates) {
    try {
      const set = toSeries(table, { targets: [target], ...(time && { time }), ...(name && { series: name }) });
      const [first] = set.series;
      return {
        series: name === undefined ? null : { column: name, count: set.series.length },
        notes: set.notes.map(({ text }) => text),
        trouble: [],
        frequency: set.frequency,
        first: first?.columns[target]?.subarray(0, first.rows) ?? null,
      };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      trouble ||= error.message;
    }
  }
  return { ...nothing, trouble: [trouble] };
}

function timeFacts(
  { columns, times }: { readonly columns: readonly string[]; readonly times: Float64Array },
  frequency: Frequency,
  by: ReturnType<typeof column> | null,
): Look["time"] {
  const { distinct, duplicates, sorted } = checkTimes(times);
  const [from = Number.NaN, to = Number.NaN] = [distinct[0], distinct.at(-1)];
  const groups =
    by?.kind === "category" ? by.categories.map((_, code) => times.filter((_, row) => by.codes[row] === code)) : [times];
  const checks = groups.map(checkTimes);
  const gap = ({ distinct: own }: { readonly distinct: Float64Array }) =>
    own.length < 2 || frequency.unit === "step"
      ? 0
      : Math.max(0, Math.round(stepsBetween(own[0] ?? 0, own.at(-1) ?? 0, frequency)) + 1 - own.length);
  return {
    columns,
    from: Number.isNaN(from) ? "" : timeText(from),
    to: Number.isNaN(to) ? "" : timeText(to),
    sorted: by === null ? sorted : checks.every((check) => check.sorted),
    duplicates: by === null ? duplicates : checks.reduce((sum, check) => sum + check.duplicates, 0),
    gaps: checks.reduce((sum, check) => sum + gap(check), 0),
  };
}

/** A span of the calendar (a day of hours, a week of days, a year of months), else a season up to 48, else 12; at most a tenth of the rows. */
function guessHorizon(frequency: Frequency, season: number, rows: number): number {
  const natural = seasonCandidates(frequency).find((steps) => steps >= 4) ?? (season > 1 ? Math.min(season, 48) : 12);
  return Math.max(1, Math.min(natural, Math.floor(rows / 10)));
}
