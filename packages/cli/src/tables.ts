import { displayWidth, formatNumber, renderTable, type Scores, type TableColumn, type TrainResult } from "@sluice/tasks";
import { methodName } from "./method-name.ts";

/** A table that fits a terminal of `width` columns: aligned where there is room, else one short list for each row. */
export function fittingTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number | null,
): string {
  const table = renderTable(columns, rows);
  if (width === null || table.split("\n").every((line) => displayWidth(line) <= width)) return table;
  const [, ...rest] = columns;
  return rows
    .map(([title = "", ...cells]) => [title, ...cells.map((cell, i) => `  ${rest[i]?.title}: ${cell}`)].join("\n"))
    .join("\n");
}

/** The model and the baselines, best MASE first; the model is marked. `title` says on which rows. */
export function scoreTable(
  { model, baselines }: TrainResult["metrics"],
  { title, width, modelName = methodName("model") }: { title: string; width: number | null; modelName?: string | undefined },
): string {
  const rows = [{ name: `▸ ${modelName}`, scores: model }, ...Object.entries(baselines).map(named)];
  rows.sort((a, b) => (a.scores.mase ?? Number.POSITIVE_INFINITY) - (b.scores.mase ?? Number.POSITIVE_INFINITY));
  const right = ["MASE", "sMAPE %", "MAE", "RMSE", "R²", "pinball", "in 80 %"].map((score) => ({
    title: score,
    align: "right" as const,
  }));
  const cells = ({ mase, smape, mae, rmse, r2, pinball, coverage80 }: Scores) => [
    ...[mase, smape, mae, rmse, r2, pinball].map((value) => formatNumber(value, 3)),
    coverage80 === null ? "–" : `${Math.round(100 * coverage80)} %`,
  ];
  return fittingTable(
    [{ title }, ...right],
    rows.map(({ name, scores }) => [name, ...cells(scores)]),
    width,
  );
}

function named([kind, scores]: [string, Scores]): { name: string; scores: Scores } {
  return { name: `  ${methodName(kind)}`, scores };
}
