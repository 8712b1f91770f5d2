import { ValueError } from "sluice";
import type { ForecastOptions } from "./forecast-types.ts";

/** Levels learned unless told otherwise. */
const DEFAULT_LEVELS: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/**
 * Checks what can be checked without data.
 * @throws {ValueError} naming the option, its value and its rule.
 */
export function checkOptions(options: ForecastOptions): void {
  const { target, horizon, quantiles = [], seed = 0 } = options;
  if (target.length === 0) throw new ValueError("Cannot forecast without a target: name at least one column.");
  whole("horizon", horizon, 1);
  for (const name of ["windowLength", "units", "epochs", "batchSize"] as const) {
    const value = options[name];
    if (value !== undefined) whole(name, value, 1);
  }
  whole("seed", seed, 0);
  for (const name of ["learningRate", "budgetSeconds"] as const) {
    const value = options[name];
    if (value !== undefined && !(value > 0)) throw new ValueError(`Cannot use ${name} ${value}: it is a number above 0.`);
  }
  const ascends = quantiles.every((level, i) => level > 0 && level < 1 && level > (quantiles[i - 1] ?? 0));
  if (!ascends) {
    throw new ValueError(
      `Cannot learn the quantiles ${quantiles.join(", ")}: levels ascend between 0 and 1, such as 0.1, 0.5, 0.9.`,
    );
  }
}

function whole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new ValueError(`Cannot use ${name} ${value}: it is a whole number from ${least} up.`);
}

/** The targets as a list. */
export function targetsOf({ target }: Pick<ForecastOptions, "target">): string[] {
  return typeof target === "string" ? [target] : [...target];
}

/** The quantile levels to learn, ascending: those asked for, each with its mirror image (an interval has two ends), and the median. */
export function levelsOf({ quantiles = DEFAULT_LEVELS }: Pick<ForecastOptions, "quantiles">): number[] {
  const asked = quantiles.some((level) => level !== 0.5) ? quantiles : [0.1, 0.9];
  return [...new Set([...asked, ...asked.map((level) => Number((1 - level).toFixed(9))), 0.5])].sort((a, b) => a - b);
}
