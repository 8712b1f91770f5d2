import type { ForecasterModel, ForecastRow } from "@sluice/tasks";
import { type CommandSpec, type Context, defineCommand, levels, operand, required } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { type ReadFile, readTable } from "../read-file.ts";

export const predict: CommandSpec = defineCommand({
  name: "predict",
  summary: "Forecast the steps after the end of a file; CSV on stdout",
  computes: true,
  examples: [
    "predict 2026-11-21-temp_max-7 weather.csv",
    "predict model.safetensors weather.csv --level 50,80,95 > forecast.csv",
    "predict model.safetensors - --json < weather.csv",
  ],
  args: {
    model: required(operand("MODEL", "a run's id or folder, or a .safetensors file")),
    file: required(operand("FILE", "CSV with the columns the model was trained on; - is stdin")),
    level: levels("LEVELS", "intervals in percent, such as 50,80,95 (default: 80)"),
  },
  async run({ model: name, file, level = [80] }, context) {
    const { output } = context;
    const { openForecaster } = await import("../model-file.ts");
    const model = await openForecaster(name, context);
    const data = await readTable(file, context);
    const rows = await model.predict(data.table, { levels: level });
    if (output.live && !output.json) await drawFan(model, data, rows, level, context);
    output.out({ schema: "sluice.predict/1", target: model.target, horizon: model.horizon, rows }, () =>
      toCsv(rows, model, level),
    );
    output.log(`${rows.length} forecasts; lower and upper are the ends of the intervals.`, output.dim);
    return EXIT.ok;
  },
});

/** One row for each step; the columns series and target stand where there may be several. */
function toCsv(rows: readonly ForecastRow[], { target }: ForecasterModel, level: readonly number[]): string {
  const bySeries = rows.some(({ series }) => series !== "");
  const leading = (series: string, time: string, name: string) => [
    ...(bySeries ? [series] : []),
    time,
    ...(target.length > 1 ? [name] : []),
  ];
  const ends = level.flatMap((l) => [`lower_${l}`, `upper_${l}`]);
  const lines = rows.map(({ series, time, target: name, forecast, intervals }) => {
    const numbers = [forecast, ...level.flatMap((l) => intervals[String(l)] ?? [Number.NaN, Number.NaN])];
    return [...leading(series, time, name), ...numbers.map(rounded)].map(field).join(",");
  });
  return [[...leading("series", "time", "target"), "forecast", ...ends].join(","), ...lines].join("\n");
}

/** Seven digits, which is what float32 carries. */
function rounded(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(7))) : "";
}

function field(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** The first series and target, with as much history as twice the horizon or more. */
async function drawFan(
  { target, horizon }: ForecasterModel,
  { table }: ReadFile,
  rows: readonly ForecastRow[],
  level: readonly number[],
  { output }: Context,
): Promise<void> {
  const [name = ""] = target;
  const [first] = rows;
  if (first === undefined || first.series !== "") return;
  const [{ numbers }, { fanChart }] = await Promise.all([import("@sluice/data"), import("../text-charts.ts")]);
  const widest = String(level.at(-1));
  const shown = rows.filter((row) => row.target === name);
  const fan = {
    history: [...numbers(table, name).slice(-Math.max(2 * horizon, 30))],
    median: shown.map(({ forecast }) => forecast),
    low: shown.map(({ intervals }) => intervals[widest]?.[0] ?? Number.NaN),
    high: shown.map(({ intervals }) => intervals[widest]?.[1] ?? Number.NaN),
  };
  output.log(`${name}: the last ${fan.history.length} rows, then the forecast with its ${widest} % interval`, output.bold);
  output.log(fanChart(fan, Math.min(72, (output.width ?? 80) - 1), 8));
}
