import { civilFromDays, DAY_MS, daysFromCivil, daysInMonth, HOUR_MS, MINUTE_MS, WEEK_MS } from "./civil.ts";
import { type Frequency, stepMs } from "./frequency.ts";
import type { RowTimes } from "./row-times.ts";

/** A cycle of the calendar. The position of a time in it, as a sine and a cosine, tells a model what time it is. */
export type CalendarCycle = "minute" | "hour" | "day" | "week" | "month" | "year";

/** The cycles a model reads, plain data: saved beside it and used again on later times. */
export interface CalendarSpec {
  readonly cycles: readonly CalendarCycle[];
}

const LENGTH_MS: Record<CalendarCycle, number> = {
  minute: MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
  week: WEEK_MS,
  month: (365.2425 / 12) * DAY_MS,
  year: 365.2425 * DAY_MS,
};

/**
 * The cycles worth reading: those of at least four steps that a history of `span` ms goes through at least twice. The month
 * is read for days alone.
 * @example calendarFor({ unit: "minute", count: 30 }, 60 * 86_400_000) // { cycles: ["day", "week"] }
 */
export function calendarFor(frequency: Frequency, span: number): CalendarSpec {
  if (frequency.unit === "step") return { cycles: [] };
  const step = stepMs(frequency);
  const cycles = (Object.keys(LENGTH_MS) as CalendarCycle[]).filter(
    (cycle) =>
      LENGTH_MS[cycle] / step > 3.9 &&
      span >= 2 * LENGTH_MS[cycle] &&
      (cycle !== "month" || frequency.unit === "day" || frequency.unit === "weekday"),
  );
  return { cycles };
}

/** `sin(day)`, `cos(day)`, … in the order of `calendarColumns`. */
export function calendarNames({ cycles }: CalendarSpec): string[] {
  return cycles.flatMap((cycle) => [`sin(${cycle})`, `cos(${cycle})`]);
}

/** A sine and a cosine column for each cycle, from times in epoch ms. */
export function calendarColumns({ cycles }: CalendarSpec, times: RowTimes): Float32Array[] {
  return cycles.flatMap((cycle) => {
    const sine = new Float32Array(times.length);
    const cosine = new Float32Array(times.length);
    for (let i = 0; i < times.length; i++) {
      const angle = 2 * Math.PI * cyclePosition(cycle, times.at(i) as number);
      sine[i] = Math.sin(angle);
      cosine[i] = Math.cos(angle);
    }
    return [sine, cosine];
  });
}

/** How much of the cycle has passed at a time, 0 to 1: weeks from Monday, months and years by their own length. */
export function cyclePosition(cycle: CalendarCycle, time: number): number {
  if (cycle === "week") return fraction((time - 4 * DAY_MS) / WEEK_MS); // 1970-01-05 was a Monday
  if (cycle !== "month" && cycle !== "year") return fraction(time / LENGTH_MS[cycle]);
  const days = Math.floor(time / DAY_MS);
  const { year, month, day } = civilFromDays(days);
  const clock = (time - days * DAY_MS) / DAY_MS;
  if (cycle === "month") return (day - 1 + clock) / daysInMonth(year, month);
  const start = daysFromCivil(year, 1, 1);
  return (days - start + clock) / (daysFromCivil(year + 1, 1, 1) - start);
}

function fraction(x: number): number {
  return x - Math.floor(x);
}
