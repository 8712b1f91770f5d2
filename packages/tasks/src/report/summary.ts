import type { ForecastMetrics } from "../metrics/evaluate.ts";
import type { ForecastReport, MethodResult, PartFacts } from "./report-data.ts";

/** The outcome of one target in a `ForecastSummary`. */
export interface TargetSummary {
  metrics: { model: ForecastMetrics; baselines: Record<string, ForecastMetrics> };
  verdict: { outcome: string; winner: string; sentences: string[]; echo: boolean; echoSentence: string };
}

/** A run in one object for machines: the first target at the top, every target by name below. */
export interface ForecastSummary extends TargetSummary {
  schema: ForecastReport["schema"];
  task: "forecast";
  target: string;
  horizon: number;
  rows: number;
  split: PartFacts[];
  seed: number;
  epochs: number;
  seconds: number;
  targets: Record<string, TargetSummary>;
  runDir: string | null;
  modelPath: string | null;
  reportPath: string | null;
}

/**
 * The summary that `--json` prints. Baselines are keyed by kind: naive, seasonalNaive, drift, mean, ridge.
 * @throws {RangeError} when the report holds no target, or a target no result of the model.
 */
export function forecastSummary(report: ForecastReport): ForecastSummary {
  const targets = Object.fromEntries(report.targets.map((target) => [target.target, targetSummary(target)]));
  const [first] = report.targets;
  if (first === undefined) throw new RangeError("Cannot summarise a forecast without a target: the report holds none.");
  return {
    schema: report.schema,
    task: "forecast",
    target: first.target,
    horizon: report.horizon,
    rows: report.data.rows,
    split: report.split,
    seed: report.seed,
    epochs: report.training.epochs.length,
    seconds: report.training.seconds,
    ...targetSummary(first),
    targets,
    runDir: report.runDir,
    modelPath: report.modelPath,
    reportPath: report.reportPath,
  };
}

function targetSummary({ target, methods, verdict, echo }: ForecastReport["targets"][number]): TargetSummary {
  return {
    metrics: {
      model: modelOf(target, methods).metrics,
      baselines: Object.fromEntries(methods.filter(({ kind }) => kind !== "model").map(({ kind, metrics }) => [kind, metrics])),
    },
    verdict: {
      outcome: verdict.outcome,
      winner: verdict.winner,
      sentences: verdict.sentences,
      echo: echo.isEcho,
      echoSentence: echo.sentence,
    },
  };
}

/** The model's own result. */
export function modelOf(target: string, methods: readonly MethodResult[]): MethodResult {
  const model = methods.find(({ kind }) => kind === "model");
  if (model === undefined) {
    throw new RangeError(
      `Cannot report on "${target}": no method of kind "model" among ${methods.length}. Add the model's result.`,
    );
  }
  return model;
}
