/** The simple methods that every model is set beside. */
export type BaselineKind = "naive" | "seasonalNaive" | "drift" | "mean" | "ridge";

/** Rows [from, to) of a series. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/**
 * One series as a baseline sees it. `values` is the target with NaN for what is missing; `future` are columns known ahead
 * (calendar, price), each as long as `values` plus whatever is known beyond its end.
 */
export interface BaselineSeries {
  readonly id: string;
  readonly values: ArrayLike<number>;
  readonly future?: readonly ArrayLike<number>[] | undefined;
  readonly train: RowRange;
  readonly validation: RowRange;
}

/** What a baseline is fitted to. */
export interface BaselineTask {
  readonly series: readonly BaselineSeries[];
  /** Steps ahead. */
  readonly horizon: number;
  /** Steps in a season; 1 when there is none. */
  readonly season: number;
  /** Quantile levels to forecast, ascending within (0, 1); default none. */
  readonly levels?: readonly number[];
  /** Lags that ridge reads; default `defaultLags`. */
  readonly lags?: number;
}

/** Mean and standard deviation of the training part of a series. A constant series keeps std = 1. */
export interface SeriesScale {
  id: string;
  mean: number;
  std: number;
}

/** Mean and standard deviation of a known-future column over the training rows of all series. */
export interface ColumnScale {
  mean: number;
  std: number;
}

/**
 * What the ridge regression reads at an origin, in standardised units, seen from the last value v = y_(o−1):
 *
 *     shared by all steps   x = [1, v, y_(o−2) − v, …, y_(o−p) − v]                                    [P = p + 1]
 *     of step h alone       z = [y of one season earlier − v (when the season is longer than p), future columns at o + h]   [Q]
 *     target                y_(o+h) − v
 *
 * It spans what the plain lags span, but shrinking the coefficients leads to the last value rather than to the mean.
 */
export interface RidgeLayout {
  lags: number;
  season: number;
  horizon: number;
  /** Whether z begins with the season lag. */
  seasonLag: boolean;
  future: ColumnScale[];
}

/** A fitted ridge autoregression: plain data. */
export interface RidgeCoefficients {
  layout: RidgeLayout;
  /** The penalty, chosen on the validation part from a small grid. */
  lambda: number;
  /** Weights of the shared features, row-major [horizon, P]. */
  shared: number[];
  /** Weights of each step's own features, row-major [horizon, Q]. */
  own: number[];
  /** Windows that the fit has read, and windows in the training part; fewer are read when there are very many. */
  windowsRead: number;
  windows: number;
}

/** A fitted baseline: plain data that JSON carries. */
export interface BaselineModel {
  kind: BaselineKind;
  horizon: number;
  season: number;
  levels: number[];
  scales: SeriesScale[];
  /** Quantiles of the errors y − ŷ in units of each series' std, row-major [horizon, levels]. */
  errorQuantiles: number[];
  /** The part whose errors these are: the training part only when the validation part holds no whole horizon. */
  errorsFrom: "validation" | "train" | "none";
  /** Coefficients, for `ridge` alone. */
  ridge?: RidgeCoefficients;
}

/** Forecasts the rows origin … origin + horizon − 1 from the rows before `origin`, in the unit of the series. */
export type Forecaster = (origin: number) => Float64Array;
