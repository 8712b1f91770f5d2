import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { runCli, salesCsv, temporaryFolder } from "./testing/run-cli.ts";

/** Runs `look` on a file with this content. */
async function look(content: string | Uint8Array, ...more: string[]) {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, "sales.csv"), content);
  return runCli(["look", "sales.csv", ...more], { cwd });
}

describe("look", () => {
  test("describes the columns and suggests what to do", async () => {
    const { code, stdout, stderr } = await look(salesCsv(120));
    expect(stdout).toBe(
      [
        "sales.csv: 120 rows, daily, 2024-01-01 to 2024-04-29; in order, 0 missing steps, 0 repeated times",
        "Target units: repeats every 7 steps",
        "",
        "  column  type    missing  distinct         min    mean         max  shape",
        "────────  ──────  ───────  ────────  ──────────  ──────  ──────────  ────────────────────────",
        "  day     time                  120  2024-01-01          2024-04-29",
        "▸ units   number                117       39.85   52.07       66.76  ▇▄▁▆▇▂▃█▅▁▆▇▃▄▇▅▂▆█▃▄█▅▃",
        "  promo   number                  2           0  0.2000           1  ▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅",
        "",
      ].join("\n"),
    );
    expect(stderr).toBe("Reading sales.csv …\n\nNext:  sluice train sales.csv --target units --horizon 7 --covariates promo\n");
    expect(code).toBe(0);
  });

  test("reads gzip and stdin alike, and a bare file name means look", async () => {
    const plain = await look(salesCsv(120));
    expect((await look(gzipSync(salesCsv(120)))).stdout).toBe(plain.stdout);
    const piped = await runCli(["-"], { stdin: salesCsv(120) });
    expect(piped.stdout).toBe(plain.stdout.replace("sales.csv", "stdin"));
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "sales.csv"), salesCsv(120));
    expect((await runCli(["sales.csv"], { cwd })).stdout).toBe(plain.stdout);
  });

  test("gives one JSON object with --json", async () => {
    const { stdout } = await look(salesCsv(120), "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "sluice.look/1",
      rows: 120,
      frequency: "daily",
      season: 7,
      target: "units",
      horizon: 7,
      covariates: ["promo"],
      time: { columns: ["day"], duplicates: 0, gaps: 0, sorted: true },
      suggestion: "train sales.csv --target units --horizon 7 --covariates promo",
    });
    expect(stdout.trimEnd()).not.toContain("\n");
  });

  test("stands each column on its own in a narrow terminal", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "sales.csv"), salesCsv(120));
    const { stdout } = await runCli(["look", "sales.csv", "--no-color"], { cwd, columns: 40 });
    const [, table = ""] = stdout.split("\n\n");
    expect(table.split("\n").every((line) => line.length <= 40)).toBe(true);
    expect(table).toContain("▸ units\n  type: number\n");
  });

  test("tells gaps, repeated times, disorder and missing values", async () => {
    const rows = salesCsv(60).trimEnd().split("\n");
    const [head = "", ...days] = rows;
    const broken = [...days.slice(0, 20), ...days.slice(23), days[5]?.replace(/,\S+,/, ",,")];
    const { stdout, stderr } = await look([head, ...broken, ""].join("\n"));
    expect(stdout).toContain("not in order, 3 missing steps, 1 repeated times");
    expect(stderr).toContain('Column "units" lacks 1 value in 58 rows.');
  });

  test("finds the column that tells series apart", async () => {
    const [head = "", ...days] = salesCsv(40).trimEnd().split("\n");
    const stores = ["north", "south"].flatMap((store) => days.map((day) => `${store},${day}`));
    const { stdout, stderr } = await look([`store,${head}`, ...stores, ""].join("\n"));
    expect(stdout).toContain("2 series in column store");
    expect(stdout).toContain("0 missing steps, 0 repeated times");
    expect(stderr).toContain("--series store");
  });

  test("warns of a column that gives the target away", async () => {
    const [head = "", ...days] = salesCsv(60).trimEnd().split("\n");
    const leaky = days.map((day, i) => `${day},${days[i + 1]?.split(",")[1] ?? ""}`);
    const { stderr } = await look([`${head},tomorrow`, ...leaky, ""].join("\n"), "--target", "units");
    expect(stderr).toContain('Column "tomorrow" is "units" from 1 row later: as an input it would give the answer away.');
    expect(stderr).not.toContain("--covariates promo,tomorrow");
  });

  test.each([
    ["an empty file", "", 3, "sales.csv is empty."],
    ["a ragged row", "a,b\n1,2\n3\n", 3, "sales.csv line 3: 1 field, where the header has 2"],
    ["a word among numbers", `a,b\n${"1,2\n".repeat(2000)}1,two\n`, 3, "sales.csv line 2002"],
    [
      "no numbers",
      "name,colour\nx,red\ny,blue\nz,red\n",
      0,
      "No column holds numbers that vary, so there is nothing to forecast.",
    ],
    ["a constant", `y\n${"3\n".repeat(50)}`, 0, "No column holds numbers that vary"],
    ["one row", "a,b\n1,2\n", 0, "No column holds numbers that vary"],
  ])("of %s says so", async (_, content, code, message) => {
    const result = await look(content);
    expect(result.stderr).toContain(message);
    expect(result.code).toBe(code);
  });

  test("of a missing file or a folder says so", async () => {
    const cwd = temporaryFolder();
    const missing = await runCli(["look", "nope.csv"], { cwd });
    expect(missing).toMatchObject({ code: 3, stdout: "" });
    expect(missing.stderr).toContain("Cannot read nope.csv: there is no such file.");
    expect((await runCli(["look", "."], { cwd })).stderr).toContain("Cannot read .: it is a folder.");
    expect((await runCli(["look", "-"], { cwd })).stderr).toContain("stdin is empty.");
    expect((await look("a\n1\n2\n", "--target", "b")).stderr).toContain('sales.csv has no column "b".');
  });
});
