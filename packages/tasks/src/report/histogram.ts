import { quantileOfSorted } from "../baselines/baseline.ts";
import type { Histogram } from "../charts/line-charts.ts";
import type { OriginMatrix } from "../metrics/origin-matrix.ts";

/**
 * Histogram of the errors ŷ − y in `bins` equal bins between their 0.5 % and 99.5 % quantiles, 0 on an edge between two bins; what lies further
 * out is counted in the outermost bins. Null when no error is finite.
 */
export function errorHistogram(actual: OriginMatrix, predicted: OriginMatrix, bins = 24): Histogram | null {
  const errors = predicted.values
    .map((guess, i) => guess - (actual.values[i] as number))
    .filter(Number.isFinite)
    .sort();
  if (errors.length === 0) return null;
  const low = Math.min(0, quantileOfSorted(errors, 0.005));
  const high = Math.max(0, quantileOfSorted(errors, 0.995));
  const width = (high - low) / (bins - 2) || 1; // two bins to spare, as 0 shifts the edges by up to one
  const first = Math.floor(low / width);
  const edges = Array.from({ length: bins + 1 }, (_, i) => (first + i) * width);
  const counts: number[] = Array(bins).fill(0);
  for (const error of errors) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(error / width) - first));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { edges, counts };
}
