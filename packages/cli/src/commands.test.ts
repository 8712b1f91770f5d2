import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { commands } from "./commands/index.ts";
import { runCli, temporaryFolder } from "./testing/run-cli.ts";

describe("doctor", () => {
  test("reports the machine and a self-test that passes", async () => {
    const { code, stdout } = await runCli(["doctor", "--json"]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { selfTest: { largestDifference: number }; step: { milliseconds: number } };
    expect(report).toMatchObject({
      schema: "sluice.doctor/1",
      node: process.versions.node,
      backend: "wasm",
      selfTest: { passed: true },
    });
    expect(report.selfTest.largestDifference).toBeGreaterThan(0); // float32 beside float64: two computations, not one twice
    expect(report.step.milliseconds).toBeGreaterThan(0);
    const { stdout: text } = await runCli(["doctor"]);
    expect(text).toMatch(/^Node +\d+\.\d+\.\d+ .*\nmachine .*\nbackend +wasm, kernels "(relaxed|simd)"/);
    expect(text).toContain("self-test  passed");
  });
});

describe("completion", () => {
  test.each(["bash", "zsh", "fish"])("for %s knows every command and its options", async (shell) => {
    const { code, stdout } = await runCli(["completion", shell]);
    expect(code).toBe(0);
    for (const { name } of commands) expect(stdout).toContain(name);
    expect(stdout).toContain("require-skill");
    const installed = spawnSync(shell, ["-n"], { input: stdout, encoding: "utf8" });
    if (installed.error === undefined) expect(installed.stderr).toBe(""); // the shell itself reads it, where it is installed
  });

  test("completes commands and options in bash", async () => {
    const { stdout } = await runCli(["completion", "bash"]);
    const complete = (...words: string[]) =>
      spawnSync(
        "bash",
        [
          "-c",
          `${stdout}\nCOMP_WORDS=(sluice "$@"); COMP_CWORD=$#; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`,
          "bash",
          ...words,
        ],
        {
          cwd: temporaryFolder(),
          encoding: "utf8",
        },
      ).stdout.trim();
    expect(complete("tr")).toBe("train");
    expect(complete("train", "--hor")).toBe("--horizon");
    expect(complete("predict", "m", "--l")).toBe("--level");
  });
});

describe("demo", () => {
  test("trains on data that comes along and says what to do next", async () => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await runCli(["demo", "co2", "--budget", "1s"], { cwd, env: { npm_command: "start" } });
    expect(stderr).toMatch(/^Carbon dioxide over Mauna Loa since 1958, by month: the next year\.\nReading /);
    expect(stdout).toContain("seasonal naive");
    expect(readdirSync(join(cwd, "runs", "2026-11-21-CO2-12"))).toEqual(
      expect.arrayContaining(["model.safetensors", "report.html"]),
    );
    expect(stderr).toMatch(
      /Next: {2}npx sluice predict 2026-11-21-CO2-12 .*\nThen: {2}npx sluice look .*, and the same with a file of yours\.\n$/,
    );
    expect(code).toBe(0);
  });
});
