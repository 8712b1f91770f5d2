import { civilFromDays, DAY_MS, daysFromCivil, daysInMonth, HOUR_MS, MINUTE_MS, SECOND_MS, WEEK_MS } from "./civil.ts";

/** `weekday` steps from Friday to Monday; `step` counts rows where there is no time. */
export type FrequencyUnit = "second" | "minute" | "hour" | "day" | "weekday" | "week" | "month" | "quarter" | "year" | "step";

/** The distance between two rows: `{ unit: "minute", count: 30 }`. Only seconds may have a fractional count. */
export interface Frequency {
  readonly unit: FrequencyUnit;
  readonly count: number;
}

/** The frequency of data without times: rows are steps. */
export const STEPS: Frequency = { unit: "step", count: 1 };

const UNIT_MS = { second: SECOND_MS, minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS, week: WEEK_MS, step: 1 };
const UNIT_MONTHS = { month: 1, quarter: 3, year: 12 };
const LABELS = {
  second: "every second",
  minute: "every minute",
  hour: "hourly",
  day: "daily",
  weekday: "weekdays",
  week: "weekly",
  month: "monthly",
  quarter: "quarterly",
  year: "yearly",
  step: "steps",
};

/** `daily`, `30 minutes`, `quarterly`, `steps`: a frequency in words. */
export function frequencyLabel({ unit, count }: Frequency): string {
  return count === 1 ? LABELS[unit] : `${count} ${unit}s`;
}

/** The mean length of one step in ms; 1 for `step`. */
export function stepMs({ unit, count }: Frequency): number {
  if (unit === "month" || unit === "quarter" || unit === "year") return (count * UNIT_MONTHS[unit] * 365.2425 * DAY_MS) / 12;
  return unit === "weekday" ? (count * WEEK_MS) / 5 : count * UNIT_MS[unit];
}

/**
 * The time `n` steps after `time` (epoch ms; before it for a negative n). Months keep the day where they have it; the last
 * day of a month stays the last day.
 */
export function addSteps(time: number, n: number, { unit, count }: Frequency): number {
  if (unit === "month" || unit === "quarter" || unit === "year") return addMonths(time, n * count * UNIT_MONTHS[unit]);
  if (unit === "weekday") {
    const days = Math.floor(time / DAY_MS);
    return dayOfWeekday(weekdayNumber(days) + n * count) * DAY_MS + (time - days * DAY_MS);
  }
  return time + n * count * UNIT_MS[unit];
}

/** How many steps lie between two times, not rounded: 2.5 for half past two hours. */
export function stepsBetween(from: number, to: number, frequency: Frequency): number {
  const { unit, count } = frequency;
  if (unit === "month" || unit === "quarter" || unit === "year") {
    const months = monthNumber(to) - monthNumber(from);
    const whole = Math.round(months / (count * UNIT_MONTHS[unit]));
    return whole + (to - addSteps(from, whole, frequency)) / stepMs(frequency);
  }
  if (unit === "weekday") {
    const [a, b] = [Math.floor(from / DAY_MS), Math.floor(to / DAY_MS)];
    return (weekdayNumber(b) - weekdayNumber(a) + (to - from) / DAY_MS - (b - a)) / count;
  }
  return (to - from) / (count * UNIT_MS[unit]);
}

/**
 * The `n` times that follow `last`.
 * @example nextTimes(Date.UTC(1960, 11, 1), { unit: "month", count: 1 }, 2) // 1961-01-01, 1961-02-01
 */
export function nextTimes(last: number, frequency: Frequency, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => addSteps(last, i + 1, frequency));
}

/** Longest list of differences looked at; a longer series is read in evenly spread places. */
const SAMPLE = 50_000;

/** What the distances between the times of a series say. */
export interface FrequencyFinding {
  readonly frequency: Frequency;
  /** Share of neighbours that lie a whole number of steps apart, within a tenth of a step. */
  readonly regularShare: number;
}

/**
 * The frequency of sorted times without duplicates: the commonest distance, as months, quarters or years where the calendar
 * fits better than a fixed number of days, as weekdays where days come without Saturdays and Sundays. `step` for fewer than
 * two times.
 */
export function detectFrequency(times: Float64Array): FrequencyFinding {
  if (times.length < 2) return { frequency: STEPS, regularShare: 1 };
  const pairs = Math.min(times.length - 1, SAMPLE);
  const stride = Math.floor((times.length - 1) / pairs);
  const differences = Float64Array.from({ length: pairs }, (_, i) => at(times, i * stride + 1) - at(times, i * stride)).sort();
  const step = commonStep(differences);
  const candidates = [fromMs(step), ...calendarCandidates(times, step)];
  const share = (frequency: Frequency, tolerance: number): number => {
    let n = 0;
    for (let i = 0; i < pairs; i++) {
      const steps = stepsBetween(at(times, i * stride), at(times, i * stride + 1), frequency);
      if (Math.round(steps) >= 1 && Math.abs(steps - Math.round(steps)) <= tolerance) n++;
    }
    return n / pairs;
  };
  const single = (frequency: Frequency): number => {
    let n = 0;
    for (let i = 0; i < pairs; i++) {
      if (Math.abs(stepsBetween(at(times, i * stride), at(times, i * stride + 1), frequency) - 1) < 1e-6) n++;
    }
    return n / pairs;
  };
  let best = candidates[0] as Frequency;
  let bestSingle = single(best);
  for (const candidate of candidates.slice(1)) {
    const score = single(candidate);
    if (score >= bestSingle) [best, bestSingle] = [candidate, score];
  }
  return { frequency: best, regularShare: share(best, 0.1) };
}

/** The commonest of the sorted differences; of jittering ones the median, rounded to a usual step where one is near. */
function commonStep(sorted: Float64Array): number {
  let step = at(sorted, 0);
  let most = 0;
  for (let from = 0, i = 1; i <= sorted.length; i++) {
    if (i < sorted.length && sorted[i] === sorted[from]) continue;
    if (i - from > most) [step, most] = [at(sorted, from), i - from];
    from = i;
  }
  if (most >= 0.8 * sorted.length || sorted.length < 4) return step;
  const median = at(sorted, Math.floor(sorted.length / 2));
  const usual = [1, 2, 5, 10, 15, 20, 30].flatMap((n) => [n * SECOND_MS, n * MINUTE_MS]).concat([HOUR_MS, DAY_MS, WEEK_MS]);
  return usual.find((ms) => Math.abs(ms - median) < 0.05 * ms) ?? median;
}

function calendarCandidates(times: Float64Array, step: number): Frequency[] {
  const candidates: Frequency[] = [];
  const months = Math.round(step / ((365.2425 * DAY_MS) / 12));
  if (months >= 1 && step >= 28 * DAY_MS && Math.abs(step / DAY_MS - months * 30.437) < 3) {
    if (months % 12 === 0) candidates.push({ unit: "year", count: months / 12 });
    else if (months % 3 === 0) candidates.push({ unit: "quarter", count: months / 3 });
    else candidates.push({ unit: "month", count: months });
  }
  const weekend = times.some((t) => weekdayOf(Math.floor(t / DAY_MS)) >= 5);
  if (step === DAY_MS && !weekend && at(times, times.length - 1) - at(times, 0) > WEEK_MS) {
    candidates.push({ unit: "weekday", count: 1 });
  }
  return candidates;
}

/** A fixed distance in its largest whole unit. */
function fromMs(ms: number): Frequency {
  for (const unit of ["week", "day", "hour", "minute"] as const) {
    if (ms % UNIT_MS[unit] === 0) return { unit, count: ms / UNIT_MS[unit] };
  }
  return { unit: "second", count: ms / SECOND_MS };
}

function addMonths(time: number, months: number): number {
  const days = Math.floor(time / DAY_MS);
  const { year, month, day } = civilFromDays(days);
  const total = year * 12 + month - 1 + months;
  const [y, m] = [Math.floor(total / 12), (((total % 12) + 12) % 12) + 1];
  const length = daysInMonth(y, m);
  const target = day === daysInMonth(year, month) ? length : Math.min(day, length);
  return daysFromCivil(y, m, target) * DAY_MS + (time - days * DAY_MS);
}

/** Months since year 0, with the part of the month that has passed. */
function monthNumber(time: number): number {
  const days = Math.floor(time / DAY_MS);
  const { year, month, day } = civilFromDays(days);
  return year * 12 + month - 1 + (day - 1 + (time - days * DAY_MS) / DAY_MS) / daysInMonth(year, month);
}

/** 0 Monday … 6 Sunday; 1970-01-01 was a Thursday. */
function weekdayOf(days: number): number {
  return (((days + 3) % 7) + 7) % 7;
}

/** Weekdays counted through, Saturday and Sunday at the Monday after. */
function weekdayNumber(days: number): number {
  return Math.floor((days + 3) / 7) * 5 + Math.min(weekdayOf(days), 5);
}

/** The day of a count of weekdays. */
function dayOfWeekday(n: number): number {
  const week = Math.floor(n / 5);
  return week * 7 + (n - week * 5) - 3;
}

function at(values: Float64Array, i: number): number {
  return values[i] as number;
}
