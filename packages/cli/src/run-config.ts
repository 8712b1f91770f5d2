import type { Scores } from "@sluice/tasks";
import { z } from "zod";
import { ModelFileError } from "./exit-codes.ts";

/** What a forecasting run is asked to do, as plain data: the options of `forecast`, without what lives in memory. */
export interface Job {
  readonly target: readonly string[];
  readonly horizon: number;
  readonly time?: string | undefined;
  readonly series?: string | undefined;
  readonly covariates?: readonly string[] | undefined;
  readonly future?: readonly string[] | undefined;
  readonly windowLength?: number | undefined;
  readonly units?: number | undefined;
  readonly epochs?: number | undefined;
  readonly budgetSeconds?: number | undefined;
  readonly seed: number;
}

/** `config.json`: everything that starting the run again needs. */
export interface RunConfig {
  readonly schema: "sluice.run/1";
  readonly id: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly task: "forecast";
  /** Where the data lies (null: it came from stdin) and the SHA-256 of its bytes. */
  readonly data: { readonly path: string | null; readonly name: string; readonly sha256: string };
  readonly job: Job;
  /** The command line that makes the run again, without the program's name. */
  readonly command: string;
  readonly requireSkill: boolean;
  readonly versions: Readonly<Record<string, string>>;
}

/** `metrics.json`, as far as lists and comparisons read it. */
export interface RunMetrics {
  readonly seconds: number;
  readonly metrics: { readonly model: Scores; readonly baselines: Readonly<Record<string, Scores>> };
}

const columnList = z.array(z.string()).min(1);
const whole = z.number().int().positive();

const jobSchema: z.ZodType<Job> = z.strictObject({
  target: columnList,
  horizon: whole,
  time: z.string().optional(),
  series: z.string().optional(),
  covariates: columnList.optional(),
  future: columnList.optional(),
  windowLength: whole.optional(),
  units: whole.optional(),
  epochs: whole.optional(),
  budgetSeconds: z.number().positive().optional(),
  seed: z.number().int().nonnegative(),
});

const configSchema: z.ZodType<RunConfig> = z.strictObject({
  schema: z.literal("sluice.run/1"),
  id: z.string(),
  createdAt: z.iso.datetime(),
  task: z.literal("forecast"),
  data: z.strictObject({ path: z.string().nullable(), name: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  job: jobSchema,
  command: z.string(),
  requireSkill: z.boolean(),
  versions: z.record(z.string(), z.string()),
});

const score = z.number().nullable();
const scoresSchema: z.ZodType<Scores> = z.object({
  mase: score,
  smape: score,
  mae: score,
  rmse: score,
  r2: score,
  pinball: score,
  coverage80: score,
});

const metricsSchema: z.ZodType<RunMetrics> = z.object({
  seconds: z.number(),
  metrics: z.object({ model: scoresSchema, baselines: z.record(z.string(), scoresSchema) }),
});

/** @throws {ModelFileError} naming the file and the first field that breaks the rule. */
export function parseConfig(text: string, path: string): RunConfig {
  return parse(configSchema, text, path);
}

/** @throws {ModelFileError} naming the file and the first field that breaks the rule. */
export function parseMetrics(text: string, path: string): RunMetrics {
  return parse(metricsSchema, text, path);
}

function parse<T>(schema: z.ZodType<T>, text: string, path: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelFileError(`Cannot read ${path}: it is not JSON. Was it edited? Start the run anew.`, { cause });
  }
  const checked = schema.safeParse(json);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  throw new ModelFileError(
    `Cannot use ${path}${where}: ${issue?.message ?? "it has another form"}. It may have been edited, or written by another version of sluice; start the run anew.`,
  );
}
