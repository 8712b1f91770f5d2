import { count, DataError, shown } from "./errors.ts";

/** Rows [from, to). */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** Parts of a series in order of time: what is learned from, what chooses the model, what judges it. */
export interface Split {
  readonly train: RowRange;
  readonly validation: RowRange;
  readonly test: RowRange;
}

/** Options of `split`. */
export interface SplitOptions {
  /** Rows of the series. */
  readonly rows: number;
  /** Steps predicted at once; no part is shorter. */
  readonly horizon: number;
  /** Steps read before them, so that the training part holds at least one window. Default 1. */
  readonly windowLength?: number;
  /** Rows of the test part, or their share when below 1. Default: 15 % of the rows, at least the horizon. */
  readonly test?: number;
  /** Rows of the validation part, or their share of what the test part leaves. Default: 15 %, at least the horizon. */
  readonly validation?: number;
  /** What messages call the file and the series. */
  readonly file?: string;
  readonly series?: string;
}

const SHARE = 0.15;

/**
 * Splits a series by time: training first, then validation, then test. Nothing is shuffled, so no part knows its future.
 * Parts of default size shrink down to the horizon before a short series is refused.
 * @throws {DataError} when the rows do not suffice; the message says how many are needed.
 * @example splitByTime({ rows: 144, horizon: 12 }) // train 0–104, validation 104–122, test 122–144
 */
export function splitByTime(options: SplitOptions): Split {
  const { rows, horizon, windowLength = 1 } = options;
  const smallestTrain = windowLength + horizon;
  const testLeast = options.test === undefined ? horizon : sized("test", options.test, rows, horizon);
  const validationLeast =
    options.validation === undefined ? horizon : sized("validation", options.validation, rows - testLeast, horizon);
  if (rows < smallestTrain + validationLeast + testLeast) {
    throw tooShort(options, smallestTrain, validationLeast, testLeast);
  }
  const roomy = (least: number, total: number, given: number | undefined, limit: number) =>
    given === undefined ? Math.max(least, Math.min(Math.round(SHARE * total), limit)) : least;
  const test = roomy(testLeast, rows, options.test, rows - smallestTrain - validationLeast);
  const rest = rows - test;
  const validation = roomy(
    options.validation === undefined
      ? horizon
      : Math.min(sized("validation", options.validation, rest, horizon), rest - smallestTrain),
    rest,
    options.validation,
    rest - smallestTrain,
  );
  return {
    train: { from: 0, to: rest - validation },
    validation: { from: rest - validation, to: rest },
    test: { from: rest, to: rows },
  };
}

/** The rows that a count or a share asks for. */
function sized(part: string, wanted: number, rows: number, horizon: number): number {
  const n = wanted < 1 ? Math.round(wanted * rows) : wanted;
  if (wanted > 0 && (wanted < 1 || Number.isInteger(wanted)) && n >= horizon) return n;
  const meaning = wanted > 0 && wanted < 1 ? ` (${count(n, "row")} of ${rows})` : "";
  throw new DataError(
    `A ${part} part of ${wanted}${meaning} cannot hold a horizon of ${horizon}. ` +
      `Give a whole number of rows from ${horizon} up, or a share of the rows between 0 and 1.`,
  );
}

function tooShort(
  { rows, horizon, windowLength = 1, file, series }: SplitOptions,
  train: number,
  validation: number,
  test: number,
): DataError {
  const needed = train + validation + test;
  const fits = Math.floor((rows - windowLength) / 3);
  const where = file === undefined ? "" : `${file}: `;
  const subject = series === undefined || series === "" ? "the series" : `series ${shown(series)}`;
  const reading = windowLength > 1 ? ` with windows of ${windowLength}` : "";
  const ways = [
    ...(fits >= 1 && fits < horizon ? [`a shorter horizon (${fits} or less)`] : []),
    ...(windowLength > 1 ? ["a shorter window"] : []),
    "or a longer history",
  ];
  return new DataError(
    `${where}${subject} has ${count(rows, "row")}; horizon ${horizon}${reading} needs at least ${needed}: ` +
      `${train} to train, ${validation} to validate, ${test} to test.\n  Use ${ways.join(", ").replace(/^or /, "")}.`,
  );
}
