import { quantileOfSorted } from "../baselines/baseline.ts";

/** Shares of the validation errors that are kept for each band: enough for any interval up to 99 %. */
const SHARES: readonly number[] = [
  0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1,
];
/** Fewer errors than this say nothing about a share. */
const ENOUGH = 30;

/**
 * A learned band, and how wide it would have had to be. The ends of an interval are the median and the band's half-widths times
 * `factors[s]`, which held `SHARES[s]` of the validation part: conformal prediction with learned widths [Romano et al. 2019,
 * arXiv:1905.03222; Lei et al. 2018], pooled over the horizon.
 */
export interface Band {
  /** What the band was trained to hold, such as 0.8 for the quantiles 0.1 and 0.9. */
  readonly level: number;
  readonly lower: number;
  readonly upper: number;
  readonly factors: readonly number[];
}

/** The quantiles of one point, ascending, in the order of the recipe's levels. */
export type PointQuantiles = ArrayLike<number>;

/** Pairs of levels that lie symmetric about the median: their places and what lies between them. */
export function bandsOf(levels: readonly number[]): { level: number; lower: number; upper: number }[] {
  return levels.flatMap((low, lower) => {
    const upper = levels.findIndex((high) => Math.abs(low + high - 1) < 1e-9);
    return upper > lower ? [{ level: 1 - 2 * low, lower, upper }] : [];
  });
}

/** Measures, band by band, where the actual values of the validation part lay: 1 is on the learned end. */
export function fitBands(levels: readonly number[], points: readonly { actual: number; quantiles: PointQuantiles }[]): Band[] {
  const middle = levels.indexOf(0.5);
  return bandsOf(levels).map(({ level, lower, upper }) => {
    const places = points.flatMap(({ actual, quantiles }) => {
      const median = quantiles[middle] as number;
      const [below, above] = halvesOf(median, quantiles[lower] as number, quantiles[upper] as number);
      const half = actual >= median ? above : below;
      const place = Math.abs(actual - median) / half;
      return Number.isFinite(place) ? [place] : [];
    });
    const sorted = Float64Array.from(places).sort();
    const factors = SHARES.map((share) =>
      sorted.length < ENOUGH ? normalRatio(share, level) : quantileOfSorted(sorted, Math.min(1, share * (1 + 1 / sorted.length))),
    );
    return { level, lower, upper, factors };
  });
}

/**
 * The ends of the central interval of `level` (a fraction) around one point: the learned band nearest to the level, at the width
 * that held this share of the validation part.
 */
export function intervalAt(bands: readonly Band[], middle: number, quantiles: PointQuantiles, level: number): [number, number] {
  const median = quantiles[middle] as number;
  const [first] = bands;
  if (first === undefined || level < 1e-9) return [median, median];
  const band = bands.reduce((kept, next) => (Math.abs(next.level - level) < Math.abs(kept.level - level) ? next : kept), first);
  const factor = factorAt(band.factors, level);
  const [below, above] = halvesOf(median, quantiles[band.lower] as number, quantiles[band.upper] as number);
  return [median - factor * below, median + factor * above];
}

/**
 * The half-widths of a band on both sides of the median, neither less than a quarter of the whole: a side that was learned far too
 * narrow would otherwise ask for a factor that makes the other side absurd.
 */
function halvesOf(median: number, lower: number, upper: number): [number, number] {
  const least = (upper - lower) / 4;
  return [Math.max(median - lower, least), Math.max(upper - median, least)];
}

/** The factor of a share, on a line between those that were kept. */
function factorAt(factors: readonly number[], share: number): number {
  const above = SHARES.findIndex((kept) => kept >= share);
  const [low, high] = [SHARES[above - 1] ?? 0, SHARES[above] ?? 1];
  const part = above <= 0 ? 1 : (share - low) / (high - low);
  return (1 - part) * (factors[above - 1] ?? 0) + part * (factors[above] ?? factors.at(-1) ?? 1);
}

/** How much wider a normal interval of `share` is than one of `level`; with too few errors to measure it. */
function normalRatio(share: number, level: number): number {
  return normalHalfWidth(Math.min(share, 0.995)) / normalHalfWidth(level);
}

/** z with P(|Z| ≤ z) = share, by bisection of the error function's series. */
function normalHalfWidth(share: number): number {
  let [low, high] = [0, 8];
  for (let i = 0; i < 60; i++) {
    const z = (low + high) / 2;
    if (shareWithin(z) < share) low = z;
    else high = z;
  }
  return (low + high) / 2;
}

/** P(|Z| ≤ z) = √(2/π) Σ (−1)^k z^(2k+1) / (2^k k! (2k+1)). */
function shareWithin(z: number): number {
  if (z > 6) return 1;
  let [sum, power] = [0, z];
  for (let k = 0; k < 120; k++) {
    sum += power / (2 * k + 1);
    power *= (-z * z) / (2 * (k + 1));
  }
  return Math.sqrt(2 / Math.PI) * sum;
}
