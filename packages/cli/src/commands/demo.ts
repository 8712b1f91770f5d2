import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type CommandSpec, defineCommand, duration, operand } from "../define-command.ts";
import { EXIT, UsageError } from "../exit-codes.ts";
import { commandLine } from "../forecast-args.ts";
import { readTable } from "../read-file.ts";
import type { Job } from "../run-config.ts";

interface Demo {
  /** File of the npm package `vega-datasets`. */
  readonly file: string;
  readonly about: string;
  readonly job: Job;
}

const DEMOS: Readonly<Record<string, Demo>> = {
  weather: {
    file: "seattle-weather.csv",
    about: "Four years of daily weather in Seattle: the highest temperature of the next seven days",
    job: { target: ["temp_max"], horizon: 7, covariates: ["precipitation", "temp_min", "wind", "weather"], seed: 0 },
  },
  co2: {
    file: "co2-concentration.csv",
    about: "Carbon dioxide over Mauna Loa since 1958, by month: the next year",
    job: { target: ["CO2"], horizon: 12, seed: 0 },
  },
};

export const demo: CommandSpec = defineCommand({
  name: "demo",
  summary: `Train on data that comes along: ${Object.keys(DEMOS).join(" or ")}`,
  computes: true,
  examples: ["demo", "demo co2", "demo weather --budget 10s"],
  args: {
    name: operand("NAME", `which: ${Object.keys(DEMOS).join(", ")} (default: weather)`),
    budget: duration("TIME", "time to train at most (default: about 1m)"),
  },
  async run({ name = "weather", budget }, context) {
    const { output, program } = context;
    const chosen = Object.hasOwn(DEMOS, name) ? DEMOS[name] : undefined;
    if (chosen === undefined) throw new UsageError(`There is no demo "${name}". There are ${Object.keys(DEMOS).join(" and ")}.`);
    output.log(`${chosen.about}.`, output.bold);
    const file = dataFile(chosen.file);
    const job = { ...chosen.job, ...(budget !== undefined && { budgetSeconds: budget }) };
    const data = await readTable(file, context);
    const { shownPath, startRun } = await import("../train-run.ts");
    const command = commandLine("train", shownPath(file, context), job);
    const code = await startRun({ data, job, command, requireSkill: false }, undefined, context);
    if (code === EXIT.ok) output.log(`Then:  ${program} look ${shownPath(file, context)}, and the same with a file of yours.`);
    return code;
  },
});

/** @throws {UsageError} when the package with the data is not installed. */
function dataFile(name: string): string {
  const entry = createRequire(import.meta.url).resolve("vega-datasets");
  const file = fileURLToPath(new URL(`../data/${name}`, pathToFileURL(entry)));
  if (existsSync(file)) return file;
  throw new UsageError(`The demo needs ${file} of the npm package vega-datasets, which is not there. Run npm install.`);
}
