import { frequencyLabel, type Table } from "@sluice/data";
import { type Model, VERSION } from "sluice";
import type { FanBand } from "../charts/fan-chart.ts";
import { errorHistogram } from "../report/histogram.ts";
import type { ColumnFacts, ForecastReport, NextStep, PartFacts, TargetReport } from "../report/report-data.ts";
import type { Band } from "./calibration.ts";
import type { ForecastOptions } from "./forecast-types.ts";
import { modelName } from "./forecaster-parts.ts";
import { type Judged, judgedLevels } from "./judge.ts";
import { rowLabel, type TimeFacts } from "./labels.ts";
import { targetsOf } from "./options.ts";
import type { Prepared } from "./prepare.ts";
import { type LearnedQuantiles, quantilesAt } from "./quantile-forecasts.ts";
import type { Trained } from "./train.ts";
import type { TrainingPlan } from "./training-plan.ts";

/** Forecasts of the worst that are listed. */
const WORST = 8;

/** Everything that a report is made from. */
export interface RunFacts {
  readonly table: Table;
  readonly options: ForecastOptions;
  readonly prepared: Prepared;
  readonly plan: TrainingPlan;
  readonly network: Model;
  readonly trained: Trained;
  readonly baseline: { readonly name: string; readonly value: number } | null;
  readonly learned: LearnedQuantiles;
  readonly bands: readonly (readonly Band[])[];
  readonly judged: readonly Judged[];
  readonly notes: readonly string[];
}

/** The run as the plain data that `renderReport` draws. */
export function reportFromRun(facts: RunFacts): ForecastReport {
  const { table, options, prepared, plan, network, trained, baseline } = facts;
  const { recipe, set } = prepared;
  const { history } = trained;
  const { layers, parameters } = network.describe();
  const names = targetsOf(options);
  const times = timesOf(prepared);
  const longest = prepared.series.reduce((a, b) => (b.rows > a.rows ? b : a));
  return {
    schema: "sluice.forecast/1",
    title: `${table.name}: ${names.join(", ")}, ${recipe.horizon} ${recipe.horizon === 1 ? "step" : "steps"} ahead`,
    createdAt: new Date().toISOString(),
    command: options.provenance?.command === undefined ? null : `npx sluice ${options.provenance.command}`,
    seed: options.seed ?? 0,
    horizon: recipe.horizon,
    windowLength: recipe.windowLength,
    data: {
      source: table.name,
      sha256: options.provenance?.sha256 ?? null,
      rows: table.rows,
      series: set.series.length,
      columns: columnFacts(table, facts),
      frequency: frequencyLabel(set.frequency),
      from: rowLabel(longest.times, 0, times),
      to: rowLabel(longest.times, longest.rows - 1, times),
      notes: [...facts.notes],
    },
    split: (["train", "validation", "test"] as const).map((part) => partFacts(part, prepared, plan)),
    training: {
      model: modelName(network),
      parameters,
      layers: layers.map(({ name, type, outputShape, parameters: own }) => ({
        name,
        kind: type,
        outputShape: outputShape.slice(1).join(" × "),
        parameters: own,
      })),
      loss: "pinball loss",
      epochs: history.loss.map((loss, i) => ({
        epoch: i + 1,
        train: loss,
        validation: history.valLoss[i] ?? null,
        seconds: trained.seconds[i] ?? 0,
      })),
      bestEpoch: trained.bestEpoch,
      ended: trained.ended,
      seconds: history.seconds,
      baseline,
    },
    targets: recipe.targets.map((_, t) => targetReport(facts, t)),
    settings: {
      cell: plan.sizes.cell,
      units: plan.sizes.units,
      features: plan.sizes.features,
      dropout: plan.sizes.dropout,
      members: plan.sizes.members,
      windowLength: recipe.windowLength,
      "steps read together": recipe.segment,
      "lags of the linear part": recipe.lags,
      quantiles: recipe.levels,
      batchSize: plan.batchSize,
      learningRate: plan.learningRate,
      epochs: plan.epochs,
      patience: plan.patience,
      scaler: "standard, fitted on the training part of each series",
      calendar: recipe.calendar.cycles.length === 0 ? null : recipe.calendar.cycles,
      intervals: "learned quantiles, widened or narrowed to hold on the validation part; 95 % from the 80 % band",
    },
    versions: { sluice: VERSION },
    environment: { backend: `${network.backend.name} (${network.backend.variant})` },
    runDir: null,
    modelPath: null,
    reportPath: null,
    next: nextSteps(options),
  };
}

function targetReport({ prepared, learned, bands, judged }: RunFacts, t: number): TargetReport {
  const { recipe } = prepared;
  const one = judged[t] as Judged;
  const { name, season } = recipe.targets[t] as { name: string; season: number };
  const best = one.methods.findIndex((method) => method.name === one.verdict.bestBaseline);
  const losses = one.losses[0] as Float64Array;
  const known = Array.from(losses.keys()).filter((o) => Number.isFinite(losses[o]));
  const ranked = known.sort((a, b) => (losses[b] as number) - (losses[a] as number));
  const shown = { prepared, learned, bands: bands[t] ?? [], judged: one, target: t, best: one.methods[best] };
  const fans = [
    { caption: "a typical forecast", o: ranked[ranked.length >> 1] },
    { caption: "the worst forecast", o: ranked[0] },
    { caption: "the latest forecast", o: one.places.length - 1 },
  ].filter(({ o }) => o !== undefined);
  return {
    target: name,
    unit: null,
    season,
    methods: one.results,
    verdict: one.verdict,
    echo: one.echo,
    fans: fans.map(({ caption, o }) => ({ caption, fan: fanAt(shown, o as number) })),
    residuals: errorHistogram(one.actual, (one.methods[0] as Judged["methods"][number]).points),
    worst: ranked.slice(0, WORST).map((o) => {
      const { series, row } = one.places[o] as { series: number; row: number };
      const from = prepared.series[series];
      return {
        series: from?.id ?? "",
        from: from === undefined ? "" : rowLabel(from.times, row, timesOf(prepared)),
        loss: losses[o] ?? null,
        baselineLoss: one.losses[best]?.[o] ?? null,
      };
    }),
  };
}

interface Shown {
  readonly prepared: Prepared;
  readonly learned: LearnedQuantiles;
  readonly bands: readonly Band[];
  readonly judged: Judged;
  readonly target: number;
  readonly best: Judged["methods"][number] | undefined;
}

function fanAt({ prepared, learned, bands, judged, target, best }: Shown, o: number): TargetReport["fans"][number]["fan"] {
  const { recipe } = prepared;
  const H = recipe.horizon;
  const { series, row } = judged.places[o] as { series: number; row: number };
  const one = prepared.series[series] as Prepared["series"][number];
  const before = Math.min(row, Math.max(2 * H, Math.min(recipe.windowLength, 4 * H)));
  const Q = recipe.levels.length * recipe.targets.length;
  const only = { places: [{ series, row }], values: learned.values.subarray(o * H * Q, (o + 1) * H * Q) };
  const quantiles = quantilesAt(only, recipe, target, bands, judgedLevels(recipe.levels));
  const band = (level: number): FanBand => {
    const end = (wanted: number) => quantiles.levels.findIndex((known) => Math.abs(known - wanted) < 1e-9);
    const read = (q: number) => Array.from({ length: H }, (_, h) => finite(quantiles.values[h * quantiles.levels.length + q]));
    return { level, lower: read(end((1 - level) / 2)), upper: read(end((1 + level) / 2)) };
  };
  const row1 = (values: Float64Array) => Array.from(values.subarray(o * H, (o + 1) * H), finite);
  return {
    series: one.id,
    labels: Array.from({ length: before + H }, (_, i) => rowLabel(one.times, row - before + i, timesOf(prepared))),
    history: Array.from({ length: before }, (_, i) => {
      const at = row - before + i;
      return one.observed[target]?.[at] === 0 ? null : finite(one.targets[target]?.[at]);
    }),
    actual: row1(judged.actual.values),
    forecast: row1((judged.methods[0] as Judged["methods"][number]).points.values),
    bands: [0.5, 0.95, ...(recipe.levels.includes(0.1) ? [0.8] : [])].sort((a, b) => a - b).map(band),
    baseline: best === undefined ? null : { name: best.name, values: row1(best.points.values) },
  };
}

function partFacts(name: "train" | "validation" | "test", prepared: Prepared, plan: TrainingPlan): PartFacts {
  const { series, splits } = prepared;
  const ranges = splits.map((split) => split[name]);
  const label = (s: number, row: number) => rowLabel(series[s]?.times ?? new Float64Array(), row, timesOf(prepared));
  const at = (s: number, row: number) => series[s]?.times.at(row) ?? 0;
  const first = ranges.reduce((kept, { from }, s) => (at(s, from) < at(kept, ranges[kept]?.from ?? 0) ? s : kept), 0);
  const last = ranges.reduce((kept, { to }, s) => (at(s, to - 1) > at(kept, (ranges[kept]?.to ?? 1) - 1) ? s : kept), 0);
  return {
    name,
    from: label(first, ranges[first]?.from ?? 0),
    to: label(last, (ranges[last]?.to ?? 1) - 1),
    rows: ranges.reduce((sum, { from, to }) => sum + to - from, 0),
    origins: plan[name].length,
  };
}

function columnFacts(table: Table, { options, prepared }: RunFacts): ColumnFacts[] {
  const targets = targetsOf(options);
  const { covariates = [], future = [], series } = options;
  const roleOf = (name: string): ColumnFacts["role"] => {
    if (targets.includes(name)) return "target";
    if (future.includes(name)) return "known future";
    if (covariates.includes(name)) return "past covariate";
    if (name === series) return "series";
    return prepared.set.time.includes(name) ? "time" : "unused";
  };
  return table.columns.map(({ name, kind, missing }) => ({ name, role: roleOf(name), type: kind, missing }));
}

function nextSteps({ provenance }: ForecastOptions): NextStep[] {
  const node = [
    'import { readFile } from "node:fs/promises";',
    'import { readCsv } from "@sluice/data";',
    'import { loadForecaster } from "@sluice/tasks";',
    "",
    'const forecaster = await loadForecaster(await readFile("model.safetensors"));',
    'const rows = await forecaster.predict(await readCsv(await readFile("data.csv"), { name: "data.csv" }), { levels: [50, 80, 95] });',
  ].join("\n");
  const command = { title: "On the command line", code: "npx sluice predict model.safetensors data.csv --level 50,80,95" };
  return [...(provenance?.command === undefined ? [] : [command]), { title: "In Node", code: node }];
}

function timesOf({ set }: Prepared): TimeFacts {
  return { frequency: set.frequency, timed: set.time.length > 0 };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
