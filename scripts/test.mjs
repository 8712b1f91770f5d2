// `npm test`: from a bare checkout to every test passed.
import { build, ensureInstalled, run } from "./ensure-installed.mjs";

ensureInstalled();
build();
run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--maxWorkers=2", ...process.argv.slice(2)]);
