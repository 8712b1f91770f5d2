import type { BaselineTask } from "./types.ts";

/** An origin of one of the series. */
export interface Origin {
  readonly series: number;
  readonly row: number;
}

/**
 * The origins whose whole horizon lies in the part and which have at least `reach` rows before them; at most `limit` of them, evenly
 * spaced, so that ten million rows cost no more than the limit. `total` says how many there are.
 */
export function originsIn(
  task: BaselineTask,
  part: "train" | "validation",
  reach: number,
  limit: number,
): { origins: Origin[]; total: number } {
  const spans = task.series.map((one) => {
    const first = Math.max(one[part].from, part === "train" ? one.train.from + reach : reach);
    return { first, count: Math.max(0, one[part].to - task.horizon - first + 1) };
  });
  const total = spans.reduce((sum, span) => sum + span.count, 0);
  const taken = Math.min(limit, total);
  const origins: Origin[] = [];
  let series = 0;
  let before = 0; // origins in the series already passed
  for (let i = 0; i < taken; i++) {
    const index = Math.floor((i * total) / taken);
    while (index - before >= (spans[series]?.count ?? 0)) before += spans[series++]?.count ?? 0;
    origins.push({ series, row: (spans[series]?.first ?? 0) + index - before });
  }
  return { origins, total };
}
