// Compiles the wasm kernels (skipped when unchanged), then every package, and joins their modules for Node.
import { fileURLToPath } from "node:url";
import { ensureInstalled, run } from "./ensure-installed.mjs";

ensureInstalled();
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
run(process.execPath, [at("packages/sluice/scripts/build-kernels.mjs")]);
run(process.execPath, [
  at("node_modules/typescript/bin/tsc"),
  "-b",
  "packages/sluice",
  "packages/data",
  "packages/tasks",
  "packages/cli",
]);
const { bundle } = await import("./bundle.mjs"); // needs what ensureInstalled installs
for (const name of ["sluice", "data", "tasks"]) await bundle(new URL(`../packages/${name}/`, import.meta.url));
