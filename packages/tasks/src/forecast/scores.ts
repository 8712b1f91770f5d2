import type { BaselineKind } from "../baselines/types.ts";
import type { ForecastMetrics } from "../metrics/evaluate.ts";
import { modelOf } from "../report/model-of.ts";
import type { ForecastReport, MethodResult, TargetReport } from "../report/report-data.ts";
import type { Scores, TrainResult } from "./forecast-types.ts";

type Judgement = Pick<TargetReport, "target" | "methods" | "verdict" | "echo">;

/** The run in one object for machines: what `--json` prints. Scores are means over the targets. */
export function trainResult(report: ForecastReport): TrainResult {
  const rows = (name: string) => report.split.find((part) => part.name === name)?.rows ?? 0;
  const names = report.targets.map(({ target }) => target);
  return {
    schema: "sluice.train/1",
    task: "forecast",
    target: names.length === 1 ? (names[0] ?? "") : names,
    horizon: report.horizon,
    rows: report.data.rows,
    split: { train: rows("train"), validation: rows("validation"), test: rows("test") },
    seed: report.seed,
    epochs: report.training.epochs.length,
    seconds: report.training.seconds,
    metrics: scoresOf(report.targets),
    verdict: verdictOf(report.targets),
    runDir: report.runDir,
    modelPath: report.modelPath,
    reportPath: report.reportPath,
  };
}

/** Scores of the model and of each baseline, means over the targets. */
export function scoresOf(targets: readonly Judgement[]): TrainResult["metrics"] {
  const kinds = [...new Set(targets.flatMap(({ methods }) => methods.map(({ kind }) => kind)))];
  const baselines: Partial<Record<BaselineKind, Scores>> = {};
  for (const kind of kinds) {
    if (kind === "model") continue;
    const own = targets.map(({ methods }) => methods.find((method) => method.kind === kind));
    baselines[kind] = meanScores(own.map((method) => (method === undefined ? null : scores(method.metrics))));
  }
  return { model: meanScores(targets.map(({ target, methods }) => scores(modelOf(target, methods).metrics))), baselines };
}

/** One verdict over all targets: theirs when there is one; else each target's first sentence. */
export function verdictOf(targets: readonly Judgement[]): TrainResult["verdict"] {
  const echoes = targets.filter(({ echo }) => echo.isEcho);
  const several = targets.length > 1;
  const named = (target: string, sentence: string) => (several ? `${target}: ${sentence}` : sentence);
  const outcomes = new Set(targets.map(({ verdict }) => verdict.outcome));
  return {
    outcome: outcomes.size === 1 ? ([...outcomes][0] ?? "unknown") : "level",
    winner: [...new Set(targets.map(({ verdict }) => verdict.winner).filter((name) => name !== ""))].join(", "),
    sentences: targets.flatMap(({ target, verdict }) =>
      (several ? verdict.sentences.slice(0, 1) : verdict.sentences).map((sentence) => named(target, sentence)),
    ),
    echo: echoes.length === 0 ? null : echoes.map(({ target, echo }) => named(target, echo.sentence)).join(" "),
  };
}

function scores({ mase, smape, mae, rmse, r2, pinball, intervals }: ForecastMetrics): Scores {
  return {
    mase,
    smape: smape === null ? null : 100 * smape,
    mae,
    rmse,
    r2,
    pinball,
    coverage80: intervals.find(({ level }) => Math.abs(level - 0.8) < 1e-9)?.coverage ?? null,
  };
}

/** Means over the targets; null where one of them has none. */
function meanScores(each: readonly (Scores | null)[]): Scores {
  const mean = (read: (scores: Scores) => number | null): number | null => {
    const values = each.map((one) => (one === null ? null : read(one)));
    return values.reduce(
      (sum, value) => (sum === null || value === null ? null : sum + value / values.length),
      0 as number | null,
    );
  };
  return {
    mase: mean(({ mase }) => mase),
    smape: mean(({ smape }) => smape),
    mae: mean(({ mae }) => mae),
    rmse: mean(({ rmse }) => rmse),
    r2: mean(({ r2 }) => r2),
    pinball: mean(({ pinball }) => pinball),
    coverage80: mean(({ coverage80 }) => coverage80),
  };
}

/** Mean absolute scaled error by step: the model under "model", then each baseline; means over the targets. */
export function horizonTable(
  targets: readonly { readonly methods: readonly MethodResult[] }[],
): { step: number; scores: Record<string, number | null> }[] {
  const first = targets[0]?.methods ?? [];
  const steps = first[0]?.metrics.byStep.mase.length ?? 0;
  return Array.from({ length: steps }, (_, h) => ({
    step: h + 1,
    scores: Object.fromEntries(
      first.map(({ kind }) => {
        const values = targets.map(
          ({ methods }) => methods.find((method) => method.kind === kind)?.metrics.byStep.mase[h] ?? null,
        );
        const mean = values.reduce(
          (sum, value) => (sum === null || value === null ? null : sum + value / values.length),
          0 as number | null,
        );
        return [kind, mean];
      }),
    ),
  }));
}
