import { DAY_MS, epochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from "./civil.ts";

/** One way of writing a time. Names are what a person would call it; a format is found again by its name. */
export interface TimeFormat {
  readonly name: string;
  /** Epoch milliseconds of a cell, NaN when the cell is written otherwise or names no real day. */
  readonly read: (cell: string) => number;
}

const ZONE = String.raw`(?: ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?`;
const CLOCK = String.raw`(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d{1,9})?))?(?: ?([AaPp])\.?[Mm]\.?)?${ZONE})?`;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const ISO: TimeFormat = format("YYYY-MM-DD", String.raw`(\d{4})([-/.])(\d{1,2})\2(\d{1,2})`, (m) => [m[1], m[3], m[4]], 5);

/** All formats, the commonest first. Without an offset a time is read as UTC. */
export const TIME_FORMATS: readonly TimeFormat[] = [
  { name: "YYYY-MM-DD", read: (cell) => readIso(cell) ?? ISO.read(cell) },
  format("YYYY-MM", String.raw`(\d{4})[-/.](\d{1,2})`, (m) => [m[1], m[2], "1"], 3),
  format("DD.MM.YYYY", String.raw`(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})`, (m) => [m[3], m[2], m[1]], 4),
  format("MM/DD/YYYY", String.raw`(\d{1,2})([-/])(\d{1,2})\2(\d{4}|\d{2})`, (m) => [m[4], m[1], m[3]], 5),
  format("DD/MM/YYYY", String.raw`(\d{1,2})([-/])(\d{1,2})\2(\d{4}|\d{2})`, (m) => [m[4], m[3], m[1]], 5),
  format("Mon D YYYY", String.raw`([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})`, (m) => [m[3], m[1], m[2]], 4),
  format("D Mon YYYY", String.raw`(\d{1,2})[- ]([A-Za-z]{3,9})\.?[- ](\d{4}|\d{2})`, (m) => [m[3], m[2], m[1]], 4),
  format("Mon YYYY", String.raw`([A-Za-z]{3,9})\.?[- ](\d{4})`, (m) => [m[2], m[1], "1"], 3),
  format("YYYY-Qn", String.raw`(\d{4})[- ]?[Qq]([1-4])`, (m) => [m[1], String(Number(m[2]) * 3 - 2), "1"], 3),
];

/** `1-01` for January of a first year, as in teaching data sets; tried only where a column's name speaks of time. */
export const RELATIVE_MONTH: TimeFormat = format("Y-MM", String.raw`(\d{1,3})-(\d{1,2})`, (m) => [m[1], m[2], "1"], 3);

type DateParts = readonly (string | undefined)[];

/** A format from the pattern of its date, the parts [year, month, day] of a match, and the group where the clock starts. */
function format(name: string, date: string, parts: (match: RegExpExecArray) => DateParts, clock: number): TimeFormat {
  const pattern = new RegExp(`^\\s*${date}${CLOCK}\\s*$`);
  const read = (cell: string): number => {
    if (cell.length > 48) return Number.NaN;
    const match = pattern.exec(cell);
    if (match === null) return Number.NaN;
    const [year = "", month = "", day = ""] = parts(match);
    return epochMs(readYear(year, name), readMonth(month), Number(day), readClock(match, clock));
  };
  return { name, read };
}

/**
 * `YYYY-MM-DD`, `YYYY-MM-DD hh:mm` and `YYYY-MM-DD hh:mm:ss` without a pattern, as they stand in files of millions of rows;
 * undefined for anything else, which the pattern then judges.
 */
function readIso(cell: string): number | undefined {
  const { length } = cell;
  if ((length !== 10 && length !== 16 && length !== 19) || cell[4] !== "-" || cell[7] !== "-") return undefined;
  const date = epochMs(digits(cell, 0, 4), digits(cell, 5, 7), digits(cell, 8, 10));
  if (length === 10) return Number.isNaN(date) ? undefined : date;
  if ((cell[10] !== " " && cell[10] !== "T") || cell[13] !== ":" || (length === 19 && cell[16] !== ":")) return undefined;
  const [hour, minute, second] = [digits(cell, 11, 13), digits(cell, 14, 16), length === 19 ? digits(cell, 17, 19) : 0];
  const time = date + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
  return hour < 24 && minute < 60 && second < 60 && !Number.isNaN(time) ? time : undefined;
}

/** The whole number that the characters [from, to) write; NaN when one of them is no digit. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Two digits mean 1970 to 2069, save in a count of years (`Y-MM`). */
function readYear(text: string, formatName: string): number {
  const year = Number(text);
  return text.length !== 2 || formatName === RELATIVE_MONTH.name ? year : year < 70 ? 2000 + year : 1900 + year;
}

function readMonth(text: string): number {
  const month = Number(text);
  if (!Number.isNaN(month)) return month;
  const lower = text.toLowerCase();
  const index = MONTHS.findIndex((name) => lower.startsWith(name));
  return index + 1; // 0 is no month, and epochMs answers NaN
}

/** Time of day in ms minus the offset from UTC; NaN for 25:00. 24:00 is the end of the day. */
function readClock(match: RegExpExecArray, at: number): number {
  const [hourText, minuteText = "0", secondText = "0", half, zone] = match.slice(at, at + 5);
  if (hourText === undefined) return 0;
  let hour = Number(hourText);
  const minute = Number(minuteText);
  const second = Number(secondText.replace(",", "."));
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return Number.NaN;
    hour = (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
  }
  const ms = hour * HOUR_MS + minute * MINUTE_MS + Math.round(second * SECOND_MS);
  if (minute > 59 || second >= 60 || ms > DAY_MS) return Number.NaN;
  return zone === undefined ? ms : ms - offsetMs(zone);
}

function offsetMs(zone: string): number {
  if (!/^[+-]/.test(zone)) return 0;
  const digits = zone.slice(1).replace(":", "");
  const ms = Number(digits.slice(0, 2)) * HOUR_MS + Number(digits.slice(2) || "0") * MINUTE_MS;
  return zone.startsWith("-") ? -ms : ms;
}

/** What the sample of a column says about how its times are written. */
export interface TimeGuess {
  readonly format: TimeFormat;
  /** Cells of the sample that the format reads. */
  readonly matches: number;
  /** Both day and month first read every cell; the month was taken to stand first. */
  readonly ambiguous: boolean;
}

/**
 * The format that reads most of the cells, or undefined when none reads the first of them or the second.
 * `MM/DD/YYYY` and `DD/MM/YYYY` are told apart by a number above 12; without one the month stands first.
 */
export function guessTimeFormat(cells: readonly string[], columnName: string): TimeGuess | undefined {
  const formats = /month|date|time|period|year/i.test(columnName) ? [...TIME_FORMATS, RELATIVE_MONTH] : TIME_FORMATS;
  const probes = cells.slice(0, 3);
  let best: { format: TimeFormat; matches: number } | undefined;
  let ties: string[] = [];
  for (const candidate of formats) {
    if (!probes.some((cell) => !Number.isNaN(candidate.read(cell)))) continue;
    const matches = cells.reduce((n, cell) => (Number.isNaN(candidate.read(cell)) ? n : n + 1), 0);
    if (best === undefined || matches > best.matches) {
      best = { format: candidate, matches };
      ties = [candidate.name];
    } else if (matches === best.matches) ties.push(candidate.name);
  }
  if (best === undefined) return undefined;
  return { ...best, ambiguous: ties.includes("MM/DD/YYYY") && ties.includes("DD/MM/YYYY") };
}
