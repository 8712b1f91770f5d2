import { accuracy, macroF1 } from "../../metrics/class-metrics.ts";
import {
  CLASS_BASELINE_KINDS,
  classBaselineName,
  classBaselineSize,
  fitClassBaseline,
  predictClasses,
} from "./class-baseline.ts";
import { sizesOf } from "./features.ts";
import type { ClassBaselineKind, ClassTask, LabelledSequences } from "./types.ts";

/** A classifier that was trained elsewhere, and what it told for the test part. */
export interface TrainedClassifier {
  readonly name: string;
  /** A class for each example of the test part. */
  readonly told: ArrayLike<number>;
  readonly parameters: number;
  /** Seconds of training. */
  readonly seconds: number;
}

/** One row of the table. */
export interface ClassResult {
  readonly name: string;
  /** Share of the test part that is told right. */
  readonly accuracy: number;
  /** Mean over the classes of 2·TP / (2·TP + FP + FN). */
  readonly macroF1: number;
  /** Numbers that were learned or are kept. */
  readonly parameters: number;
  readonly seconds: number;
  /** What it told, for a closer look. */
  readonly told: ArrayLike<number>;
}

/** What is compared, and on what. */
export interface ClassComparison extends ClassTask {
  readonly test: LabelledSequences;
  /** Baselines to fit; default all. Of examples of one step the summaries are left out: they say nothing new. */
  readonly baselines?: readonly ClassBaselineKind[];
}

/**
 * The table that no classifier should be shown without: the baselines, fitted here, and below them the models, all scored on the same
 * test part, which nothing has been fitted to.
 * @throws {RangeError} for shapes or classes that do not fit, or a model with another number of answers than the test part has examples.
 * @example
 * const told = mostLikely((await model.predict(test.x)).data, 3);
 * classifiersBesideBaselines({ train, validation, test, classes: 3 }, [{ name: "LSTM", told, parameters, seconds }]);
 * // [{ name: "most frequent class", accuracy: 0.35, macroF1: 0.17, parameters: 0, seconds: 0, told: [2, 2, …] }, …, { name: "LSTM", … }]
 */
export function classifiersBesideBaselines(
  { test, baselines = CLASS_BASELINE_KINDS, ...task }: ClassComparison,
  models: readonly TrainedClassifier[],
): ClassResult[] {
  const { steps } = sizesOf(test);
  const fitted = baselines
    .filter((kind) => steps > 1 || kind !== "summaryLogistic")
    .map((kind): TrainedClassifier => {
      const began = performance.now();
      const model = fitClassBaseline(kind, task);
      const seconds = (performance.now() - began) / 1000;
      return { name: classBaselineName(kind), told: predictClasses(model, test), parameters: classBaselineSize(model), seconds };
    });
  return [...fitted, ...models].map(({ name, told, parameters, seconds }) => ({
    name,
    accuracy: accuracy(test.y, told),
    macroF1: macroF1(test.y, told),
    parameters,
    seconds,
    told,
  }));
}
