import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** A tensor as oracle files hold it. */
export interface OracleTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** The cases of `oracles/values/<name>.json`; `oracles/README.md` says what stands in them. */
export function oracleCases<C>(name: string): C[] {
  const file = new URL(`../../../../oracles/values/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { cases: C[] }).cases;
}

/** Every |actual − expected| ≤ atol + rtol·|expected|; NaN equals NaN. The message names the worst place. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol = 0, atol = 0 }: { readonly rtol?: number; readonly atol?: number },
  what = "values",
): void {
  expect(actual.length, `number of ${what}`).toBe(expected.length);
  let worst = -1;
  let excess = 0;
  for (let k = 0; k < expected.length; k++) {
    const a = actual[k]!;
    const e = expected[k]!;
    if (Object.is(a, e) || a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    const over = Math.abs(a - e) - atol - rtol * Math.abs(e);
    if (!(over <= excess)) {
      worst = k;
      excess = Number.isNaN(over) ? Number.POSITIVE_INFINITY : over;
    }
  }
  if (worst >= 0) {
    expect.fail(`${what}[${worst}] is ${actual[worst]}, expected ${expected[worst]} (rtol ${rtol}, atol ${atol}).`);
  }
}
