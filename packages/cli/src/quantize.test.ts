import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors } from "sluice";
import { describe, expect, test } from "vitest";
import { runCli, salesCsv, temporaryFolder } from "./testing/run-cli.ts";

const TRAIN = ["train", "sales.csv", "--target", "units", "--horizon", "7", "--units", "16", "--window", "14", "--epochs", "2"];
const ID = "2026-11-21-units-7";

describe("quantize", () => {
  test("measures what smaller weights cost, writes the model when asked, and the model works", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "sales.csv"), salesCsv(200));
    expect((await runCli(TRAIN, { cwd })).code).toBe(0);
    const model = join(cwd, "runs", ID, "model.safetensors");

    const measured = await runCli(["quantize", ID, "--type", "int8", "--check", "sales.csv"], { cwd });
    expect(measured.code).toBe(0);
    expect(measured.stdout).toMatch(/^int8 +before +after +change\n─+/);
    expect(measured.stdout).toMatch(/^bytes .* -\d+\.\d %$/m);
    expect(measured.stdout).toMatch(/^7 forecasts differ: largest \S+, on average \S+, in units of the target\.$/m);
    expect(measured.stderr).toContain("Nothing was written. Add --out FILE");

    const args = ["quantize", ID, "--type", "int8", "--check", "sales.csv", "--out", "small.safetensors", "--json"];
    const { code, stdout, stderr } = await runCli(args, { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/Saved small.safetensors. Next: sluice predict small.safetensors sales.csv\n$/);
    const report = JSON.parse(stdout);
    const path = join(cwd, "small.safetensors");
    expect(report).toMatchObject({
      schema: "sluice.quantize/1",
      type: "int8",
      out: "small.safetensors",
      check: { forecasts: 7 },
    });
    expect(report.bytes).toEqual({ before: statSync(model).size, after: statSync(path).size });
    expect(report.bytes.after).toBeLessThan(report.bytes.before);
    expect(report.check.difference.max).toBeGreaterThan(0);
    expect(Math.abs(report.check.after.mae / report.check.before.mae - 1)).toBeLessThan(0.05);
    expect(readSafetensors(readFileSync(path)).metadata.get("sluice.weights")).toBe("int8");
    const [large, small] = [
      await runCli(["predict", ID, "sales.csv"], { cwd }),
      await runCli(["predict", path, "sales.csv"], { cwd }),
    ];
    expect(small.code).toBe(0);
    expect(small.stdout).not.toBe(large.stdout);
  });

  test("says what is missing", async () => {
    const cwd = temporaryFolder();
    const { code, stderr } = await runCli(["quantize", "model.safetensors", "--type", "int4", "--check", "x.csv"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/int8, float16, bfloat16/);
    expect(existsSync(join(cwd, "small.safetensors"))).toBe(false);
    expect((await runCli(["quantize", "model.safetensors", "--type", "int8", "--check", "x.csv"], { cwd })).code).toBe(4);
  });
});
