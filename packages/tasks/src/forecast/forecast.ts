import { frequencyLabel, type Table } from "@sluice/data";
import type { Model } from "sluice";
import type { ForecastOptions, ForecastPlan, ForecastRun } from "./forecast-types.ts";
import { Forecaster } from "./forecaster.ts";
import { judge } from "./judge.ts";
import { forecastNetwork } from "./network.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { reportFromRun } from "./report-from-run.ts";
import { trainResult } from "./scores.ts";
import { compareAt, trainBeside } from "./train-and-compare.ts";
import { planTraining, type TrainingPlan } from "./training-plan.ts";

/**
 * What `forecast` would do with the table, without training: lengths are checked here, in rows and dates.
 * @throws {DataError} when columns are missing or the history is too short; {ValueError} for an option outside its rule.
 */
export function plan(table: Table, options: ForecastOptions): ForecastPlan {
  const prepared = prepare(table, options);
  const training = planTraining(prepared, options);
  return describePlan(table, options, prepared, training, networkOf(prepared, training, options));
}

/**
 * Trains a forecaster and sets it beside last value, seasonal naive, drift, mean and ridge regression, all on the same split by
 * time: scalers, seasons and baselines see the training part alone, the validation part chooses the epoch and the width of the
 * intervals, the test part judges. The network forecasts all steps and quantiles at once (`forecastNetwork`).
 *
 * The same table, options and seed give the same weights. With `checkpoint`, a call after a killed one goes on to the same bits.
 * An abort keeps the best weights so far, and everything below is still done.
 * @throws {DataError} when columns are missing or the history is too short; {ValueError} for an option outside its rule.
 * @example
 * const table = await readCsv(await readFile("sales.csv"), { name: "sales.csv" });
 * const { forecaster, result, report } = await forecast(table, { target: "units", horizon: 14 });
 * console.log(result.verdict.sentences[0]); // "The LSTM wins: MASE 0.71 against 0.84 for ridge regression, …"
 * await writeFile("report.html", renderReport(report));
 */
export async function forecast(table: Table, options: ForecastOptions): Promise<ForecastRun> {
  const { onEvent = () => {} } = options;
  const prepared = prepare(table, options);
  const { recipe } = prepared;
  const plan = planTraining(prepared, options);
  const network = networkOf(prepared, plan, options);
  const planned = describePlan(table, options, prepared, plan, network);
  onEvent({ kind: "plan", plan: planned });
  const beside = await trainBeside(network, prepared, plan, options);
  const { trained, bands, baselines, best, missing } = beside;
  const { learned, comparisons } = await compareAt(beside, plan.test, (name) => onEvent({ kind: "evaluate", name }));
  const overlap = Math.ceil((recipe.horizon * plan.test.length) / plan.test.total);
  const report = reportFromRun({
    table,
    options,
    prepared,
    plan,
    network,
    trained,
    baseline: best && { name: best.baseline.name, value: best.value },
    learned,
    bands,
    judged: comparisons.map((comparison) => judge(comparison, overlap)),
    notes: [...planned.notes, ...missing, ...trained.history.warnings],
  });
  const result = trainResult(report);
  const history = report.training.epochs.map(({ train, validation }) => ({ loss: train ?? 0, validationLoss: validation ?? 0 }));
  return { forecaster: new Forecaster({ network, recipe, bands, baselines, record: { ...result, history } }), result, report };
}

function networkOf({ recipe }: Prepared, { sizes }: TrainingPlan, { seed = 0 }: ForecastOptions): Model {
  return forecastNetwork(recipe, sizes, { seed });
}

function describePlan(
  table: Table,
  options: ForecastOptions,
  prepared: Prepared,
  plan: TrainingPlan,
  network: Model,
): ForecastPlan {
  const { set, recipe, notes } = prepared;
  const { parameters } = network.describe();
  return {
    rows: table.rows,
    series: set.series.length,
    frequency: frequencyLabel(set.frequency),
    season: recipe.targets[0]?.season ?? 1,
    windowLength: recipe.windowLength,
    units: plan.sizes.units,
    parameters,
    trainWindows: plan.train.total,
    validationWindows: plan.validation.total,
    testWindows: plan.test.total,
    epochs: plan.epochs,
    batchSize: plan.batchSize,
    seed: options.seed ?? 0,
    memoryBytes: plan.memoryBytes + 16 * parameters,
    estimatedSeconds: plan.estimatedSeconds,
    notes: [...notes, ...plan.notes],
  };
}
