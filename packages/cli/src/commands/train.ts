import { type CommandSpec, defineCommand, flag, operand, required, text } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { commandLine, forecastArgs, forecastOptions, jobOf } from "../forecast-args.ts";
import { readTable } from "../read-file.ts";

export const train: CommandSpec = defineCommand({
  name: "train",
  summary: "Fit a recurrent model to a CSV file and set it beside simpler methods",
  computes: true,
  examples: [
    "train sales.csv --target units --horizon 12",
    "train weather.csv --target temp_max --horizon 7 --covariates wind,temp_min --budget 30s",
    "train sales.csv --target units --horizon 12 --json > run.json",
  ],
  args: {
    file: required(operand("FILE", "CSV with one row for each time step, plain or gzipped; - is stdin")),
    ...forecastArgs,
    out: text("DIR", "folder of the run (default: a new one in runs)"),
    dryRun: flag("check the data and print the plan; train and write nothing"),
    requireSkill: flag("end with exit code 5 unless every baseline is beaten beyond noise"),
  },
  async run(values, context) {
    const { file, out, dryRun, requireSkill = false } = values;
    const { output } = context;
    const job = jobOf(values);
    const data = await readTable(file, context);
    const command = `${commandLine("train", file, job)}${requireSkill ? " --require-skill" : ""}`;
    const { planLines, startRun } = await import("../train-run.ts");
    if (dryRun) {
      const { plan } = await import("@sluice/tasks");
      const planned = plan(data.table, forecastOptions(job));
      output.out({ schema: "sluice.plan/1", ...planned }, (facts) => planLines(facts).join("\n"));
      output.log(`Nothing was trained. To train: ${context.program} ${command}`);
      return EXIT.ok;
    }
    return startRun({ data, job, command, requireSkill }, out, context);
  },
});
