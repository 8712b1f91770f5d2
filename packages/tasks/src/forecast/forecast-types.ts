import type { Table } from "@sluice/data";
import type { CheckpointStore, Model, NumericArray } from "sluice";
import type { BaselineKind } from "../baselines/types.ts";
import type { ForecastReport } from "../report/report-data.ts";

/** How a forecaster is made. Everything but target and horizon has a default chosen from the data; the report says which. */
export interface ForecastOptions {
  /** Column or columns to forecast. */
  readonly target: string | readonly string[];
  /** Steps ahead. */
  readonly horizon: number;
  /** Column of times; found by itself when left out. */
  readonly time?: string;
  /** Column that tells several series apart. */
  readonly series?: string;
  /** Columns known up to now alone. */
  readonly covariates?: readonly string[];
  /** Columns known over the horizon as well. */
  readonly future?: readonly string[];
  /** Quantiles to learn beside the median, ascending within (0, 1), each with its mirror image. Default 0.1, 0.2, … 0.9. */
  readonly quantiles?: readonly number[];
  /** Steps of the past that are read. */
  readonly windowLength?: number;
  /** Units of the recurrent layer. */
  readonly units?: number;
  readonly cell?: "lstm" | "gru";
  /** Most epochs; early stopping usually ends before. */
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  /** Seconds of training to stay below; sizes and epochs are chosen to fit, and training ends at the best so far. */
  readonly budgetSeconds?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Stops training after the step that runs; the best model so far is evaluated and returned. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ForecastEvent) => void;
  /** Where training keeps checkpoints, so that a killed run continues: call `forecast` again. `checkpointFolder` of `sluice/node` keeps files. */
  readonly checkpoint?: { readonly store: CheckpointStore; readonly everySeconds?: number };
  /** Facts about where the data came from, for the record: hash of the bytes, the command line. */
  readonly provenance?: { readonly sha256?: string; readonly command?: string };
}

/** What a run tells while it goes on, for a progress line. */
export type ForecastEvent =
  | { readonly kind: "plan"; readonly plan: ForecastPlan }
  | { readonly kind: "baseline"; readonly name: string; readonly validationLoss: number | null; readonly seconds: number }
  | {
      readonly kind: "batch";
      readonly epoch: number;
      readonly epochs: number;
      /** Steps done and to do in this epoch. */
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      /** Windows a second, over the last second or so. */
      readonly windowsPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly kind: "epoch";
      readonly epoch: number;
      readonly epochs: number;
      readonly loss: number;
      readonly validationLoss: number;
      readonly bestValidationLoss: number;
      readonly bestEpoch: number;
      /** The best baseline's validation loss in the same unit, to stand beside. */
      readonly baseline: { readonly name: string; readonly value: number } | null;
      readonly windowsPerSecond: number;
      readonly secondsLeft: number;
    }
  | { readonly kind: "evaluate"; readonly name: string };

/** What a run is going to do, worked out from the data before anything is trained. */
export interface ForecastPlan {
  readonly rows: number;
  readonly series: number;
  readonly frequency: string;
  readonly season: number;
  readonly windowLength: number;
  readonly units: number;
  readonly parameters: number;
  readonly trainWindows: number;
  readonly validationWindows: number;
  readonly testWindows: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Most bytes a training step needs, an estimate made before. */
  readonly memoryBytes: number;
  readonly estimatedSeconds: number | null;
  /** Sentences: what was dropped, filled, assumed. */
  readonly notes: readonly string[];
}

/** Scores as the command line's JSON carries them; null where one is not defined. Averages over targets when there are several. */
export interface Scores {
  readonly mase: number | null;
  /** Percent. */
  readonly smape: number | null;
  readonly mae: number | null;
  readonly rmse: number | null;
  readonly r2: number | null;
  /** Mean over the quantile levels, not doubled. */
  readonly pinball: number | null;
  /** Share of actual values inside the 80 % interval. */
  readonly coverage80: number | null;
}

/** The end of `sluice train … --json`: one object. */
export interface TrainResult {
  readonly schema: "sluice.train/1";
  readonly task: "forecast";
  readonly target: string | readonly string[];
  readonly horizon: number;
  readonly rows: number;
  readonly split: { readonly train: number; readonly validation: number; readonly test: number };
  readonly seed: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly metrics: { readonly model: Scores; readonly baselines: Readonly<Partial<Record<BaselineKind, Scores>>> };
  readonly verdict: {
    readonly outcome: string;
    readonly winner: string;
    readonly sentences: readonly string[];
    readonly echo: string | null;
  };
  readonly runDir: string | null;
  readonly modelPath: string | null;
  readonly reportPath: string | null;
}

/** A forecast of one series, row by row. */
export interface ForecastRow {
  /** Empty when the data is one series. */
  readonly series: string;
  /** ISO date or date and time, or the step number as text when the data has no times. */
  readonly time: string;
  readonly target: string;
  /** The median. */
  readonly forecast: number;
  /** Interval ends by level in percent: { "80": [low, high] }. */
  readonly intervals: Readonly<Record<string, readonly [number, number]>>;
}

/** What `forecast` returns. */
export interface ForecastRun {
  readonly forecaster: ForecasterModel;
  readonly result: TrainResult;
  readonly report: ForecastReport;
}

/** A trained forecaster with everything it needs: scalers, columns, frequency, quantiles. One file holds it. */
export interface ForecasterModel {
  readonly target: readonly string[];
  readonly horizon: number;
  readonly windowLength: number;
  readonly quantiles: readonly number[];
  /** Forecasts the steps after the end of each series. Default levels 80. @throws {DataError} when columns it was trained on are missing. */
  predict(table: Table, options?: { readonly levels?: readonly number[] }): Promise<ForecastRow[]>;
  /** Scores on every window of the table, beside baselines fitted on the data it was trained on where they need fitting. */
  evaluate(table: Table): Promise<EvaluateResult>;
  /** The network, and what it reads in the last windows of each series, `count` at most in all: for looking inside. @throws {DataError} as `evaluate`. */
  windows(table: Table, count: number): { readonly network: Model; readonly inputs: readonly NumericArray[] };
  /** One safetensors file. */
  save(): Promise<Uint8Array>;
  /** Layers, counts, weight statistics and the training record, as plain data. */
  describe(): ForecasterDescription;
}

/** What `evaluate` gives. */
export interface EvaluateResult {
  readonly schema: "sluice.evaluate/1";
  readonly rows: number;
  readonly origins: number;
  readonly metrics: TrainResult["metrics"];
  readonly verdict: TrainResult["verdict"];
  /** Inputs that lie far from what training saw, as sentences. */
  readonly drift: readonly string[];
}

/** What `describe` gives. */
export interface ForecasterDescription {
  readonly task: "forecast";
  readonly layers: readonly {
    readonly name: string;
    readonly kind: string;
    readonly outputShape: string;
    readonly parameters: number;
  }[];
  readonly parameters: number;
  readonly weights: readonly {
    readonly path: string;
    readonly shape: readonly number[];
    readonly mean: number;
    readonly std: number;
    readonly min: number;
    readonly max: number;
  }[];
  /** The training record: options, epochs, scores, data facts. */
  readonly training: TrainResult & { readonly history: readonly { readonly loss: number; readonly validationLoss: number }[] };
}

/** Options of `backtest`. */
export interface BacktestOptions extends ForecastOptions {
  /** Number of rolling origins. Default 8. */
  readonly windows?: number;
  /** Steps between them. Default the horizon. */
  readonly step?: number;
  /** Train anew before each origin (true), or once before the first (false, the default). */
  readonly refit?: boolean;
}

/** What `backtest` gives. */
export interface BacktestResult {
  readonly schema: "sluice.backtest/1";
  readonly target: string | readonly string[];
  readonly horizon: number;
  readonly seed: number;
  readonly seconds: number;
  readonly refit: boolean;
  /** Sentences: what was dropped, filled, assumed. */
  readonly notes: readonly string[];
  readonly folds: readonly {
    /** Time of the first row forecast. */
    readonly from: string;
    readonly to: string;
    readonly metrics: TrainResult["metrics"];
  }[];
  readonly metrics: TrainResult["metrics"];
  /** MASE by step ahead: the model, then each baseline. */
  readonly horizonTable: readonly { readonly step: number; readonly scores: Readonly<Record<string, number | null>> }[];
  readonly worstSeries: readonly { readonly series: string; readonly mase: number | null }[];
  readonly verdict: TrainResult["verdict"];
}
