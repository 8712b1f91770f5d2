import type { BaselineKind } from "../baselines/types.ts";
import type { FanData } from "../charts/fan-chart.ts";
import type { EpochRecord, Histogram } from "../charts/line-charts.ts";
import type { ForecastMetrics } from "../metrics/evaluate.ts";
import type { EchoVerdict } from "../verdict/echo.ts";
import type { Verdict } from "../verdict/verdict.ts";

/** A setting, as JSON carries it. */
export type Setting = string | number | boolean | null | readonly (string | number)[];

/** What a column of the data was used for. */
export interface ColumnFacts {
  name: string;
  role: "target" | "past covariate" | "known future" | "time" | "series" | "unused";
  type: string;
  /** Cells without a value, before anything was filled. */
  missing: number;
}

/** The data as it was read. */
export interface DataFacts {
  /** File name, or what else the data is called. */
  source: string;
  /** SHA-256 of the bytes read, in hex; null when the data came from memory. */
  sha256: string | null;
  rows: number;
  series: number;
  columns: ColumnFacts[];
  /** "daily", "30 minutes". */
  frequency: string;
  from: string;
  to: string;
  /** One sentence for everything that was dropped, filled, merged, or changed from its default; nothing is left unsaid. */
  notes: string[];
}

/** One part of the split by time; with many series, `rows` and `origins` are sums and the times those of the earliest and latest row. */
export interface PartFacts {
  name: "train" | "validation" | "test";
  from: string;
  to: string;
  rows: number;
  /** Forecasts made or windows read in this part. */
  origins: number;
}

/** The model or a baseline, with its scores on the test part. */
export interface MethodResult {
  /** As it stands in tables and sentences: "LSTM", "ridge regression". */
  name: string;
  kind: BaselineKind | "model";
  metrics: ForecastMetrics;
  /** Seconds to fit and to forecast the test part. */
  fitSeconds: number | null;
  forecastSeconds: number | null;
}

/** A forecast that went badly: which series, from when, and how far off. */
export interface WorstCase {
  series: string;
  /** Time of the first row forecast. */
  from: string;
  /** The model's loss there (mean absolute scaled error), and the best baseline's. */
  loss: number | null;
  baselineLoss: number | null;
}

/** All about one target column. */
export interface TargetReport {
  target: string;
  unit: string | null;
  /** Steps in a season; 1 when none was found. */
  season: number;
  /** The model first, then the baselines. */
  methods: MethodResult[];
  verdict: Verdict;
  echo: EchoVerdict;
  /** Forecasts to draw: one that is typical, then others worth seeing. Each has a caption in a few words. */
  fans: { caption: string; fan: FanData }[];
  /** Errors ŷ − y of the model over the test part. */
  residuals: Histogram | null;
  /** Worst first. */
  worst: WorstCase[];
}

/** The model and how it was trained. */
export interface TrainingFacts {
  model: string;
  parameters: number;
  layers: { name: string; kind: string; outputShape: string; parameters: number }[];
  loss: string;
  epochs: EpochRecord[];
  bestEpoch: number | null;
  /** Why training ended, as a sentence: "Stopped early: no better validation loss for 5 epochs." */
  ended: string;
  seconds: number;
  /** A baseline's validation loss in the same unit as the model's, when it is known. */
  baseline: { name: string; value: number } | null;
}

/** A piece of code that shows how to go on. */
export interface NextStep {
  title: string;
  code: string;
}

/**
 * Everything about one forecasting run, as plain JSON: what `renderReport` draws and what `metrics.json` holds. Fractions are fractions,
 * times are strings as people read them, and null stands for a value that is not defined.
 */
export interface ForecastReport {
  schema: "sluice.forecast/1";
  title: string;
  /** ISO 8601. */
  createdAt: string;
  /** Command or call that makes this run again. */
  command: string | null;
  seed: number;
  horizon: number;
  /** Steps of the past that the model reads. */
  windowLength: number;
  data: DataFacts;
  split: PartFacts[];
  training: TrainingFacts;
  targets: TargetReport[];
  settings: Record<string, Setting>;
  /** "sluice": "0.1.0", "node": "24.1.0". */
  versions: Record<string, string>;
  /** "backend": "wasm", "threads": "1". */
  environment: Record<string, string>;
  runDir: string | null;
  modelPath: string | null;
  reportPath: string | null;
  next: NextStep[];
}
