import { existsSync } from "node:fs";
import { type CommandSpec, type Context, defineCommand, operand } from "../define-command.ts";
import { EXIT, UsageError } from "../exit-codes.ts";
import { readTable } from "../read-file.ts";
import type { Run } from "../runs.ts";

export const resume: CommandSpec = defineCommand({
  name: "resume",
  summary: "Go on with a run that was stopped or killed; the result is the same, bit for bit",
  computes: true,
  examples: ["resume", "resume 2026-11-21-temp_max-7"],
  args: { run: operand("RUN", "id or folder of the run (default: the newest unfinished one)") },
  async run({ run: name }, context) {
    const { openRun } = await import("../runs.ts");
    const run = name === undefined ? await newestUnfinished(context) : openRun(context.host, name);
    const { id, data, job } = run.config;
    if (run.metrics !== null) {
      context.output.log(`Run ${id} is finished; there is nothing to resume. See: ${context.program} compare ${id} OTHER`);
      return EXIT.ok;
    }
    if (data.path === null) {
      throw new UsageError(
        `Run ${id} read its data from stdin, which is gone. Train again from a file: ${context.program} ${run.config.command}`,
      );
    }
    context.output.log(`Resuming ${id}, seed ${job.seed}.`);
    if (!existsSync(data.path)) {
      throw new UsageError(`Run ${id} was trained on ${data.path}, which is no longer there. Put the file back, then resume.`);
    }
    const file = await readTable(data.path, context);
    if (file.sha256 !== data.sha256) {
      throw new UsageError(
        `${data.path} has changed since run ${id} began (SHA-256 ${data.sha256.slice(0, 12)}… then, ${file.sha256.slice(0, 12)}… now). ` +
          `A resumed run would mix two data sets. Put the old file back, or train anew: ${context.program} ${run.config.command}`,
      );
    }
    const { trainRun } = await import("../train-run.ts");
    return trainRun(run, file, context);
  },
});

async function newestUnfinished({ host, output }: Context): Promise<Run> {
  const { listRuns, runsFolder } = await import("../runs.ts");
  const found = listRuns(host, (message) => output.log(message, output.warn)).find(({ metrics }) => metrics === null);
  if (found !== undefined) return found;
  throw new UsageError(`There is no unfinished run in ${runsFolder(host)}. Name one that lies elsewhere by its folder.`);
}
