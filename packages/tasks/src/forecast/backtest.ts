import { DataError, type Series, type SeriesSet, type Split, splitByTime, type Table } from "@sluice/data";
import { ValueError } from "sluice";
import type { BacktestOptions, BacktestResult } from "./forecast-types.ts";
import { type Comparison, judge, stackComparisons } from "./judge.ts";
import { rowLabel } from "./labels.ts";
import { forecastNetwork } from "./network.ts";
import { targetsOf } from "./options.ts";
import { type Prepared, prepare, type Splitter } from "./prepare.ts";
import { horizonTable, scoresOf, verdictOf } from "./scores.ts";
import { compareAt, type TrainedBeside, trainBeside } from "./train-and-compare.ts";
import { planTraining } from "./training-plan.ts";
import type { Place } from "./window-reader.ts";

/** Series that are listed as hard. */
const WORST = 20;

/** A moment of the past, and what was forecast from it. */
interface Fold {
  readonly prepared: Prepared;
  readonly places: readonly Place[];
  /** Of each target. */
  readonly comparisons: readonly Comparison[];
}

/**
 * Rolling origins: forecasts every series from several moments of its past and scores each against what came, beside the
 * baselines. Training and choosing use the rows before the first origin alone, or, with `refit`, those before each origin.
 * The last origin leaves one horizon of rows; those before lie `step` rows apart.
 * @throws {DataError} when no series is long enough, in rows; {ValueError} for an option outside its rule.
 * @example
 * const { metrics, folds } = await backtest(table, { target: "units", horizon: 12, windows: 6 });
 * metrics.model.mase; // over all folds
 */
export async function backtest(table: Table, options: BacktestOptions): Promise<BacktestResult> {
  const { horizon, windows = 8, step = horizon, refit = false, seed = 0 } = options;
  for (const [name, value] of Object.entries({ windows, step })) {
    if (!Number.isInteger(value) || value < 1)
      throw new ValueError(`Cannot backtest with ${name} ${value}: it is a whole number from 1 up.`);
  }
  const began = performance.now();
  const { checkpoint: _checkpoint, ...plain } = options;
  const folds: Fold[] = [];
  const notes = new Set<string>();
  let kept: { prepared: Prepared; beside: TrainedBeside } | null = null;
  for (let fold = 0; fold < windows; fold++) {
    if (kept === null || refit) kept = await trainBefore(table, plain, windows, fold, step);
    for (const note of kept.prepared.notes) notes.add(note);
    folds.push(await forecastFold(kept, horizon + (windows - 1 - fold) * step));
  }

  const overlap = Math.max(1, Math.ceil(horizon / step));
  const judged = targetsOf(options).map((target, t) => {
    const whole = judge(stackComparisons(folds.map(({ comparisons }) => comparisons[t] as Comparison)), overlap);
    return { target, methods: whole.results, verdict: whole.verdict, echo: whole.echo, whole };
  });
  return {
    schema: "sluice.backtest/1",
    target: options.target,
    horizon,
    seed,
    seconds: (performance.now() - began) / 1000,
    refit,
    notes: [...notes],
    folds: folds.map((fold) => describeFold(fold, horizon)),
    metrics: scoresOf(judged),
    horizonTable: horizonTable(judged),
    worstSeries: worstSeries(
      folds,
      judged.map(({ whole }) => whole.losses[0] as Float64Array),
    ),
    verdict: verdictOf(judged),
  };
}

/** Trains on the rows before the origin of a fold. */
async function trainBefore(
  table: Table,
  options: BacktestOptions,
  windows: number,
  fold: number,
  step: number,
): Promise<{ prepared: Prepared; beside: TrainedBeside }> {
  const { horizon, seed = 0 } = options;
  const prepared = prepare(table, options, splitBefore(horizon + (windows - 1 - fold) * step, windows, step));
  const plan = planTraining(prepared, options);
  const network = forecastNetwork(prepared.recipe, plan.sizes, { seed });
  return { prepared, beside: await trainBeside(network, prepared, plan, options) };
}

/** Everything from `back` rows before the end on is the test part; what lies before is split into training and validation. */
function splitBefore(back: number, windows: number, step: number): Splitter {
  return (set: SeriesSet, one: Series, horizon: number, windowLength: number): Split => {
    const origin = one.rows - back;
    const spared = windowLength + 2 * horizon;
    if (origin < spared) throw tooShort(set, one, { horizon, windowLength, windows, step, needed: spared + back });
    const { train, validation } = splitByTime({ rows: origin + horizon, horizon, windowLength, test: horizon });
    return { train, validation, test: { from: origin, to: one.rows } };
  };
}

function tooShort(
  { name, series }: SeriesSet,
  { id, rows }: Series,
  {
    horizon,
    windowLength,
    windows,
    step,
    needed,
  }: { horizon: number; windowLength: number; windows: number; step: number; needed: number },
): DataError {
  const subject = series.length > 1 ? `series ${JSON.stringify(id)}` : "the series";
  const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
  const fewer = Math.min(windows - 1, 1 + Math.floor((rows - windowLength - 3 * horizon) / step));
  const ways = [
    ...(fewer >= 1 ? [`${count(fewer, "backtest window")} (needs ${windowLength + 3 * horizon + (fewer - 1) * step})`] : []),
    "a shorter horizon",
    "or a longer history",
  ];
  return new DataError(
    `${name}: ${subject} has ${count(rows, "row")}; horizon ${horizon} with ${count(windows, "backtest window")} needs at least ${needed}.\n  Use ${ways.join(", ")}.`,
  );
}

async function forecastFold({ prepared, beside }: { prepared: Prepared; beside: TrainedBeside }, back: number): Promise<Fold> {
  const places = prepared.series.map(({ rows }, series) => ({ series, row: rows - back }));
  const { comparisons } = await compareAt(beside, { length: places.length, place: (index) => places[index] as Place });
  return { prepared, places, comparisons };
}

function describeFold({ prepared, places, comparisons }: Fold, horizon: number): BacktestResult["folds"][number] {
  const facts = { frequency: prepared.set.frequency, timed: prepared.set.time.length > 0 };
  const [first] = places;
  const times = prepared.series[first?.series ?? 0]?.times ?? new Float64Array();
  const judged = comparisons.map((comparison, t) => {
    const { results, verdict, echo } = judge(comparison, 1);
    return { target: prepared.recipe.targets[t]?.name ?? "", methods: results, verdict, echo };
  });
  return {
    from: rowLabel(times, first?.row ?? 0, facts),
    to: rowLabel(times, (first?.row ?? 0) + horizon - 1, facts),
    metrics: scoresOf(judged),
  };
}

/** Mean absolute scaled error of each series over folds and targets, worst first. */
function worstSeries(folds: readonly Fold[], losses: readonly Float64Array[]): { series: string; mase: number | null }[] {
  const sums = new Map<string, { sum: number; count: number }>();
  let at = 0;
  for (const { prepared, places } of folds) {
    for (const { series } of places) {
      const id = prepared.series[series]?.id ?? "";
      const entry = sums.get(id) ?? { sum: 0, count: 0 };
      for (const each of losses) {
        const loss = each[at] as number;
        if (!Number.isFinite(loss)) continue;
        entry.sum += loss;
        entry.count++;
      }
      sums.set(id, entry);
      at++;
    }
  }
  const means = [...sums].map(([series, { sum, count }]) => ({ series, mase: count === 0 ? null : sum / count }));
  return means.sort((a, b) => (b.mase ?? -1) - (a.mase ?? -1)).slice(0, WORST);
}
