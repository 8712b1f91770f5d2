import { type Column, numbers, type Table, type Values } from "@sluice/data";

/** Furthest shift in either direction that is tried. */
const MOST_SHIFT = 100;
/** Fewest rows on which two columns must agree to be called the same. */
const FEWEST_ROWS = 10;
const SAME = 0.9999;

/** A column that gives the target away. */
export interface Leak {
  readonly column: string;
  readonly text: string;
}

/** Columns that are the target itself, the target from another row, or the target in another unit (|r| > 0.9999). */
export function leaks(table: Table, target: string, inputs: readonly Column[]): Leak[] {
  const y = numbers(table, target);
  return inputs.flatMap(({ name, kind }): Leak[] => {
    if (kind !== "number") return [];
    const x = numbers(table, name);
    const shift = shiftBetween(x, y);
    if (shift !== null)
      return [
        { column: name, text: `Column "${name}" is "${target}" ${places(shift)}: as an input it would give the answer away.` },
      ];
    const r = correlation(x, y);
    if (Math.abs(r) <= SAME) return [];
    return [
      {
        column: name,
        text: `Column "${name}" is "${target}" in another form (correlation ${r.toFixed(5)}): is it known when you forecast?`,
      },
    ];
  });
}

function places(shift: number): string {
  const rows = `${Math.abs(shift)} row${Math.abs(shift) === 1 ? "" : "s"}`;
  if (shift === 0) return "itself";
  return shift > 0 ? `from ${rows} later` : `from ${rows} before`;
}

/** The k for which x[t] = y[t + k] in every row where both have a value; null when there is none. Nearest shift first. */
function shiftBetween(x: Values, y: Values): number | null {
  for (let size = 0; size <= Math.min(MOST_SHIFT, x.length - FEWEST_ROWS); size++) {
    if (agree(x, y, size)) return size;
    if (size > 0 && agree(x, y, -size)) return -size;
  }
  return null;
}

function agree(x: Values, y: Values, k: number): boolean {
  let n = 0;
  let varied = false;
  for (let t = Math.max(0, -k), last = Number.NaN; t < x.length && t + k < y.length; t++) {
    const [a, b] = [x[t] as number, y[t + k] as number];
    if (Number.isNaN(a) || Number.isNaN(b)) continue;
    if (a !== b) return false;
    if (n > 0 && a !== last) varied = true;
    last = a;
    n++;
  }
  return varied && n >= Math.max(FEWEST_ROWS, (x.length - Math.abs(k)) / 2);
}

/** Pearson's r over the rows where both have a value; 0 when either is constant there or they are too few. */
function correlation(x: Values, y: Values): number {
  let [n, meanX, meanY, xx, yy, xy] = [0, 0, 0, 0, 0, 0];
  for (let t = 0; t < x.length; t++) {
    const [a, b] = [x[t] as number, y[t] as number];
    if (Number.isNaN(a) || Number.isNaN(b)) continue;
    n++;
    const [dx, dy] = [a - meanX, b - meanY];
    meanX += dx / n;
    meanY += dy / n;
    xx += dx * (a - meanX);
    yy += dy * (b - meanY);
    xy += dx * (b - meanY);
  }
  return n < FEWEST_ROWS || xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}
