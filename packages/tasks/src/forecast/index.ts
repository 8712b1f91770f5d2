export { backtest } from "./backtest.ts";
export { forecast, plan } from "./forecast.ts";
export type {
  BacktestOptions,
  BacktestResult,
  EvaluateResult,
  ForecastEvent,
  ForecasterDescription,
  ForecasterModel,
  ForecastOptions,
  ForecastPlan,
  ForecastRow,
  ForecastRun,
  Scores,
  TrainResult,
} from "./forecast-types.ts";
export { loadForecaster } from "./load-forecaster.ts";
export { type QuantizeCheck, type QuantizeReport, quantizeForecaster } from "./quantize-forecaster.ts";
