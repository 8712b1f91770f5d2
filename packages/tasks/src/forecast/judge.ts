import type { BaselineKind } from "../baselines/types.ts";
import { evaluateForecast, type OriginMatrix, originLosses, type QuantileMatrix, stackOrigins } from "../metrics/index.ts";
import type { MethodResult } from "../report/report-data.ts";
import { type EchoCase, type EchoVerdict, echoTest, type Verdict, weigh } from "../verdict/index.ts";
import type { Band } from "./calibration.ts";
import { actualAt, type BaselineView, baselineAt, bySeries, type FittedBaseline } from "./fit-baselines.ts";
import { type LearnedQuantiles, medians, quantilesAt } from "./quantile-forecasts.ts";
import type { Recipe } from "./recipe.ts";
import type { Place } from "./window-reader.ts";

/** Rows before the first origin that the echo test looks at. */
const BEFORE = 64;

/** What one method forecast at all places. */
export interface MethodForecasts {
  readonly name: string;
  readonly kind: BaselineKind | "model";
  readonly points: OriginMatrix;
  readonly quantiles: QuantileMatrix;
  readonly fitSeconds: number | null;
  readonly forecastSeconds: number | null;
}

/** Forecasts of one target by every method, the network first, at the same places. */
export interface Comparison {
  readonly places: readonly Place[];
  readonly actual: OriginMatrix;
  /** The denominator of MASE at each place, NaN where there is none. */
  readonly scale: Float64Array;
  readonly methods: readonly MethodForecasts[];
  readonly echoCases: readonly EchoCase[];
}

/** A comparison, scored. */
export interface Judged extends Comparison {
  readonly results: MethodResult[];
  /** Mean absolute scaled error of each method at each place. */
  readonly losses: readonly Float64Array[];
  readonly verdict: Verdict;
  readonly echo: EchoVerdict;
}

/** Options of `compare`. */
export interface CompareOptions {
  readonly recipe: Recipe;
  readonly target: number;
  readonly views: readonly BaselineView[];
  readonly learned: LearnedQuantiles;
  readonly bands: readonly Band[];
  readonly baselines: readonly FittedBaseline[];
  /** As it stands in tables: "LSTM". */
  readonly modelName: string;
  readonly modelSeconds: { readonly fit: number | null; readonly forecast: number | null };
  /** The denominator of MASE of each series. */
  readonly scales: readonly (number | null)[];
  readonly onMethod?: (name: string) => void;
}

/** The network's and every baseline's forecasts at the places of `learned`. */
export function compare(options: CompareOptions): Comparison {
  const { recipe, target, views, learned, bands, modelSeconds, onMethod } = options;
  const { places } = learned;
  onMethod?.(options.modelName);
  const model: MethodForecasts = {
    name: options.modelName,
    kind: "model",
    points: medians(learned, recipe, target),
    quantiles: quantilesAt(learned, recipe, target, bands, judgedLevels(recipe.levels)),
    fitSeconds: modelSeconds.fit,
    forecastSeconds: modelSeconds.forecast,
  };
  const baselines = options.baselines.map((baseline): MethodForecasts => {
    const { name, kind, seconds } = baseline;
    onMethod?.(name);
    const began = performance.now();
    const forecasts = baselineAt(baseline, views, places);
    return { name, kind, ...forecasts, fitSeconds: seconds, forecastSeconds: (performance.now() - began) / 1000 };
  });
  return {
    places,
    actual: actualAt(views, places, recipe.horizon),
    scale: Float64Array.from(places, ({ series }) => options.scales[series] ?? Number.NaN),
    methods: [model, ...baselines],
    echoCases: echoCases(views, places, model.points),
  };
}

/**
 * Scores every method and weighs the network against the others.
 * @param overlap how many successive places share a row of their horizons.
 */
export function judge(comparison: Comparison, overlap: number): Judged {
  const { places, actual, scale, methods, echoCases: cases } = comparison;
  const results = methods.map(({ name, kind, points, quantiles, fitSeconds, forecastSeconds }): MethodResult => {
    const metrics = evaluateForecast({ actual, predicted: points, quantiles, scale });
    return { name, kind, metrics, fitSeconds, forecastSeconds };
  });
  const losses = methods.map(({ points }) => originLosses(actual, points, scale));
  const [model, ...baselines] = methods.map(({ name }, m) => ({
    name,
    score: results[m]?.metrics.mase ?? null,
    losses: losses[m] as Float64Array,
  }));
  const verdict = weigh({
    metric: "MASE",
    model: model as (typeof baselines)[number],
    baselines,
    overlap,
    series: places.map(({ series }) => series),
  });
  return { ...comparison, results, losses, verdict, echo: echoTest(cases) };
}

/** Several comparisons of the same methods, one below the other. */
export function stackComparisons(parts: readonly Comparison[]): Comparison {
  const first = parts[0] as Comparison;
  const methods = first.methods.map((method, m): MethodForecasts => {
    const own = parts.map((part) => part.methods[m] as MethodForecasts);
    const points = stackOrigins(own.map((each) => each.points));
    const values = new Float64Array(points.values.length * method.quantiles.levels.length);
    let at = 0;
    for (const { quantiles } of own) {
      values.set(quantiles.values, at);
      at += quantiles.values.length;
    }
    return { ...method, points, quantiles: { ...method.quantiles, origins: points.origins, values } };
  });
  return {
    places: parts.flatMap((part) => part.places),
    actual: stackOrigins(parts.map((part) => part.actual)),
    scale: Float64Array.from(parts.flatMap((part) => [...part.scale])),
    methods,
    echoCases: parts.flatMap((part) => part.echoCases),
  };
}

/** The learned levels, and those of the 50 % and 95 % intervals, ascending. */
export function judgedLevels(learned: readonly number[]): number[] {
  return [...new Set([...learned, 0.025, 0.25, 0.75, 0.975])].sort((a, b) => a - b);
}

function echoCases(views: readonly BaselineView[], places: readonly Place[], predicted: OriginMatrix): EchoCase[] {
  const { horizon } = predicted;
  let from = 0;
  return bySeries(places).map(({ series, rows }) => {
    const { series: one, offset } = views[series] as BaselineView;
    const first = Math.max(0, (rows[0] ?? 0) - offset - BEFORE);
    const values = predicted.values.subarray(from * horizon, (from + rows.length) * horizon);
    from += rows.length;
    return {
      values: Array.from({ length: one.values.length - first }, (_, i) => one.values[first + i] as number),
      origins: rows.map((row) => row - offset - first),
      predicted: { origins: rows.length, horizon, values },
    };
  });
}
