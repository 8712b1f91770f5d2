// Installs dependencies when node_modules is missing or older than the lock file. Plain Node, no dependency.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const root = new URL("..", import.meta.url);
const marker = new URL("node_modules/.package-lock.json", root);
const lock = new URL("package-lock.json", root);

/** Runs a command in the repository root, passing its output through; stops this process when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: "inherit", shell: process.platform === "win32", ...options });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

export function ensureInstalled() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(
      `sluice needs Node 20.19 or newer; this is ${process.version}. Install a newer one from nodejs.org, then try again.`,
    );
    process.exit(1);
  }
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error("Installing dependencies …");
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { stdio: ["inherit", 2, "inherit"] });
}

export function build() {
  console.error("Building …");
  run(process.execPath, ["scripts/build.mjs"], { stdio: ["inherit", 2, "inherit"] });
}
