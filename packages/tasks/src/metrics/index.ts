export { accuracy, macroF1, mostLikely } from "./class-metrics.ts";
export { evaluateForecast, type ForecastMetrics, type IntervalMetrics, type QuantileCoverage } from "./evaluate.ts";
export {
  bias,
  mae,
  mape,
  mase,
  meanScore,
  mse,
  originLosses,
  r2,
  rmse,
  type Score,
  seasonalNaiveScale,
  smape,
} from "./forecast-metrics.ts";
export { actualsAt, type OriginMatrix, originMatrix, type QuantileMatrix, stackOrigins } from "./origin-matrix.ts";
export {
  coverage,
  intervalScore,
  intervalWidth,
  meanPinball,
  pinball,
  quantileAt,
  weightedQuantileLoss,
} from "./quantile-metrics.ts";
