import { mostLikely } from "../../metrics/class-metrics.ts";
import { fitFeatures, readFeatures, sizesOf } from "./features.ts";
import { fitLogistic, logisticProbabilities } from "./logistic.ts";
import { keepNeighbours, nearestClasses } from "./nearest.ts";
import type { ClassBaselineKind, ClassBaselineModel, ClassTask, FeatureKind, LabelledSequences, Sequences } from "./types.ts";

/** Every baseline for classes, from the simplest on. */
export const CLASS_BASELINE_KINDS: readonly ClassBaselineKind[] = ["majority", "nearest", "summaryLogistic", "logistic"];

const NAMES: Readonly<Record<ClassBaselineKind, string>> = {
  majority: "most frequent class",
  nearest: "nearest neighbour",
  summaryLogistic: "logistic regression of summaries",
  logistic: "logistic regression",
};

/** What a baseline is called in a table: "most frequent class", "logistic regression". */
export function classBaselineName(kind: ClassBaselineKind): string {
  return NAMES[kind];
}

/**
 * Fits a baseline for the classes of sequences.
 *
 * - `majority`: the most frequent class of the training part
 * - `nearest`: the class of the nearest training example, Euclidean over all standardised steps
 * - `summaryLogistic`: softmax regression on six numbers a variable (first, last, mean, std, lowest, highest): it hardly sees order
 * - `logistic`: softmax regression on all standardised steps: a linear model with a weight for each variable at each step
 *
 * Nothing but the training part is read, and the validation part by the logistic regressions, which choose their penalty on it.
 * @throws {RangeError} for shapes that do not fit, or a class outside 0 … classes − 1.
 * @example
 * const model = fitClassBaseline("logistic", { train, validation, classes: 3 });
 * const told = predictClasses(model, test); // a class for each example
 */
export function fitClassBaseline(kind: ClassBaselineKind, { train, validation, classes }: ClassTask): ClassBaselineModel {
  requireClasses(kind, train, classes);
  const base = { kind, classes, majority: mostFrequent(train.y, classes) };
  if (kind === "majority") return base;
  const reads: FeatureKind = kind === "summaryLogistic" ? "summary" : "steps";
  const layout = fitFeatures(train, reads);
  const rows = { ...readFeatures(layout, train), y: train.y };
  if (kind === "nearest") return { ...base, layout, neighbours: keepNeighbours(rows) };
  requireClasses(kind, validation, classes);
  return { ...base, layout, logistic: fitLogistic(rows, { ...readFeatures(layout, validation), y: validation.y }, classes) };
}

/** The class that a fitted baseline tells for each example. */
export function predictClasses(
  { classes, majority, layout, logistic, neighbours }: ClassBaselineModel,
  sequences: Sequences,
): number[] {
  const { examples } = sizesOf(sequences);
  if (layout === undefined) return new Array<number>(examples).fill(majority);
  const rows = readFeatures(layout, sequences);
  if (neighbours !== undefined) return nearestClasses(neighbours, rows);
  return mostLikely(logisticProbabilities(rows, classes, logistic?.weights ?? []), classes);
}

/** Numbers that a fitted baseline is made of, beyond the scale of its inputs. */
export function classBaselineSize({ logistic, neighbours }: ClassBaselineModel): number {
  return logistic?.weights.length ?? neighbours?.features.length ?? 0;
}

function mostFrequent(y: ArrayLike<number>, classes: number): number {
  const counts = new Array<number>(classes).fill(0);
  for (let n = 0; n < y.length; n++) counts[y[n] as number] = (counts[y[n] as number] as number) + 1;
  return counts.indexOf(Math.max(...counts));
}

function requireClasses(kind: ClassBaselineKind, sequences: LabelledSequences, classes: number): void {
  const { examples } = sizesOf(sequences);
  const { y } = sequences;
  const wrong = Array.from(y).find((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (y.length === examples && wrong === undefined) return;
  const what = y.length === examples ? `class ${wrong}` : `${y.length} classes for ${examples} examples`;
  throw new RangeError(
    `Cannot fit the baseline "${kind}" to ${what}: each example has one whole number from 0 to ${classes - 1} as its class.`,
  );
}
