import { existsSync, rmSync } from "node:fs";
import { relative } from "node:path";
import {
  type ForecastEvent,
  type ForecastPlan,
  forecast,
  formatCount,
  formatDuration,
  formatNumber,
  type TrainResult,
} from "@sluice/tasks";
import { renderReport } from "@sluice/tasks/report";
import { checkpointFolder, writeFileAtomically } from "sluice/node";
import type { Context } from "./define-command.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { forecastOptions, quoted } from "./forecast-args.ts";
import { createProgress } from "./progress.ts";
import type { ReadFile } from "./read-file.ts";
import { appendEpoch, createRun, lockRun, type NewRun, type Run, runFiles, writeText } from "./runs.ts";
import { scoreTable } from "./tables.ts";

/** Seconds between checkpoints: a killed run loses at most so much. */
const CHECKPOINT_SECONDS = 10;

/** Makes a run and trains it. One that fails before it has trained at all (its data is too short, say) leaves no folder. */
export async function startRun(newRun: NewRun, out: string | undefined, context: Context): Promise<ExitCode> {
  const run = await createRun(context.host, newRun, out);
  try {
    return await trainRun(run, newRun.data, context);
  } catch (error) {
    const { epochs, checkpoint } = runFiles(run.dir);
    if (!existsSync(epochs) && !existsSync(checkpoint)) rmSync(run.dir, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Trains the run in its folder and writes `model.safetensors`, `report.html` and, last of all, `metrics.json`. Where the
 * folder holds a checkpoint, training goes on from there. The first Ctrl-C ends it after the step that runs, with a
 * checkpoint; the second ends the process.
 */
export async function trainRun(run: Run, { table, sha256 }: ReadFile, context: Context): Promise<ExitCode> {
  const { host, output, program } = context;
  const { dir, config } = run;
  const files = runFiles(dir);
  const unlock = lockRun(run);
  const abort = new AbortController();
  const stopListening = host.onInterrupt(() => {
    if (abort.signal.aborted) host.exit(EXIT.interrupted);
    output.log("Finishing the step and saving … (Ctrl-C again quits at once)", output.warn);
    abort.abort();
  });
  const progress = createProgress(output, host);
  try {
    const trained = await forecast(table, {
      ...forecastOptions(config.job),
      signal: abort.signal,
      onEvent(event) {
        if (event.kind === "plan") for (const line of planLines(event.plan)) output.log(line, output.dim);
        progress.show(event);
        if (event.kind === "epoch") appendEpoch(dir, epochRecord(event));
      },
      checkpoint: { store: checkpointFolder(files.checkpoint), everySeconds: CHECKPOINT_SECONDS },
      provenance: { sha256, command: config.command },
    });
    progress.end();
    await writeFileAtomically(files.model, await trained.forecaster.save());
    if (abort.signal.aborted) {
      output.log(`Stopped. The best model so far is in ${shownPath(files.model, context)}.`);
      output.log(`Go on with: ${program} resume ${quoted(config.id)}`, output.bold);
      return EXIT.interrupted;
    }
    const result: TrainResult = { ...trained.result, runDir: dir, modelPath: files.model, reportPath: files.report };
    const { runDir, modelPath, reportPath } = result;
    await writeText(files.report, renderReport({ ...trained.report, runDir, modelPath, reportPath }));
    await writeText(files.metrics, `${JSON.stringify(result, null, 2)}\n`);
    rmSync(files.checkpoint, { recursive: true, force: true });
    const modelName = trained.report.targets[0]?.methods.find(({ kind }) => kind === "model")?.name;
    output.out(result, () => scoreTable(result.metrics, { title: "test part", width: output.width, modelName }));
    sayEnd(run, result, context);
    return config.requireSkill && result.verdict.outcome !== "model" ? EXIT.skill : EXIT.ok;
  } finally {
    progress.end();
    stopListening();
    unlock();
  }
}

/** The event as `metrics.jsonl` keeps it. */
function epochRecord(event: Extract<ForecastEvent, { kind: "epoch" }>): Omit<typeof event, "kind" | "secondsLeft"> {
  const { kind: _kind, secondsLeft: _secondsLeft, ...kept } = event;
  return kept;
}

/** What is going to happen, in lines. */
export function planLines(plan: ForecastPlan): string[] {
  const season = plan.season > 1 ? `, season ${formatCount(plan.season, "step")}` : "";
  const series = plan.series > 1 ? ` in ${formatNumber(plan.series)} series` : "";
  return [
    `${formatCount(plan.rows, "row")}${series}, ${plan.frequency}${season}; windows: ${formatNumber(plan.trainWindows)} to train, ` +
      `${formatNumber(plan.validationWindows)} to choose, ${formatNumber(plan.testWindows)} to judge.`,
    `Reads ${formatCount(plan.windowLength, "step")}; ${formatCount(plan.units, "unit")}, ${formatCount(plan.parameters, "parameter")}, ` +
      `at most ${formatCount(plan.epochs, "epoch")} of batches of ${formatNumber(plan.batchSize)}; seed ${plan.seed}` +
      `${plan.estimatedSeconds === null ? "" : `; about ${formatDuration(plan.estimatedSeconds)}`}.`,
    ...plan.notes,
  ];
}

/** Verdict; what was made, where, how long; what next. */
function sayEnd({ dir, config }: Run, { verdict, seconds, epochs, seed }: TrainResult, context: Context): void {
  const { output, program } = context;
  const files = runFiles(dir);
  output.log();
  for (const sentence of verdict.sentences) output.log(sentence, verdict.outcome === "model" ? output.good : output.warn);
  if (verdict.echo !== null) output.log(verdict.echo);
  output.log();
  output.log(`Trained ${formatCount(epochs, "epoch")} in ${formatDuration(seconds)}, seed ${seed}.`);
  output.log(`  model   ${shownPath(files.model, context)}`);
  output.log(`  report  ${shownPath(files.report, context)}`);
  output.log(`Again: ${program} ${config.command}`, output.dim);
  const file = config.data.path === null ? "FILE" : quoted(shownPath(config.data.path, context));
  output.log(`Next:  ${program} predict ${quoted(config.id)} ${file}`, output.bold);
}

/** A path as the user would type it from here. */
export function shownPath(path: string, { host }: Context): string {
  const near = relative(host.cwd, path);
  return near !== "" && !near.startsWith("..") ? near : path;
}
