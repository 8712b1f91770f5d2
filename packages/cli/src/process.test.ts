import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { salesCsv, temporaryFolder } from "./testing/run-cli.ts";

const BIN = fileURLToPath(new URL("../bin/sluice.mjs", import.meta.url));
/** True processes run what was built; `npm test` builds first. */
const built = existsSync(new URL("../dist/main.js", import.meta.url));
const TRAIN = ["train", "sales.csv", "--target", "units", "--horizon", "7", "--units", "4", "--window", "14", "--epochs", "200"];

function workplace(): string {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, "sales.csv"), salesCsv(300));
  return cwd;
}

/** The program as users start it: no npm around it. */
function environment(): NodeJS.ProcessEnv {
  const { npm_command: _, NODE_OPTIONS: __, ...env } = process.env;
  return env;
}

function run(argv: readonly string[], { cwd, input = "" }: { cwd: string; input?: string }) {
  return spawnSync(process.execPath, [BIN, ...argv], { cwd, input, encoding: "utf8", env: environment() });
}

/** Ends with the exit code and stderr; `watch` sees stderr as it grows. */
function follow(child: ChildProcess, watch: (stderr: string) => void): Promise<{ code: number | null; stderr: string }> {
  let stderr = "";
  child.stderr?.on("data", (piece: Buffer) => {
    stderr += piece.toString();
    watch(stderr);
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stderr })));
}

describe.skipIf(!built)("the program", () => {
  test("prints help and refuses what it does not know, with exit codes", () => {
    const cwd = workplace();
    expect(run(["--help"], { cwd })).toMatchObject({ status: 0, stderr: "" });
    expect(run(["trian"], { cwd })).toMatchObject({ status: 2, stdout: "" });
    expect(run(["look", "none.csv"], { cwd })).toMatchObject({ status: 3, stdout: "" });
    expect(run(["predict", "none.safetensors", "sales.csv"], { cwd })).toMatchObject({ status: 4, stdout: "" });
  });

  test("reads stdin", () => {
    const { status, stdout } = run(["look", "-", "--json"], { cwd: workplace(), input: salesCsv(50) });
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { name: "stdin", rows: 50 }]);
  });

  test.skipIf(process.platform === "win32")("ends well when the reader of its output has gone away", () => {
    const pipe = `set -o pipefail; "${process.execPath}" "${BIN}" look sales.csv | true`;
    const { status, stderr } = spawnSync("bash", ["-c", pipe], { cwd: workplace(), encoding: "utf8", env: environment() });
    expect(stderr).not.toContain("EPIPE");
    expect(status).toBe(0);
  });

  test("once interrupted it saves and says how to go on", async () => {
    const cwd = workplace();
    const child = spawn(process.execPath, [BIN, ...TRAIN], { cwd, env: environment() });
    let sent = false;
    const { code, stderr } = await follow(child, (text) => {
      if (!sent && /^epoch 1\//m.test(text)) sent = child.kill("SIGINT");
    });
    expect(stderr).toContain("Finishing the step and saving");
    expect(stderr).toMatch(/Go on with: sluice resume \S+\n$/);
    expect(code).toBe(130);
    const [id = ""] = readdirSync(join(cwd, "runs"));
    expect(readdirSync(join(cwd, "runs", id))).toEqual(expect.arrayContaining(["checkpoint", "config.json"]));
    expect(readdirSync(join(cwd, "runs", id))).not.toContain("running.pid");
  });

  test("twice interrupted it quits at once", async () => {
    const child = spawn(process.execPath, [BIN, ...TRAIN], { cwd: workplace(), env: environment() });
    let sent = 0;
    const { code } = await follow(child, (text) => {
      const due = /^epoch 1\//m.test(text) ? (text.includes("Finishing the step") ? 2 : 1) : 0;
      if (sent < due) {
        child.kill("SIGINT");
        sent++;
      }
    });
    expect(sent).toBe(2);
    expect(code).toBe(130);
  });
});
