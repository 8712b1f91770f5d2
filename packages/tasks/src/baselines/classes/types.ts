import type { StandardScaler } from "@sluice/data";

/** Sequences of the same variables, row-major: [N, T, I], or [N, I] for examples of one step. */
export interface Sequences {
  readonly x: { readonly shape: readonly number[]; readonly data: ArrayLike<number> };
  /** Steps of each example that count, from its first on; the rest is padding. Default all T. */
  readonly lengths?: ArrayLike<number>;
}

/** Sequences with the number of the class, 0 … classes − 1, of each. */
export interface LabelledSequences extends Sequences {
  readonly y: ArrayLike<number>;
}

/** The simple methods that every classifier is set beside. */
export type ClassBaselineKind = "majority" | "nearest" | "summaryLogistic" | "logistic";

/** What a baseline for classes is fitted to. */
export interface ClassTask {
  readonly train: LabelledSequences;
  /** Chooses the penalty of the logistic regressions; `train` must not hold these examples. */
  readonly validation: LabelledSequences;
  readonly classes: number;
}

/** What is read of a sequence: every variable of every step [T·I], or six numbers that sum up each variable [6·I]. */
export type FeatureKind = "steps" | "summary";

/** How sequences become rows of features. Mean and std of each variable over the steps of the training part. */
export interface FeatureLayout {
  readonly kind: FeatureKind;
  readonly steps: number;
  readonly scale: StandardScaler;
}

/** A fitted softmax regression. */
export interface LogisticCoefficients {
  /** The penalty, chosen on the validation part from `PENALTIES`. */
  readonly lambda: number;
  /** Row-major [P + 1, classes]; the last row is the bias. */
  readonly weights: number[];
}

/** Training examples that the nearest neighbour is looked for among: features row-major [N, P], and their classes. */
export interface Neighbours {
  readonly features: number[];
  readonly y: number[];
}

/** A fitted baseline: plain data that JSON carries. */
export interface ClassBaselineModel {
  readonly kind: ClassBaselineKind;
  readonly classes: number;
  /** The most frequent class of the training part, the lowest of several. */
  readonly majority: number;
  /** For all but `majority`. */
  readonly layout?: FeatureLayout;
  readonly logistic?: LogisticCoefficients;
  readonly neighbours?: Neighbours;
}
