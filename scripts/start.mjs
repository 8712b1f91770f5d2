// `npm start`: from a bare checkout to a trained forecaster and its report.
import { build, ensureInstalled, run } from "./ensure-installed.mjs";

ensureInstalled();
build();
run(process.execPath, ["packages/cli/bin/sluice.mjs", "demo", ...process.argv.slice(2)]);
