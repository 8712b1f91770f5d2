import { formatLevel } from "../format.ts";
import { bare, categoryAxis, countAxis, FONT, FRAME, legend, tick, valueAxis } from "./common.ts";
import { grid, ink, modelColour, muted, seriesStyle, surface, warningColour } from "./palette.ts";
import type { ChartOption } from "./render-svg.ts";

/** A named row of numbers; null where there is none. */
export interface NamedValues {
  name: string;
  values: readonly (number | null)[];
}

/** Error at each step of the horizon, the model first; `metric` names the error and its unit. */
export function horizonChart(methods: readonly NamedValues[], metric: string): ChartOption {
  const steps = methods[0]?.values.length ?? 0;
  return {
    legend: legend(methods.map(({ name }) => name)),
    grid: FRAME,
    xAxis: countAxis(
      "steps ahead",
      Array.from({ length: steps }, (_, h) => h + 1),
    ),
    yAxis: valueAxis(metric, { min: 0 }),
    series: methods.map(({ name, values }, index) => styledLine(name, values, index, steps)),
  };
}

/** One epoch of training. */
export interface EpochRecord {
  epoch: number;
  train: number | null;
  validation: number | null;
  seconds: number;
}

/** Training and validation loss by epoch, the best epoch marked, a baseline's loss as a line when it is known. */
export function lossChart(
  epochs: readonly EpochRecord[],
  { bestEpoch, baseline, loss }: { bestEpoch: number | null; baseline: { name: string; value: number } | null; loss: string },
): ChartOption {
  const drawn = [...epochs.flatMap(({ train, validation }) => [train, validation]), baseline?.value ?? null].filter(
    (value) => value !== null,
  );
  const positive = drawn.every((value) => value > 0);
  const wide = positive && Math.max(...drawn) / Math.min(...drawn) > 20;
  const best = epochs.map(({ epoch, validation, train }) => (epoch === bestEpoch ? (validation ?? train) : null));
  const rows: NamedValues[] = [
    { name: "validation", values: epochs.map(({ validation }) => validation) },
    { name: "training", values: epochs.map(({ train }) => train) },
    ...(baseline ? [{ name: baseline.name, values: epochs.map(() => baseline.value) }] : []),
  ].filter(({ values }) => values.some((value) => value !== null));
  return {
    legend: legend([
      ...rows.map(({ name }) => (name === baseline?.name ? bare(name) : name)),
      { name: "best epoch", icon: "circle" },
    ]),
    grid: FRAME,
    xAxis: countAxis(
      "epoch",
      epochs.map(({ epoch }) => epoch),
    ),
    yAxis: valueAxis(wide ? `${loss} (logarithmic)` : loss, wide ? { type: "log" } : {}),
    series: [
      ...rows.map(({ name, values }, index) => ({
        ...styledLine(name, values, index, epochs.length),
        ...(name === baseline?.name && { symbol: "none" }),
      })),
      {
        type: "line",
        name: "best epoch",
        data: best,
        symbol: "circle",
        showAllSymbol: true,
        symbolSize: 14,
        z: 8,
        color: ink,
        itemStyle: { color: surface, borderColor: ink, borderWidth: 3 },
        lineStyle: { opacity: 0 },
      },
    ],
  };
}

/** Promised against observed shares: on the diagonal the quantiles keep their promise. */
export function calibrationChart(points: readonly { level: number; below: number | null }[]): ChartOption {
  const percent = (name: string) => ({
    ...valueAxis(name, { min: 0, max: 1, interval: 0.2, scale: false }),
    axisLabel: { ...FONT, formatter: (value: number) => formatLevel(value) },
  });
  return {
    legend: legend(["observed", bare("perfect")]),
    grid: FRAME,
    xAxis: {
      ...percent("promised share of values below the quantile"),
      nameLocation: "middle",
      nameGap: 34,
      nameTextStyle: FONT,
      splitLine: { show: false },
      axisLine: { lineStyle: { color: muted } },
    },
    yAxis: percent("observed share"),
    series: [
      {
        type: "line",
        name: "perfect",
        data: [
          [0, 0],
          [1, 1],
        ],
        symbol: "none",
        color: muted,
        lineStyle: { width: 2, type: [4, 4], color: muted },
      },
      {
        type: "line",
        name: "observed",
        data: points.filter(({ below }) => below !== null).map(({ level, below }) => [level, below]),
        symbol: "circle",
        symbolSize: 9,
        color: modelColour,
        lineStyle: { width: 2.5, color: modelColour },
      },
    ],
  };
}

/** Equal bins of the errors: `counts[i]` of them lie between `edges[i]` and `edges[i + 1]`. */
export interface Histogram {
  edges: number[];
  counts: number[];
}

/** How often errors of each size occurred; bins that hold only forecasts too high differ in colour from those too low. */
export function histogramChart({ edges, counts }: Histogram, name: string): ChartOption {
  const middle = (bin: number) => ((edges[bin] ?? 0) + (edges[bin + 1] ?? 0)) / 2;
  return {
    grid: { ...FRAME, top: 40 },
    xAxis: categoryAxis(
      name,
      counts.map((_, bin) => tick(Number(middle(bin).toPrecision(3)))),
      { boundaryGap: true },
    ),
    yAxis: valueAxis("forecasts", { min: 0, minInterval: 1 }),
    series: [
      {
        type: "bar",
        name: "forecasts",
        barCategoryGap: "6%",
        data: counts.map((count, bin) => ({ value: count, itemStyle: { color: middle(bin) > 0 ? warningColour : modelColour } })),
      },
    ],
  };
}

/** The parts of the time axis, in order, drawn to scale; a part below a tenth stands without its name. */
export function splitChart(parts: readonly { name: string; rows: number }[]): ChartOption {
  const all = parts.reduce((sum, { rows }) => sum + rows, 0);
  return {
    grid: { left: 4, right: 4, top: 4, bottom: 4 },
    xAxis: { type: "value", show: false, max: all },
    yAxis: { type: "category", show: false, data: [""] },
    series: parts.map(({ name, rows }, index) => ({
      type: "bar",
      name,
      stack: "rows",
      barWidth: 44,
      data: [rows],
      itemStyle: { color: [grid, surface, modelColour][index] ?? surface, borderColor: muted, borderWidth: 1 },
      label: { ...FONT, show: rows > 0.1 * all, position: "inside", formatter: name, color: index === 2 ? surface : ink },
    })),
  };
}

/** A series as a line in the style of its place. */
export function styledLine(
  name: string,
  values: readonly (number | null)[],
  index: number,
  points: number,
): Record<string, unknown> {
  const { colour, dash, symbol } = seriesStyle(index);
  return {
    type: "line",
    name,
    data: values,
    symbol: points <= 60 ? symbol : "none",
    showAllSymbol: true,
    symbolSize: 7,
    color: colour,
    z: index === 0 ? 6 : 4,
    lineStyle: { width: index === 0 ? 3 : 2, type: dash, color: colour },
  };
}
