#!/usr/bin/env node
// The process is ours here: sets what concerns all of it, then hands over to the built command line.
import { existsSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

// Fused multiply-add in WebAssembly: behind a switch in the V8 of Node 20, on by default since.
if (process.versions.node.startsWith("20.")) setFlagsFromString("--experimental-wasm-relaxed-simd");

const entry = new URL("../dist/main.js", import.meta.url);
if (existsSync(entry)) {
  const { main } = await import(entry.href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.stderr.write("sluice is not built yet: run npm run build first.\n");
  process.exitCode = 1;
}
