import { type Frequency, stepMs } from "./frequency.ts";
import type { Values } from "./table.ts";

/** Rows looked at, from the end: enough for two years of hours. */
const RECENT = 20_000;
/** Longest season that follows from a frequency: two days of minutes. */
const LONGEST_NAMED = 3000;
/** Longest season searched for where the frequency names none. */
const LONGEST_SEARCHED = 400;

/**
 * Steps after which the series repeats, or 1 when none is credible. Candidates follow from the frequency: an hour, a day, a
 * week, a year in steps; rows without times are searched for lags up to 400 that
 * fit four times.
 *
 * A sharp season shows in the changes from row to row: their autocorrelation at its lag is at least 0.1, beyond chance for so
 * many candidates, and stands out from both neighbouring lags. Of several the strongest wins; a longer one must win by 0.05.
 * Without any, a smooth season shows in the values, less their trend: they agree (0.4, or 0.5 in a search) after the whole
 * of it and oppose each other after half of it, as temperatures do over a year; the first such lag that is a peak wins.
 * @param values NaN is left out, pair by pair.
 * @example seasonLength(passengers, { unit: "month", count: 1 }) // 12
 */
export function seasonLength(values: Values, frequency: Frequency): number {
  const recent = values.subarray(Math.max(0, values.length - RECENT));
  const rows = recent.length;
  const searching = frequency.unit === "step";
  const lags = searching ? Array.from({ length: LONGEST_SEARCHED - 1 }, (_, i) => i + 2) : seasonCandidates(frequency);
  const candidates = lags.filter((lag) => lag <= (rows - 1) / (searching ? 4 : 2)); // a search wants to see it four times
  if (candidates.length === 0) return 1;
  const ofChanges = autocorrelation(differences(recent));
  const z = Math.sqrt(2 * Math.log(100 * candidates.length) * (1 + 2 * ofChanges(1) ** 2)); // [Bartlett 1946], to its first term
  let best = 1;
  let strongest = 0;
  for (const lag of candidates) {
    const r = ofChanges(lag);
    const chance = z / Math.sqrt(rows - lag);
    const prominence = r - Math.max(ofChanges(lag - 1), ofChanges(lag + 1));
    if (r < Math.max(0.1, chance) || prominence < Math.min(chance / 2, 0.1)) continue;
    if (r >= strongest + (best > 1 ? 0.05 : 0)) [best, strongest] = [lag, r];
  }
  if (best > 1) return best;
  const ofLevels = autocorrelation(withoutTrend(recent));
  const smooth = (lag: number): boolean => {
    const r = ofLevels(lag);
    if (r < (searching ? 0.5 : 0.4) || ofLevels(Math.round(lag / 2)) >= 0) return false;
    return !searching || (r >= ofLevels(lag - 1) && r >= ofLevels(lag + 1));
  };
  return candidates.find(smooth) ?? 1;
}

const DAY = 86_400_000;
const CYCLES_MS = [3_600_000, DAY, 7 * DAY, 365.2425 * DAY];

/** Steps in an hour, a day, a week and a year, shortest first: whole numbers (nearly, for a year) from 2 to 3,000. */
export function seasonCandidates(frequency: Frequency): number[] {
  if (frequency.unit === "step") return [];
  if (frequency.unit === "weekday") return frequency.count === 1 ? [5, 261] : [];
  const step = stepMs(frequency);
  return CYCLES_MS.flatMap((cycle) => {
    const steps = cycle / step;
    const whole = Math.round(steps);
    const near = Math.abs(steps - whole) < (cycle > 7 * DAY ? 0.01 * whole : 1e-6);
    return near && whole >= 2 && whole <= LONGEST_NAMED ? [whole] : [];
  });
}

/** x_t − x_{t−1}: without a level and a trend, which correlate at every lag. */
function differences(values: Values): Float64Array {
  return Float64Array.from(
    { length: Math.max(0, values.length - 1) },
    (_, t) => (values[t + 1] as number) - (values[t] as number),
  );
}

/** x_t less the straight line that fits best. */
function withoutTrend(values: Values): Float64Array {
  let [n, meanT, meanX] = [0, 0, 0];
  values.forEach((x, t) => {
    if (Number.isNaN(x)) return;
    n++;
    meanT += (t - meanT) / n;
    meanX += (x - meanX) / n;
  });
  let [tt, tx] = [0, 0];
  values.forEach((x, t) => {
    if (Number.isNaN(x)) return;
    tt += (t - meanT) ** 2;
    tx += (t - meanT) * (x - meanX);
  });
  const slope = tt === 0 ? 0 : tx / tt;
  return Float64Array.from(values, (x, t) => x - meanX - slope * (t - meanT));
}

/** The autocorrelation at a lag, each computed once. */
function autocorrelation(values: Float64Array): (lag: number) => number {
  let [n, mean, square] = [0, 0, 0];
  for (const x of values) if (!Number.isNaN(x)) mean += (x - mean) / ++n;
  for (const x of values) if (!Number.isNaN(x)) square += (x - mean) ** 2;
  const known = new Map<number, number>();
  const compute = (lag: number): number => {
    let [cross, pairs] = [0, 0];
    for (let t = lag; t < values.length; t++) {
      const product = ((values[t] as number) - mean) * ((values[t - lag] as number) - mean);
      if (Number.isNaN(product)) continue;
      cross += product;
      pairs++;
    }
    return square === 0 || pairs === 0 ? 0 : cross / pairs / (square / n);
  };
  return (lag) => {
    const r = known.get(lag) ?? compute(lag);
    known.set(lag, r);
    return r;
  };
}
