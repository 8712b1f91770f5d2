/**
 * A number for people: whole numbers in full with thousands ("12,345"), others with `digits` significant digits ("0.8312",
 * "12,346"), powers of ten for the very large and small ("1.234e-7"), "–" for a value that is missing or not finite.
 */
export function formatNumber(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return minus(trimExponential(value.toExponential(digits - 1)));
  const decimals = Number.isInteger(value) ? 0 : Math.max(0, digits - 1 - exponentOf(size, digits));
  const [whole = "", fraction] = value.toFixed(Math.min(decimals, 20)).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return minus(fraction === undefined ? grouped : `${grouped}.${fraction}`);
}

/** A fraction in percent with one decimal: 0.0951 → "9.5 %"; beyond 10,000 % the size says no more: "over 10,000 %". */
export function formatPercent(fraction: number | null | undefined): string {
  if (fraction === null || fraction === undefined || !Number.isFinite(fraction)) return "–";
  if (Math.abs(fraction) > 100) return fraction > 0 ? "over 10,000 %" : `under ${minus("-10,000")} %`;
  const text = (100 * fraction).toFixed(1);
  const shown = text === "-0.0" ? "0.0" : text;
  return `${minus(shown.replace(/\B(?=(\d{3})+\.)/g, ","))} %`;
}

/** A level such as 0.8 as "80 %", 0.975 as "97.5 %". */
export function formatLevel(level: number): string {
  return `${Number((100 * level).toFixed(4))} %`;
}

/** A correlation with three decimals: "0.998". */
export function formatCorrelation(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : minus(value.toFixed(3));
}

/** Seconds for people: "840 ms", "12.3 s", "1m08s", "2h03m". */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

/** A p-value: "p < 0.001", "p = 0.031". */
export function formatP(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`;
}

/** "1 origin", "1,234 origins". */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(count)} ${count === 1 ? noun : plural}`;
}

/** A column of a plain-text table; numbers stand right, words left. */
export interface TableColumn {
  title: string;
  align?: "left" | "right";
}

/**
 * A table of aligned columns for a terminal or a log, two spaces between columns, a rule under the titles, no colour, no
 * trailing spaces. Control characters in cells are shown as "�", so that data cannot move the cursor.
 * @example
 * renderTable([{ title: "model" }, { title: "MASE", align: "right" }], [["LSTM", "0.8312"], ["naive", "1.204"]]);
 */
export function renderTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map((column) => column.title), ...rows].map((row) => columns.map((_, c) => printable(row[c] ?? "")));
  const widths = columns.map((_, c) => Math.max(...cells.map((row) => displayWidth(row[c] ?? ""))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, c) => {
        const space = " ".repeat((widths[c] ?? 0) - displayWidth(cell));
        return columns[c]?.align === "right" ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => "─".repeat(width))), ...body.map(line)].join("\n");
}

/** Columns that a text takes on a terminal: wide glyphs two, combining marks none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const glyph of text) {
    if (/^[\p{M}\p{Cf}]$/u.test(glyph)) continue;
    width += WIDE.test(glyph) ? 2 : 1;
  }
  return width;
}

const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}$/u;

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "�");
}

/** The power of ten of a number once rounded to `digits`: 999.96 with four digits is 1000, so 3. */
function exponentOf(size: number, digits: number): number {
  return size === 0 ? 0 : Number(size.toExponential(digits - 1).split("e")[1]);
}

function minus(text: string): string {
  return text.replace(/^-/, "−");
}

function trimExponential(text: string): string {
  return text.replace(/\.?0+e/, "e").replace("e+", "e");
}
