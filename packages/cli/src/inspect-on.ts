import type { InsideFindings } from "@sluice/tasks";
import type { Output } from "./output.ts";

/** Shows the findings: tables, and strips in which a full block is 1, or the strongest. */
export async function showInside(findings: InsideFindings, { width }: Pick<Output, "width">): Promise<string> {
  const [{ formatCount, formatNumber, formatPercent }, { fittingTable }] = await Promise.all([
    import("@sluice/tasks"),
    import("./tables.ts"),
  ]);
  const right = (...titles: string[]) => titles.map((title) => ({ title, align: "right" as const }));
  const room = Math.max(10, Math.min(60, (width ?? 80) - 24));
  const far = (steps: number | null): string => (steps === null ? "beyond the window" : `after ${formatCount(steps, "step")}`);
  const layers = findings.layers.flatMap(({ layer, kind, units, active, alike, gates, memory }) => [
    `${kind} "${layer}": ${active} of ${formatCount(units, "unit")} move, ${formatCount(alike, "pair")} of them alike; ` +
      `half of an input is forgotten ${far(memory.halfLife)}, 95 % ${far(memory.horizon)}`,
    ...(gates.length === 0
      ? []
      : [
          fittingTable(
            [{ title: "gate" }, ...right("below 0.1", "above 0.9"), { title: "mean, first step to last" }],
            gates.map(({ gate, shut, open, byStep }) => [
              gate,
              formatPercent(shut),
              formatPercent(open),
              heatStrip(byStep, { max: 1, width: room }),
            ]),
            width,
          ),
        ]),
    `What it keeps of an input, by age   ${heatStrip(memory.norms, { max: Math.max(...memory.norms), width: room })}`,
  ]);
  const ends = findings.influence.filter((_, k, all) => k === 0 || k === all.length - 1);
  const influence = ends.map(({ ahead, byLag, strongest }) => {
    const lags = strongest.map(({ lag, norm }) => `${lag} (${formatNumber(norm, 2)})`).join(", ");
    const strip = heatStrip(byLag, { max: Math.max(...byLag), width: room });
    return `${ahead === null ? "Output" : `Step ${ahead} ahead`}, by lag   ${strip}\n  strongest lags: ${lags}`;
  });
  return [`Inside, over the last ${formatCount(findings.windows, "window")}`, ...layers, ...influence].join("\n\n");
}

const SHADES = " ░▒▓█";

/** Values from 0 to `max` as shades, in at most `width` characters: each the mean of its share. What is no number is a "?". */
export function heatStrip(values: readonly number[], { max, width }: { readonly max: number; readonly width: number }): string {
  const cells = Math.min(values.length, width);
  return Array.from({ length: cells }, (_, k) => {
    const from = Math.floor((k * values.length) / cells);
    const value = mean(values.slice(from, Math.floor(((k + 1) * values.length) / cells))) / (max > 0 ? max : 1);
    return Number.isNaN(value) ? "?" : SHADES[Math.round(Math.min(1, Math.max(0, value)) * (SHADES.length - 1))];
  }).join("");
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
