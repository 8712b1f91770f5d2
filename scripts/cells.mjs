// Writes docs/cells.md from the registry, its facts and benchmarks/cells.json: `npm run cells`. docs/cells.test.ts keeps it true.
import { ensureInstalled, run } from "./ensure-installed.mjs";

ensureInstalled();
run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "docs/cells.test.ts", "--update"]);
