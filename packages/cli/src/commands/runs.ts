import { rmSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { type CommandSpec, type Context, defineCommand, operand } from "../define-command.ts";
import { EXIT, type ExitCode, UsageError } from "../exit-codes.ts";
import type { Run } from "../runs.ts";

export const runs: CommandSpec = defineCommand({
  name: "runs",
  summary: "List the runs of this folder, newest first; `runs rm ID` deletes one after asking",
  examples: ["runs", "runs --json", "runs rm 2026-11-21-temp_max-7 --yes"],
  args: {
    action: operand("ACTION", "rm, to delete a run"),
    id: operand("ID", "the run to delete"),
  },
  async run({ action, id }, context) {
    if (action === undefined) return list(context);
    if (action === "rm" && id !== undefined) return remove(id, context);
    throw new UsageError(
      action === "rm"
        ? "Name the run to delete: sluice runs rm ID."
        : `runs knows no "${action}". Call sluice runs, or sluice runs rm ID.`,
    );
  },
});

async function list({ host, output, program }: Context): Promise<ExitCode> {
  const { listRuns, runsFolder } = await import("../runs.ts");
  const found = listRuns(host, (message) => output.log(message, output.warn));
  const facts = { schema: "sluice.runs/1", folder: runsFolder(host), runs: found.map(runFacts) };
  if (found.length === 0 && !output.json) {
    output.log(`No run in ${runsFolder(host)} yet. Make one: ${program} train FILE --target COL --horizon N`);
    return EXIT.ok;
  }
  const { formatDuration, formatNumber } = await import("@sluice/tasks");
  const { fittingTable } = await import("../tables.ts");
  const right = ["MASE", "best baseline", "time"].map((title) => ({ title, align: "right" as const }));
  output.out(facts, () =>
    fittingTable(
      [{ title: "run" }, { title: "data" }, { title: "target" }, { title: "state" }, ...right],
      facts.runs.map((run) => [
        run.id,
        run.data,
        `${run.target.join(", ")} +${run.horizon}`,
        run.finished ? "finished" : "unfinished",
        formatNumber(run.mase, 3),
        formatNumber(run.bestBaselineMase, 3),
        formatDuration(run.seconds),
      ]),
      output.width,
    ),
  );
  const open = facts.runs.find((run) => !run.finished);
  if (open !== undefined) output.log(`Unfinished runs go on with: ${program} resume ${open.id}`);
  return EXIT.ok;
}

function runFacts({ config, metrics, dir }: Run) {
  const { job } = config;
  const baselines = Object.values(metrics?.metrics.baselines ?? {}).flatMap(({ mase }) => (mase === null ? [] : [mase]));
  return {
    id: config.id,
    createdAt: config.createdAt,
    data: config.data.name,
    target: job.target,
    horizon: job.horizon,
    seed: job.seed,
    finished: metrics !== null,
    mase: metrics?.metrics.model.mase ?? null,
    bestBaselineMase: baselines.length === 0 ? null : Math.min(...baselines),
    seconds: metrics?.seconds ?? null,
    dir,
  };
}

async function remove(id: string, context: Context): Promise<ExitCode> {
  const { host, output, yes, interactive } = context;
  const { lockRun, openRun } = await import("../runs.ts");
  const run = openRun(host, id);
  if (!yes && !interactive)
    throw new UsageError(`Deleting ${run.dir} asks first, and there is no terminal to ask on. Add --yes.`);
  if (!yes && !(await agrees(`Delete ${run.dir} with its model, report and log? [y/N] `, context))) {
    output.log("Nothing was deleted.");
    return EXIT.ok;
  }
  lockRun(run); // refuses while another process trains it; the lock goes with the folder
  rmSync(run.dir, { recursive: true });
  output.out({ schema: "sluice.runs.rm/1", removed: run.dir }, ({ removed }) => `Deleted ${removed}`);
  return EXIT.ok;
}

async function agrees(question: string, { host }: Context): Promise<boolean> {
  host.stderr.write(question);
  const lines = createInterface({ input: host.stdin });
  for await (const line of lines) return /^y(es)?$/i.test(line.trim());
  return false;
}
