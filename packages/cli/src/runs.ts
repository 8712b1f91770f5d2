import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import { writeFileAtomically } from "sluice/node";
import { ModelFileError, UsageError } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import type { ReadFile } from "./read-file.ts";
import { type Job, parseConfig, parseMetrics, type RunConfig, type RunMetrics } from "./run-config.ts";
import { ownVersion } from "./version.ts";

/** A run: a folder of plain files. It is finished once it has scores. */
export interface Run {
  readonly dir: string;
  readonly config: RunConfig;
  readonly metrics: RunMetrics | null;
}

/** The files of a run. */
export const runFiles = (
  dir: string,
): Record<"config" | "epochs" | "metrics" | "model" | "report" | "checkpoint" | "lock", string> => ({
  config: join(dir, "config.json"),
  epochs: join(dir, "metrics.jsonl"),
  metrics: join(dir, "metrics.json"),
  model: join(dir, "model.safetensors"),
  report: join(dir, "report.html"),
  checkpoint: join(dir, "checkpoint"),
  lock: join(dir, "running.pid"),
});

/** Where runs lie unless --out says otherwise. */
export function runsFolder({ cwd }: Host): string {
  return join(cwd, "runs");
}

/** What a new run is made of. */
export interface NewRun {
  readonly data: ReadFile;
  readonly job: Job;
  readonly command: string;
  readonly requireSkill: boolean;
}

/**
 * Makes the folder of a new run and writes its `config.json`. Without `out` it is `runs/<date>-<target>-<horizon>`, with a
 * number behind where that is taken.
 * @throws {UsageError} when `out` is a folder that is not empty.
 */
export async function createRun(host: Host, { data, job, command, requireSkill }: NewRun, out: string | undefined): Promise<Run> {
  const created = host.now();
  const dir = out === undefined ? freshFolder(host, created, job) : givenFolder(resolve(host.cwd, out));
  const config: RunConfig = {
    schema: "sluice.run/1",
    id: out === undefined ? basename(dir) : out,
    createdAt: created.toISOString(),
    task: "forecast",
    data: { path: data.path, name: data.table.name, sha256: data.sha256 },
    job,
    command,
    requireSkill,
    versions: { sluice: ownVersion(), node: process.versions.node },
  };
  await writeText(runFiles(dir).config, `${JSON.stringify(config, null, 2)}\n`);
  return { dir, config, metrics: null };
}

function freshFolder(host: Host, created: Date, job: Job): string {
  const words = job.target.join("+").replace(/[^\p{L}\p{M}\p{N}_+]+/gu, "_"); // vowels of many scripts are marks, not letters
  const target = /^.{0,40}/u.exec(words)?.[0];
  const name = `${created.toISOString().slice(0, 10)}-${target}-${job.horizon}`;
  mkdirSync(runsFolder(host), { recursive: true });
  for (let n = 1; ; n++) {
    const dir = join(runsFolder(host), n === 1 ? name : `${name}-${String(n).padStart(2, "0")}`);
    try {
      mkdirSync(dir); // fails when it exists, also when another process makes it this very moment
      return dir;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function givenFolder(dir: string): string {
  if (existsSync(dir) && (!statSync(dir).isDirectory() || readdirSync(dir).length > 0)) {
    throw new UsageError(`Cannot write the run to --out ${dir}: it exists and is not an empty folder. Name a new folder.`);
  }
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** Every run in the runs folder, newest first. Folders that hold no run are left out; `damaged` hears of each that cannot be read. */
export function listRuns(host: Host, damaged: (message: string) => void = () => {}): Run[] {
  const folder = runsFolder(host);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(runFiles(join(folder, entry.name)).config))
    .flatMap((entry) => {
      try {
        return [readRun(join(folder, entry.name))];
      } catch (error) {
        if (!(error instanceof ModelFileError)) throw error;
        damaged(error.message);
        return [];
      }
    })
    .sort((a, b) => (a.config.createdAt < b.config.createdAt ? 1 : -1));
}

/** The folder of a run given by its id or its path; null when there is none. */
export function findRunFolder(host: Host, name: string): string | null {
  const candidates = isAbsolute(name) ? [name] : [join(runsFolder(host), name), resolve(host.cwd, name)];
  return candidates.find((dir) => name !== "" && existsSync(runFiles(dir).config)) ?? null;
}

/** @throws {ModelFileError} when no run has this id or lies at this path. */
export function openRun(host: Host, name: string): Run {
  const dir = findRunFolder(host, name);
  if (dir !== null) return readRun(dir);
  const known = listRuns(host)
    .slice(0, 5)
    .map(({ config }) => config.id);
  throw new ModelFileError(
    `There is no run "${name}" in ${runsFolder(host)}. ` +
      (known.length === 0 ? "No run was made there yet." : `The newest are ${known.join(", ")}; sluice runs lists all.`),
  );
}

function readRun(dir: string): Run {
  const files = runFiles(dir);
  const config = parseConfig(readFileSync(files.config, "utf8"), files.config);
  const metrics = existsSync(files.metrics) ? parseMetrics(readFileSync(files.metrics, "utf8"), files.metrics) : null;
  return { dir, config, metrics };
}

/** Writes a text file whole or not at all. */
export function writeText(path: string, text: string): Promise<void> {
  return writeFileAtomically(path, new TextEncoder().encode(text));
}

/** Takes a run for this process; gives it back with the returned function. @throws {UsageError} when another process trains it. */
export function lockRun({ dir, config }: Run): () => void {
  const { lock } = runFiles(dir);
  const holder = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : Number.NaN;
  if (isAlive(holder)) {
    throw new UsageError(
      `Run ${config.id} is being trained by process ${holder}. Wait for it, or stop it first; if that is another program, delete ${lock}.`,
    );
  }
  writeFileSync(lock, String(process.pid));
  return () => rmSync(lock, { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Adds an epoch to `metrics.jsonl`, one line each. An epoch that is trained again after a resume takes the place of what the
 * log has from there on, and so does a line that was cut short.
 */
export function appendEpoch(dir: string, record: { readonly epoch: number }): void {
  const { epochs } = runFiles(dir);
  const line = `${JSON.stringify(record)}\n`;
  const log = existsSync(epochs) ? readFileSync(epochs, "utf8") : "";
  const whole = log.split(/(?<=\n)/).filter((each) => each.endsWith("\n"));
  const kept = whole.filter((each) => (JSON.parse(each) as { epoch: number }).epoch < record.epoch).join("");
  if (kept.length === log.length) appendFileSync(epochs, line);
  else writeFileSync(epochs, kept + line);
}
