import type { FanData } from "../charts/fan-chart.ts";
import type { EpochRecord, Histogram } from "../charts/line-charts.ts";
import { formatCount, formatLevel, formatNumber, formatPercent } from "../format.ts";
import type { ForecastMetrics } from "../metrics/evaluate.ts";
import type { MethodResult } from "./report-data.ts";

/** How often the widest interval held in this one forecast. */
export function fanFinding({ series, labels, history, actual, bands }: FanData): string {
  const from = labels[history.length] ?? "";
  const widest = [...bands].sort((a, b) => b.level - a.level)[0];
  const known = actual.filter((value) => value !== null).length;
  const start = `${series === "" ? "Forecast" : `${series}, forecast`} from ${from}`;
  if (known === 0) return `${start}: nothing is known yet of what came.`;
  if (widest === undefined) return `${start}, ${formatCount(known, "step")} beside what came.`;
  const inside = actual.filter((y, h) => y !== null && y >= (widest.lower[h] ?? Infinity) && y <= (widest.upper[h] ?? -Infinity));
  return `${start}: ${inside.length} of ${formatCount(known, "actual value")} ${inside.length === 1 ? "lies" : "lie"} inside the ${formatLevel(widest.level)} interval.`;
}

/** How the model's error grows with the horizon, and where a baseline is better. */
export function horizonFinding(model: MethodResult, others: readonly MethodResult[]): string {
  const errors = model.metrics.byStep.mae;
  const [first, last] = [errors[0] ?? null, errors.at(-1) ?? null];
  const better = errors.filter((error, h) =>
    others.every(({ metrics }) => error !== null && error < (metrics.byStep.mae[h] ?? Infinity)),
  ).length;
  const growth =
    errors.length < 2
      ? `The ${model.name}'s error is ${formatNumber(first)}`
      : `The ${model.name}'s error goes from ${formatNumber(first)} one step ahead to ${formatNumber(last)} at step ${errors.length}`;
  return `${growth}; it is the lowest of all methods at ${better} of ${formatCount(errors.length, "step")}.`;
}

/** Whether validation loss was still falling, or has turned. */
export function lossFinding(epochs: readonly EpochRecord[], bestEpoch: number | null): string {
  const last = epochs.at(-1);
  if (last === undefined) return "No epoch was completed.";
  const best = epochs.find(({ epoch }) => epoch === bestEpoch);
  if (best === undefined || best.validation === null) {
    return `Training loss goes from ${formatNumber(epochs[0]?.train)} to ${formatNumber(last.train)} in ${formatCount(epochs.length, "epoch")}.`;
  }
  const until = `Validation loss is lowest at epoch ${best.epoch}, ${formatNumber(best.validation)}`;
  if (best.epoch === last.epoch) return `${until}, the last one: more epochs might still help.`;
  return last.validation !== null && last.validation > best.validation
    ? `${until}, and ${formatNumber(last.validation)} at epoch ${last.epoch}; the weights of epoch ${best.epoch} are kept.`
    : `${until}; the weights of that epoch are kept.`;
}

/** Which intervals are too narrow or too wide. */
export function calibrationFinding({ intervals, quantileCoverage }: ForecastMetrics): string {
  const known = intervals.filter(({ coverage }) => coverage !== null);
  if (known.length === 0) {
    const far = quantileCoverage
      .filter(({ below }) => below !== null)
      .map(({ level, below }) => Math.abs((below as number) - level));
    return `The observed shares differ from the promised ones by at most ${formatPercent(Math.max(0, ...far))}.`;
  }
  const told = known.map(({ level, coverage }) => `the ${formatLevel(level)} interval covers ${formatPercent(coverage)}`);
  const off = known.map(({ level, coverage }) => (coverage as number) - level);
  const worst = off.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  const words = Math.abs(worst) <= 0.05 ? "within 5 points of what they promise" : worst < 0 ? "too narrow" : "wider than needed";
  const sentence = `${told.join(", ")} of the actual values: the intervals are ${words}.`;
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** Whether forecasts lean to one side. */
export function residualFinding({ edges, counts }: Histogram, metrics: ForecastMetrics): string {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const high = counts.reduce((sum, count, bin) => sum + ((edges[bin] as number) >= 0 ? count : 0), 0);
  const lean =
    metrics.bias === null || metrics.bias === 0
      ? "no lean"
      : `${formatNumber(Math.abs(metrics.bias))} too ${metrics.bias > 0 ? "high" : "low"}`;
  return `${formatPercent(high / all)} of the forecasts are above what came; on average they are ${lean}.`;
}
