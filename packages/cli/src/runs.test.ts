import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Table } from "@sluice/data";
import { describe, expect, test } from "vitest";
import type { Host } from "./host.ts";
import { appendEpoch, createRun, listRuns, lockRun, openRun, runFiles } from "./runs.ts";
import { temporaryFolder } from "./testing/run-cli.ts";

const table: Table = { name: "sales.csv", rows: 0, columns: [], notes: [] };
const made = {
  data: { table, path: "/data/sales.csv", sha256: "ab".repeat(32) },
  job: { target: ["units/day", "größe"], horizon: 12, seed: 3 },
  command: "train sales.csv",
  requireSkill: false,
};

function hostIn(cwd: string): Host {
  let day = 0;
  return { cwd, now: () => new Date(Date.UTC(2026, 10, 21, 12, 0, day++)) } as unknown as Host;
}

describe("runs", () => {
  test("have ids of date, target and horizon that sort, and never take a folder twice", async () => {
    const host = hostIn(temporaryFolder());
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await createRun(host, made, undefined)).config.id);
    expect(ids).toEqual([
      "2026-11-21-units_day+größe-12",
      "2026-11-21-units_day+größe-12-02",
      "2026-11-21-units_day+größe-12-03",
    ]);
    expect(listRuns(host).map(({ config }) => config.id)).toEqual(ids.toReversed());
    expect(openRun(host, "2026-11-21-units_day+größe-12").config.job).toEqual(made.job);
  });

  test("go where --out says, which must be new or empty", async () => {
    const cwd = temporaryFolder();
    const host = hostIn(cwd);
    const { dir } = await createRun(host, made, "first");
    expect(dir).toBe(join(cwd, "first"));
    expect(openRun(host, "first").dir).toBe(dir);
    await expect(createRun(host, made, "first")).rejects.toThrow(/exists and is not an empty folder. Name a new folder/);
  });

  test("with a damaged config are named and left out of the list, and do not open", async () => {
    const host = hostIn(temporaryFolder());
    const { dir } = await createRun(host, made, undefined);
    const bad = join(dir, "..", "bad");
    mkdirSync(bad);
    for (const [text, message] of [
      ["{", "it is not JSON"],
      [readFileSync(runFiles(dir).config, "utf8").replace('"horizon": 12', '"horizon": -1'), "at job.horizon"],
      [readFileSync(runFiles(dir).config, "utf8").replace("sluice.run/1", "sluice.run/9"), "at schema"],
      ['{"__proto__":{"polluted":1}}', "Cannot use"],
    ] as const) {
      writeFileSync(runFiles(bad).config, text);
      const complaints: string[] = [];
      expect(listRuns(host, (complaint) => complaints.push(complaint))).toHaveLength(1);
      expect(complaints[0]).toContain(message);
      expect(() => openRun(host, "bad")).toThrow(message);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("are trained by one process at a time; a lock left by a dead one does not hold", async () => {
    const host = hostIn(temporaryFolder());
    const run = await createRun(host, made, undefined);
    const { lock } = runFiles(run.dir);
    writeFileSync(lock, String(process.ppid));
    expect(() => lockRun(run)).toThrow(`is being trained by process ${process.ppid}`);
    writeFileSync(lock, "999999999");
    const unlock = lockRun(run);
    expect(readFileSync(lock, "utf8")).toBe(String(process.pid));
    unlock();
    expect(existsSync(lock)).toBe(false);
  });

  test("log one line for each epoch, also when some are trained again after a resume or a line was cut short", () => {
    const dir = temporaryFolder();
    const epochs = () =>
      readFileSync(runFiles(dir).epochs, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    for (const epoch of [1, 2, 3]) appendEpoch(dir, { epoch });
    expect(epochs()).toEqual([{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }]);
    appendEpoch(dir, { epoch: 2 });
    expect(epochs()).toEqual([{ epoch: 1 }, { epoch: 2 }]);
    writeFileSync(runFiles(dir).epochs, '{"epoch":1}\n{"epo');
    appendEpoch(dir, { epoch: 2 });
    expect(epochs()).toEqual([{ epoch: 1 }, { epoch: 2 }]);
  });
});
