import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";

import { runCli, salesCsv, temporaryFolder } from "./testing/run-cli.ts";

const HEAD = "day,units,promo";
const day = (i: number) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
const rows = (n: number, row: (i: number) => string) => `${[HEAD, ...Array.from({ length: n }, (_, i) => row(i))].join("\n")}\n`;
const wave = (i: number) => (50 + 10 * Math.sin((2 * Math.PI * i) / 7) + Math.sin(i * i)).toFixed(2);

/** Data that is short, odd or wrong. Each gives a result or a sentence, in every command. */
const FILES: Readonly<Record<string, string>> = {
  "header only": `${HEAD}\n`,
  "a single row": rows(1, (i) => `${day(i)},5,0`),
  "two rows": rows(2, (i) => `${day(i)},${i},0`),
  short: rows(20, (i) => `${day(i)},${wave(i)},0`),
  constant: rows(150, (i) => `${day(i)},7,0`),
  "all missing": rows(150, (i) => `${day(i)},,0`),
  "half missing": rows(200, (i) => `${day(i)},${i % 2 === 0 ? wave(i) : ""},0`),
  "one time for all rows": rows(150, (i) => `${day(0)},${wave(i)},0`),
  "each time twice": rows(150, (i) => `${day(i >> 1)},${wave(i)},0`),
  unsorted: rows(150, (i) => `${day((i * 67) % 150)},${wave(i)},0`),
  "in the far future": rows(150, (i) => `${new Date(Date.UTC(9000, 0, 1 + i)).toISOString().slice(0, 10)},${wave(i)},0`),
  "with a huge value": rows(150, (i) => `${day(i)},${i === 70 ? 1e30 : wave(i)},0`),
  "with a century between": rows(150, (i) => `${i < 75 ? day(i) : day(36500 + i)},${wave(i)},0`),
};

const OPTIONS = ["--target", "units", "--horizon", "3", "--units", "2", "--window", "6", "--epochs", "1"];
let model = "";

beforeAll(async () => {
  const cwd = mkdtempSync(join(tmpdir(), "sluice-cli-"));
  writeFileSync(join(cwd, "sales.csv"), salesCsv(150));
  const { code, stderr } = await runCli(["train", "sales.csv", ...OPTIONS, "--out", "run"], { cwd });
  if (code !== 0) throw new Error(stderr);
  model = join(cwd, "run");
  return () => rmSync(cwd, { recursive: true });
});

describe.each(Object.keys(FILES))("data that is %s", (name) => {
  test.each(["look", "train", "backtest", "predict", "evaluate"])("gives %s a result or a sentence", async (command) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "odd.csv"), FILES[name] ?? "");
    const argv = {
      look: ["look", "odd.csv"],
      train: ["train", "odd.csv", ...OPTIONS],
      backtest: ["backtest", "odd.csv", ...OPTIONS, "--windows", "2"],
      predict: ["predict", model, "odd.csv"],
      evaluate: ["evaluate", model, "odd.csv"],
    }[command] as string[];
    const { code, stdout, stderr } = await runCli([...argv, "--json"], { cwd });
    expect([0, 3], stderr).toContain(code);
    expect(stderr).not.toMatch(/\btensor|NaN|Infinity|mistake of its own|\[\d+(, \d+)+\]|undefined/i);
    if (code === 0) expect(JSON.parse(stdout)).toHaveProperty("schema");
    else {
      expect(stdout).toBe("");
      expect(stderr).toContain("odd.csv");
      expect(stderr.trimEnd().split("\n").length).toBeLessThanOrEqual(4);
    }
  });
});
