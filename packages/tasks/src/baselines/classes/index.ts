export { type ClassComparison, type ClassResult, classifiersBesideBaselines, type TrainedClassifier } from "./beside.ts";
export {
  CLASS_BASELINE_KINDS,
  classBaselineName,
  classBaselineSize,
  fitClassBaseline,
  predictClasses,
} from "./class-baseline.ts";
export type {
  ClassBaselineKind,
  ClassBaselineModel,
  ClassTask,
  FeatureKind,
  FeatureLayout,
  LabelledSequences,
  LogisticCoefficients,
  Neighbours,
  Sequences,
} from "./types.ts";
