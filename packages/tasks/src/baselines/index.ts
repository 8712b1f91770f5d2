export {
  BASELINE_KINDS,
  baselineForecaster,
  baselineName,
  fitBaseline,
  forecastOrigins,
  quantileOfSorted,
} from "./baseline.ts";
export * from "./classes/index.ts";
export { defaultLags } from "./fit-ridge.ts";
export type {
  BaselineKind,
  BaselineModel,
  BaselineSeries,
  BaselineTask,
  ColumnScale,
  Forecaster,
  RidgeCoefficients,
  RidgeLayout,
  RowRange,
  SeriesScale,
} from "./types.ts";
