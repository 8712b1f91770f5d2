import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "sluice";
import { describe, expect, test } from "vitest";
import { runCli, salesCsv, temporaryFolder } from "./testing/run-cli.ts";

const OPTIONS = ["--target", "units", "--horizon", "7", "--units", "4", "--window", "14", "--epochs", "3"];
const ID = "2026-11-21-units-7";

/** A folder with `sales.csv`. */
function workplace(rows = 200): string {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, "sales.csv"), salesCsv(rows));
  return cwd;
}

/** A folder with `sales.csv` and a finished run. */
async function trained(): Promise<string> {
  const cwd = workplace();
  const { code, stderr } = await runCli(["train", "sales.csv", ...OPTIONS], { cwd });
  if (code !== 0) throw new Error(stderr);
  return cwd;
}

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

describe("train", () => {
  test("writes model, report and log, and says where they are and what to do next", async () => {
    const cwd = workplace();
    const { code, stdout, stderr } = await runCli(["train", "sales.csv", ...OPTIONS], { cwd });
    expect(code).toBe(0);
    const run = join(cwd, "runs", ID);
    expect(readdirSync(run).sort()).toEqual(["config.json", "metrics.json", "metrics.jsonl", "model.safetensors", "report.html"]);
    expect(readFileSync(join(run, "report.html"), "utf8")).toMatch(/^<!doctype html>/);
    expect(readFileSync(join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n")).toHaveLength(3);
    expect(json(readFileSync(join(run, "config.json"), "utf8"))).toMatchObject({
      schema: "sluice.run/1",
      id: ID,
      data: { path: join(cwd, "sales.csv"), name: "sales.csv" },
      job: { target: ["units"], horizon: 7, units: 4, windowLength: 14, epochs: 3, seed: 0 },
      command: "train sales.csv --target units --horizon 7 --window 14 --units 4 --epochs 3 --seed 0",
    });
    expect(stdout).toMatch(/^test part +MASE +sMAPE % +MAE +RMSE +R² +pinball +in 80 %\n─/);
    expect(stdout).toMatch(/^▸ LSTM /m);
    expect(stderr).toMatch(/^Reading sales.csv …\n200 rows, daily, season 7 steps; windows: /);
    expect(stderr).toMatch(/^epoch 1\/3 {2}train \S+ {2}val \S+ \(best \S+ @1\)/m);
    expect(stderr).toMatch(/Trained 3 epochs in \S+ m?s, seed 0\./);
    expect(stderr).toContain(`  model   ${join("runs", ID, "model.safetensors")}\n`);
    expect(stderr).toContain(
      "Again: sluice train sales.csv --target units --horizon 7 --window 14 --units 4 --epochs 3 --seed 0\n",
    );
    expect(stderr).toMatch(new RegExp(`Next: {2}sluice predict ${ID} sales.csv\n$`));
  });

  test("ends with one JSON object with --json, the same as in metrics.json", async () => {
    const cwd = workplace();
    const { stdout } = await runCli(["train", "sales.csv", ...OPTIONS, "--json", "--out", "result"], { cwd });
    const result = json(stdout);
    expect(result).toMatchObject({
      schema: "sluice.train/1",
      task: "forecast",
      target: "units",
      horizon: 7,
      rows: 200,
      seed: 0,
      runDir: join(cwd, "result"),
      modelPath: join(cwd, "result", "model.safetensors"),
      reportPath: join(cwd, "result", "report.html"),
    });
    expect(json(readFileSync(join(cwd, "result", "metrics.json"), "utf8"))).toEqual(result);
  });

  test("shows one redrawn line on a terminal", async () => {
    const cwd = workplace();
    const { stderr } = await runCli(["train", "sales.csv", ...OPTIONS], { cwd, columns: 70, tickMs: 200 });
    const redrawn = stderr.split("\r\u001b[2K").filter((text) => text.startsWith("epoch"));
    expect(redrawn.length).toBeGreaterThan(3);
    expect(redrawn.every((text) => (text.split("\n")[0] ?? "").length <= 69)).toBe(true);
  });

  test("with --dry-run prints the plan and writes nothing", async () => {
    const cwd = workplace();
    const { code, stdout } = await runCli(["train", "sales.csv", ...OPTIONS, "--dry-run"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain("Reads 14 steps; 4 units");
    expect(json((await runCli(["train", "sales.csv", ...OPTIONS, "--dry-run", "--json"], { cwd })).stdout)).toMatchObject({
      schema: "sluice.plan/1",
      rows: 200,
      windowLength: 14,
      seed: 0,
    });
    expect(readdirSync(cwd)).toEqual(["sales.csv"]);
  });

  test("leaves no run behind when the data cannot be used", async () => {
    const cwd = workplace(9);
    const { code, stdout, stderr } = await runCli(["train", "sales.csv", ...OPTIONS], { cwd });
    expect(code).toBe(3);
    expect(stdout).toBe("");
    expect(stderr).toContain("sales.csv");
    expect(stderr).toContain("9 rows");
    expect(stderr).not.toMatch(/\[\d+(, \d+)*\]|tensor| at .*:\d+:\d+/);
    expect(existsSync(join(cwd, "runs", ID))).toBe(false);
  });

  test("names a column that is not there", async () => {
    const { code, stderr } = await runCli(["train", "sales.csv", "--target", "unit", "--horizon", "7"], { cwd: workplace() });
    expect(code).toBe(3);
    expect(stderr).toContain('sales.csv has no column "unit".');
  });

  test("with --require-skill ends with exit code 5 when a simpler method does as well", async () => {
    const cwd = temporaryFolder();
    const walk = [100]; // a random walk: nothing beats its last value
    for (let i = 1, noise = 1; i < 200; i++) {
      noise = (noise * 48271) % 2147483647;
      walk.push((walk[i - 1] ?? 0) + noise / 2147483647 - 0.5);
    }
    writeFileSync(join(cwd, "walk.csv"), `y\n${walk.join("\n")}\n`);
    const options = ["--target", "y", "--horizon", "3", "--units", "2", "--window", "6", "--epochs", "1"];
    const { code } = await runCli(["train", "walk.csv", ...options, "--require-skill", "--out", "run"], { cwd });
    const outcome = (json(readFileSync(join(cwd, "run", "metrics.json"), "utf8")) as { verdict: { outcome: string } }).verdict
      .outcome;
    expect(outcome).not.toBe("model");
    expect(code).toBe(5);
  });
});

describe("Ctrl-C", () => {
  test("once finishes the step, saves, says how to go on; the resumed run ends like one never stopped", async () => {
    const whole = workplace();
    const more = [...OPTIONS.slice(0, -1), "6"];
    expect((await runCli(["train", "sales.csv", ...more], { cwd: whole })).code).toBe(0);

    const cwd = workplace();
    let pressed = false;
    const stopped = await runCli(["train", "sales.csv", ...more], {
      cwd,
      tickMs: 60_000, // every step has its line
      onStderr(text, interrupt) {
        if (pressed || !text.startsWith("epoch 2/6")) return;
        pressed = true;
        interrupt();
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toBe("");
    expect(stopped.exits).toEqual([]);
    expect(stopped.stderr).toMatch(new RegExp(`Go on with: sluice resume ${ID}\n$`));
    expect(existsSync(join(cwd, "runs", ID, "metrics.json"))).toBe(false);
    expect((await runCli(["runs"], { cwd })).stdout).toContain("unfinished");

    const resumed = await runCli(["resume"], { cwd });
    expect(resumed.stderr).toContain(`Resuming ${ID}, seed 0.`);
    expect(resumed.code).toBe(0);
    expect(scoresIn(cwd)).toEqual(scoresIn(whole));
    expect(weightsIn(cwd)).toEqual(weightsIn(whole)); // bit for bit
    const epochs = readFileSync(join(cwd, "runs", ID, "metrics.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    expect(epochs.map((line) => json(line).epoch)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("twice quits at once", async () => {
    const { exits } = await runCli(["train", "sales.csv", ...OPTIONS], {
      cwd: workplace(),
      onStderr(text, interrupt) {
        if (!text.startsWith("epoch 1/3")) return;
        interrupt();
        interrupt();
      },
    });
    expect(exits).toEqual([130]);
  });
});

function weightsIn(folder: string): ReadonlyMap<string, unknown> {
  return readSafetensors(readFileSync(join(folder, "runs", ID, "model.safetensors"))).tensors;
}

function scoresIn(folder: string): unknown {
  return json(readFileSync(join(folder, "runs", ID, "metrics.json"), "utf8")).metrics;
}

describe("resume", () => {
  test("refuses when the data has changed, is gone, or came from stdin", async () => {
    const cwd = await trained();
    const run = join(cwd, "runs", ID);
    const metrics = join(run, "metrics.json");
    const finished = readFileSync(metrics);
    expect((await runCli(["resume", ID], { cwd })).stderr).toContain(`Run ${ID} is finished; there is nothing to resume.`);
    rmSync(metrics);

    writeFileSync(join(cwd, "sales.csv"), salesCsv(201));
    const changed = await runCli(["resume", ID], { cwd });
    expect(changed.code).toBe(2);
    expect(changed.stderr).toMatch(
      /sales\.csv has changed since run 2026-11-21-units-7 began \(SHA-256 [0-9a-f]{12}… then, [0-9a-f]{12}… now\)/,
    );

    rmSync(join(cwd, "sales.csv"));
    expect((await runCli(["resume"], { cwd })).stderr).toContain("which is no longer there. Put the file back, then resume.");
    writeFileSync(metrics, finished);
    expect(await runCli(["resume"], { cwd })).toMatchObject({ code: 2 });
    expect((await runCli(["resume", "2020-01-01-x-1"], { cwd })).stderr).toContain('There is no run "2020-01-01-x-1"');

    const piped = temporaryFolder();
    await runCli(["train", "-", ...OPTIONS], { cwd: piped, stdin: salesCsv(200) });
    rmSync(join(piped, "runs", ID, "metrics.json"));
    expect((await runCli(["resume"], { cwd: piped })).stderr).toContain("read its data from stdin, which is gone.");
  });
});

describe("runs and compare", () => {
  test("list, compare and delete", async () => {
    const cwd = await trained();
    await runCli(["train", "sales.csv", ...OPTIONS, "--seed", "5"], { cwd });
    const { stdout } = await runCli(["runs"], { cwd });
    expect(stdout.split("\n").map((line) => line.split("  ")[0])).toEqual([
      "run",
      expect.stringMatching(/^─+$/),
      `${ID}-02`,
      ID,
      "",
    ]);
    expect(json((await runCli(["runs", "--json"], { cwd })).stdout)).toMatchObject({
      schema: "sluice.runs/1",
      runs: [
        { id: `${ID}-02`, seed: 5 },
        { id: ID, finished: true },
      ],
    });

    const compared = await runCli(["compare", ID, `${ID}-02`], { cwd });
    expect(compared.stdout).toMatch(/^seed +0 +5$/m);
    expect(compared.stdout).toMatch(/^mase +0\.\d+ +0\.\d+$/m);
    expect(compared.stderr).toBe("");

    const unasked = await runCli(["runs", "rm", ID], { cwd });
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining("Add --yes.")]);
    const refused = await runCli(["runs", "rm", ID], { cwd, columns: 80, stdin: "n\n" });
    expect(refused.stderr).toContain("Nothing was deleted.");
    expect(existsSync(join(cwd, "runs", ID))).toBe(true);
    expect((await runCli(["runs", "rm", ID], { cwd, columns: 80, stdin: "y\n" })).stdout).toContain("Deleted");
    expect(existsSync(join(cwd, "runs", ID))).toBe(false);
    expect((await runCli(["runs", "rm", `${ID}-02`, "--yes"], { cwd })).code).toBe(0);
    expect((await runCli(["runs"], { cwd })).stderr).toContain("No run in");
    expect((await runCli(["runs", "rm", "../sales.csv", "--yes"], { cwd })).code).toBe(4);
  });

  test("compare says when the data differ", async () => {
    const cwd = await trained();
    writeFileSync(join(cwd, "sales.csv"), salesCsv(220));
    await runCli(["train", "sales.csv", ...OPTIONS], { cwd });
    expect((await runCli(["compare", ID, `${ID}-02`], { cwd })).stderr).toContain("The two runs read different data");
  });
});

describe("a trained model", () => {
  test("predicts as CSV and JSON, by run id, folder and file", async () => {
    const cwd = await trained();
    const { code, stdout, stderr } = await runCli(["predict", ID, "sales.csv", "--level", "80,50"], { cwd });
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toBe("time,forecast,lower_50,upper_50,lower_80,upper_80");
    expect(lines).toHaveLength(8);
    for (const line of lines.slice(1)) {
      const [median = 0, low50 = 0, high50 = 0, low80 = 0, high80 = 0] = line.split(",").slice(1).map(Number);
      expect(low80).toBeLessThanOrEqual(low50);
      expect(low50).toBeLessThanOrEqual(median);
      expect(median).toBeLessThanOrEqual(high50);
      expect(high50).toBeLessThanOrEqual(high80);
    }
    expect(stderr).toContain("7 forecasts");
    const model = join("runs", ID, "model.safetensors");
    for (const name of [join("runs", ID), model]) {
      expect((await runCli(["predict", name, "-", "--level", "80,50"], { cwd, stdin: salesCsv(200) })).stdout).toBe(stdout);
    }
    expect(json((await runCli(["predict", ID, "sales.csv", "--json"], { cwd })).stdout)).toMatchObject({
      schema: "sluice.predict/1",
      target: ["units"],
      horizon: 7,
      rows: [{ series: "", target: "units" }, {}, {}, {}, {}, {}, {}],
    });
  });

  test("draws its forecast on a terminal", async () => {
    const cwd = await trained();
    const { stdout, stderr } = await runCli(["predict", ID, "sales.csv"], { cwd, columns: 40 });
    const chart = stderr.split("\n").filter((line) => /^[\u2800-\u28ff]+$/.test(line));
    expect(chart.map((line) => line.length)).toEqual(Array(8).fill(39));
    expect(stdout).toMatch(/^time,forecast/);
  });

  test("is evaluated, backtested and inspected", async () => {
    const cwd = await trained();
    const evaluated = await runCli(["evaluate", ID, "sales.csv"], { cwd });
    expect([evaluated.code, evaluated.stdout]).toEqual([0, expect.stringContaining("▸ this model")]);
    expect(json((await runCli(["evaluate", ID, "sales.csv", "--json"], { cwd })).stdout).schema).toBe("sluice.evaluate/1");

    const tested = await runCli(["backtest", "sales.csv", ...OPTIONS, "--windows", "2"], { cwd });
    expect([tested.code, tested.stdout]).toEqual([0, expect.stringContaining("step ahead, MASE")]);
    expect(tested.stderr).toContain("2 folds in");
    expect(tested.stderr).toContain("Next:  sluice train sales.csv --target units --horizon 7");

    const inspected = await runCli(["inspect", ID], { cwd });
    expect([inspected.code, inspected.stdout]).toEqual([
      0,
      expect.stringContaining("Forecasts units, 7 steps ahead from 14 steps"),
    ]);
    expect(json((await runCli(["inspect", ID, "--json"], { cwd })).stdout)).toMatchObject({
      schema: "sluice.inspect/1",
      task: "forecast",
    });

    const inside = await runCli(["inspect", ID, "--on", "sales.csv"], { cwd });
    expect([inside.code, inside.stdout]).toEqual([0, expect.stringContaining("Inside, over the last 16 windows")]);
    expect(inside.stdout).toMatch(/^(LSTM|GRU) ".*units move/m);
    const drawn = await runCli(["inspect", ID, "--on", "sales.csv", "--html", "inside.html"], { cwd });
    expect([drawn.code, drawn.stdout]).toEqual([0, inside.stdout]);
    expect(drawn.stderr).toContain("Wrote inside.html");
    expect(readFileSync(join(cwd, "inside.html"), "utf8")).toContain("16 windows of sales.csv");
    expect((await runCli(["inspect", ID, "--html", "inside.html"], { cwd })).stderr).toContain("Add --on");
    expect(json((await runCli(["inspect", ID, "--on", "sales.csv", "--json"], { cwd })).stdout).schema).toBe(
      "sluice.inspect-on/1",
    );
  });

  test("says in rows what a backtest lacks", async () => {
    const options = ["--target", "units", "--horizon", "12", "--windows", "3", "--window", "13", "--epochs", "1"];
    const { code, stdout, stderr } = await runCli(["backtest", "sales.csv", ...options], { cwd: workplace(31) });
    expect(stderr).toMatch(
      /^sales\.csv: .*has 31 rows; horizon 12 with 3 backtest windows needs at least \d+\.\n {2}Use .*horizon/m,
    );
    expect([code, stdout]).toEqual([3, ""]);
  });

  test("is refused when the file is damaged, missing or no model, with exit code 4", async () => {
    const cwd = await trained();
    const model = join(cwd, "runs", ID, "model.safetensors");
    const bytes = readFileSync(model);
    for (const damaged of [bytes.subarray(0, 100), Buffer.from("hello, this is text"), Buffer.alloc(0)]) {
      writeFileSync(join(cwd, "bad.safetensors"), damaged);
      for (const command of [
        ["predict", "bad.safetensors", "sales.csv"],
        ["inspect", "bad.safetensors"],
      ]) {
        const { code, stdout, stderr } = await runCli(command, { cwd });
        expect([code, stdout]).toEqual([4, ""]);
        expect(stderr).toMatch(/Cannot (load|read)/);
      }
    }
    expect((await runCli(["predict", "none.safetensors", "sales.csv"], { cwd })).code).toBe(4);
    expect((await runCli(["inspect", "no-such-run"], { cwd })).stderr).toContain(`The newest are ${ID}`);
  });

  test("of another kind is inspected tensor by tensor", async () => {
    const cwd = temporaryFolder();
    const tensors = new Map([["encoder.weight", { shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }]]);
    writeFileSync(join(cwd, "other.safetensors"), writeSafetensors({ metadata: new Map([["made by", "a friend"]]), tensors }));
    const { stdout } = await runCli(["inspect", "other.safetensors"], { cwd });
    expect(stdout).toContain("1 tensors, 4 numbers");
    expect(stdout).toContain("made by: a friend");
    expect(stdout).toMatch(/^encoder\.weight {2}2 × 2 +2\.50 +1\.12 +1 +4$/m);
    const refused = await runCli(["inspect", "other.safetensors", "--on", "sales.csv"], { cwd });
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("other.safetensors is none: it names no columns"),
    ]);
  });
});
