import type { ColumnSummary, Table } from "@sluice/data";
import { type CommandSpec, defineCommand, operand, required, text } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { commandLine } from "../forecast-args.ts";
import type { Look } from "../look-at.ts";
import { type ReadFile, readTable } from "../read-file.ts";

export const look: CommandSpec = defineCommand({
  name: "look",
  summary: "Look at a CSV file: columns, gaps, seasons, leaks, and what to do next",
  examples: ["look sales.csv", "look weather.csv --target temp_max", "look sales.csv --json"],
  args: {
    file: required(operand("FILE", "CSV, plain or gzipped; - is stdin")),
    target: text("COL", "column you want to forecast (default: a guess)"),
    time: text("COL", "column of times (default: found by itself)"),
    series: text("COL", "column that tells several series apart (default: found by itself)"),
  },
  async run({ file, target, time, series }, context) {
    const { output } = context;
    const data = await readTable(file, context);
    const { lookAt } = await import("../look-at.ts");
    const seen = lookAt(data.table, { target, time, series });
    const suggestion = suggest(file, seen, time);
    const { columnTable, facts } = await renderers();
    output.out({ ...seen, suggestion }, () => `${facts(seen)}\n\n${columnTable(data, seen, output.width)}`);
    for (const note of seen.notes) output.log(note, output.dim);
    for (const warning of seen.warnings) output.log(warning, output.warn);
    if (suggestion !== null) output.log(`\nNext:  ${context.program} ${suggestion}`, output.bold);
    return EXIT.ok;
  },
});

/** The `train` command that fits what was seen. */
function suggest(file: string, { target, horizon, series, covariates }: Look, time: string | undefined): string | null {
  if (target === null) return null;
  const given = {
    ...(time && { time }),
    ...(series && { series: series.column }),
    ...(covariates.length > 0 && { covariates: covariates.slice(0, 12) }),
  };
  return commandLine("train", file, { target: [target], horizon, seed: 0, ...given }).replace(/ --seed 0$/, "");
}

async function renderers() {
  const [{ formatNumber }, { sparkline }, { fittingTable }, { beginning, timeText }] = await Promise.all([
    import("@sluice/tasks"),
    import("../text-charts.ts"),
    import("../tables.ts"),
    import("@sluice/data"),
  ]);
  const count = (n: number) => n.toLocaleString("en-US");

  function facts({ name, rows, time, frequency, series, target, season }: Look): string {
    const when = time === null ? "rows are steps (no column of times)" : `${frequency}, ${time.from} to ${time.to}`;
    const state =
      time === null
        ? ""
        : `; ${time.sorted ? "in order" : "not in order"}, ${count(time.gaps)} missing steps, ${count(time.duplicates)} repeated times`;
    const several = series === null ? "" : `; ${count(series.count)} series in column ${series.column}`;
    const repeats = season > 1 ? `repeats every ${count(season)} steps` : "no season found";
    return `${name}: ${count(rows)} rows, ${when}${state}${several}${target === null ? "" : `\nTarget ${target}: ${repeats}`}`;
  }

  function columnTable({ table }: ReadFile, { columns, target }: Look, width: number | null): string {
    const number = (kind: ColumnSummary["kind"], value: number) =>
      Number.isNaN(value) ? "" : kind === "time" ? timeText(value) : formatNumber(value, 4);
    const rows = columns.map(({ name, kind, missing, distinct, distinctCapped, min, mean, max, top }) => [
      name === target ? `▸ ${name}` : `  ${name}`,
      kind,
      missing === 0 ? "" : count(missing),
      `${count(distinct)}${distinctCapped ? "+" : ""}`,
      number(kind, min),
      kind === "time" ? "" : number(kind, mean),
      number(kind, max),
      kind === "category"
        ? top
            .slice(0, 3)
            .map(({ category }) => beginning(category, 12))
            .join(", ")
        : kind === "time"
          ? ""
          : spark(table, name),
    ]);
    const right = ["missing", "distinct", "min", "mean", "max"].map((title) => ({ title, align: "right" as const }));
    return fittingTable([{ title: "  column" }, { title: "type" }, ...right, { title: "shape" }], rows, width);
  }

  function spark({ columns }: Table, name: string): string {
    const found = columns.find((c) => c.name === name);
    return found === undefined || found.kind === "category" ? "" : sparkline(found.values, 24);
  }

  return { columnTable, facts };
}
