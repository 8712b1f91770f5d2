// Checks that each package, as npm would publish it, resolves for its users: publint on the files, attw on the types.
import { readdirSync } from "node:fs";
import { run } from "./ensure-installed.mjs";

for (const name of readdirSync(new URL("../packages", import.meta.url))) {
  run("npx", ["publint", "--strict", `packages/${name}`]);
  run("npx", ["attw", "--pack", `packages/${name}`, "--profile", "esm-only"]);
}
