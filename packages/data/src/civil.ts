/**
 * The proleptic Gregorian calendar in UTC, by integer arithmetic [Hinnant, "chrono-compatible low-level date algorithms"].
 * `Date.UTC` reads the years 0 to 99 as 1900 to 1999; these functions do not.
 */

export const SECOND_MS = 1000;
/** Milliseconds of a minute. */
export const MINUTE_MS: number = 60 * SECOND_MS;
/** Milliseconds of an hour. */
export const HOUR_MS: number = 60 * MINUTE_MS;
/** Milliseconds of a day. */
export const DAY_MS: number = 24 * HOUR_MS;
/** Milliseconds of a week. */
export const WEEK_MS: number = 7 * DAY_MS;

/** A day of the calendar: month 1 to 12, day 1 to 31. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days from 1970-01-01 to the given date. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year; // the year starts in March: the leap day is its last
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

/** The date that lies `days` after 1970-01-01. */
export function civilFromDays(days: number): CivilDate {
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const doe = z - era * 146097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day: doy - Math.floor((153 * mp + 2) / 5) + 1 };
}

/** Length of a month in days, 28 to 31. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Epoch milliseconds of a date and a time of day in ms; NaN for a date that no calendar has. */
export function epochMs(year: number, month: number, day: number, timeMs: number = 0): number {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return Number.NaN;
  return daysFromCivil(year, month, day) * DAY_MS + timeMs;
}

/** `2016-07-01`, or `2016-07-01 12:30` (and seconds where there are any): a time as it stands in a message. */
export function timeText(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const { year, month, day } = civilFromDays(days);
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  const rest = ms - days * DAY_MS;
  if (rest === 0) return date;
  const minutes = `${two(Math.floor(rest / HOUR_MS))}:${two(Math.floor(rest / MINUTE_MS) % 60)}`;
  const seconds = (rest % MINUTE_MS) / SECOND_MS;
  return seconds === 0 ? `${date} ${minutes}` : `${date} ${minutes}:${seconds < 10 ? "0" : ""}${Number(seconds.toFixed(3))}`;
}
