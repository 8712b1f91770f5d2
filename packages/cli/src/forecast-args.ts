import { type Arg, choice, columns, count, duration, required, text } from "./define-command.ts";
import type { Job } from "./run-config.ts";

/** What `train` and `backtest` ask about a forecast. */
export const forecastArgs: {
  readonly target: Arg<readonly string[]>;
  readonly horizon: Arg<number>;
  readonly task: Arg<"forecast" | undefined>;
  readonly time: Arg<string | undefined>;
  readonly series: Arg<string | undefined>;
  readonly covariates: Arg<readonly string[] | undefined>;
  readonly future: Arg<readonly string[] | undefined>;
  readonly budget: Arg<number | undefined>;
  readonly window: Arg<number | undefined>;
  readonly units: Arg<number | undefined>;
  readonly epochs: Arg<number | undefined>;
  readonly seed: Arg<number | undefined>;
} = {
  target: required(columns("COL[,COL]", "column or columns to forecast")),
  horizon: required(count("N", "steps ahead")),
  task: choice("TASK", "what to do: forecast (the default)", ["forecast"]),
  time: text("COL", "column of times (default: found by itself)"),
  series: text("COL", "column that tells several series apart"),
  covariates: columns("COL,COL", "columns known up to now"),
  future: columns("COL,COL", "columns known over the horizon as well"),
  budget: duration("TIME", "time to train at most, such as 2m (default: about 1m)"),
  window: count("N", "steps of the past to read (default: from the data)"),
  units: count("N", "units of the recurrent layer (default: from the data)"),
  epochs: count("N", "passes over the data at most (default: from the data)"),
  seed: count("N", "seed of every random number (default: 0)", 0),
};

type ForecastValues = { readonly [K in keyof typeof forecastArgs]: (typeof forecastArgs)[K] extends Arg<infer T> ? T : never };

/** The arguments as the plain data that a run keeps; what was not given is left out. */
export function jobOf(values: ForecastValues): Job {
  const { target, horizon, time, series, covariates, future, budget, window, units, epochs, seed } = values;
  const given = { time, series, covariates, future, budgetSeconds: budget, windowLength: window, units, epochs };
  return { target, horizon, seed: seed ?? 0, ...present(given) };
}

/** The job as `forecast`, `plan` and `backtest` want it. */
export function forecastOptions(job: Job): Omit<Job, "target"> & { readonly target: string | readonly string[] } {
  const [only = "", ...more] = job.target;
  return { ...present(job), target: more.length === 0 ? only : job.target } as ReturnType<typeof forecastOptions>;
}

/** The command line that does the job again, ready to paste. */
export function commandLine(command: string, file: string, job: Job): string {
  const { target, horizon, time, series, covariates, future, budgetSeconds, windowLength, units, epochs, seed } = job;
  const options = {
    target: target.join(","),
    horizon,
    time,
    series,
    covariates: covariates?.join(","),
    future: future?.join(","),
    budget: budgetSeconds === undefined ? undefined : `${budgetSeconds}s`,
    window: windowLength,
    units,
    epochs,
    seed,
  };
  const words = Object.entries(present(options)).flatMap(([name, value]) => [`--${name}`, quoted(String(value))]);
  return [command, quoted(file), ...words].join(" ");
}

/** A word as a POSIX shell takes it literally. */
export function quoted(word: string): string {
  return /^[\p{L}\p{N}_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The fields that have a value. */
function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
