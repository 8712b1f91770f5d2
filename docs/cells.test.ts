import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { oracleOptions } from "../packages/sluice/src/layers/testing/facts/oracle-options.ts";
import { type CellTimes, cellsPage } from "../packages/sluice/src/layers/testing/facts/page.ts";

// `npm run cells` is this test with --update: it writes the page anew.
test("cells.md says what the registry and its facts say; npm run cells writes it", async () => {
  const taken = new URL("../benchmarks/cells.json", import.meta.url);
  const times = existsSync(taken) ? (JSON.parse(readFileSync(taken, "utf8")) as CellTimes) : null;
  await expect(cellsPage(times, oracleOptions())).toMatchFileSnapshot("cells.md");
});
