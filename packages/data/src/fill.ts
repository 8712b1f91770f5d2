import type { Values } from "./table.ts";

/**
 * How a missing value is replaced. `linear`: on the straight line between its neighbours; `forward`: by the last value before
 * it; `zero`: by 0; `drop`: not at all, the rows are left out instead (which joins times that are not neighbours).
 */
export type FillRule = "linear" | "forward" | "zero" | "drop";

/** Values without a gap, and what it took. */
export interface Filled {
  /** The given array itself when nothing was missing, else a copy. */
  readonly values: Values;
  /** Values filled between two others. */
  readonly inner: number;
  /** Values filled before the first and after the last: these take the nearest value, or 0 under `zero`. */
  readonly outer: number;
}

/** Fills one column. A column without any value becomes 0 throughout. */
export function fillMissing(values: Values, rule: Exclude<FillRule, "drop">): Filled {
  const rows = values.length;
  let out = values;
  let [inner, outer, previous] = [0, 0, -1];
  for (let r = 0; r < rows; r++) {
    if (!Number.isNaN(values[r])) {
      previous = r;
      continue;
    }
    let next = r;
    while (next < rows && Number.isNaN(values[next])) next++;
    if (out === values) out = values.slice();
    const left = previous < 0 ? undefined : (values[previous] as number);
    const right = next === rows ? undefined : values[next];
    for (let gap = r; gap < next; gap++) {
      out[gap] = filling(rule, left, right, (gap - previous) / (next - previous));
    }
    if (left === undefined || right === undefined) outer += next - r;
    else inner += next - r;
    r = next - 1;
  }
  return { values: out, inner, outer };
}

function filling(rule: Exclude<FillRule, "drop">, left: number | undefined, right: number | undefined, part: number): number {
  if (rule === "zero") return 0;
  if (left === undefined) return right ?? 0;
  return right === undefined || rule === "forward" ? left : left + (right - left) * part;
}
