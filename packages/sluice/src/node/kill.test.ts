import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RandomStream } from "../random/philox.ts";
import { RUN_CASES } from "../training/testing/recurrent-runs.ts";

/** Kills in all; the long form runs 1,000. */
const KILLS = Number(process.env.SLUICE_KILLS ?? 20);
const EPOCHS = 8;

const source = fileURLToPath(new URL("..", import.meta.url));
let scratch = "";
let script = "";

/** The child must be plain JavaScript for the oldest Node, so the compiler writes it, with all it imports, into a folder. */
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "sluice-kill-"));
  const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  const options = [
    "--ignoreConfig",
    "--noCheck",
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--rewriteRelativeImportExtensions",
  ];
  const paths = ["--rootDir", source, "--outDir", join(scratch, "js"), join(source, "node", "testing", "train-until-killed.ts")];
  execFileSync(process.execPath, [compiler, ...options, ...paths], { stdio: "inherit" });
  writeFileSync(join(scratch, "package.json"), '{ "type": "module" }');
  script = join(scratch, "js", "node", "testing", "train-until-killed.js");
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/**
 * Trains in another process, which is killed with SIGKILL at a random moment after `steps` steps of its own.
 * @returns the outcome when it ended by itself, else null.
 */
function train(
  folder: string,
  which: number,
  kill: { readonly steps: number; readonly delayMs: number } | null,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(process.execPath, [script, folder, String(which), String(EPOCHS)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let complaint = "";
    let waiting = false;
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const steps = output.split("\n").filter((line) => line.startsWith("step ")).length;
      if (!kill || waiting || steps < kill.steps) return;
      waiting = true;
      setTimeout(() => child.kill("SIGKILL"), kill.delayMs);
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const last = output.trimEnd().split("\n").at(-1) ?? "";
      if (code === 0) resolve(JSON.parse(last));
      else if (signal === "SIGKILL") resolve(null);
      else reject(new Error(`the child ended with ${code ?? signal}: ${complaint}`));
    });
  });
}

describe("a process killed with SIGKILL at random moments", () => {
  const each = Math.ceil(KILLS / RUN_CASES.length);
  test.each(RUN_CASES.map(({ layers, optimizer }, which) => [`${layers}, ${optimizer.type}`, which] as const))(
    `${each} kills: %s ends with the bits of the run nobody killed`,
    async (_, which) => {
      const random = new RandomStream({ seed: 31, stream: which, step: 0 });
      const whole = await train(join(scratch, `whole-${which}`), which, null);
      expect(whole).toMatchObject({ steps: 5 * EPOCHS });
      let killed = 0;
      for (let round = 0; killed < each; round++) {
        const folder = join(scratch, `killed-${which}-${round}`);
        let result: unknown = null;
        for (let life = 0; result === null; life++) {
          const kill = killed < each && life < 10 ? { steps: random.below(20), delayMs: random.below(8) } : null;
          result = await train(folder, which, kill);
          if (result === null) killed++;
        }
        expect(result).toEqual(whole);
        rmSync(folder, { recursive: true, force: true });
      }
    },
    600_000,
  );
});
