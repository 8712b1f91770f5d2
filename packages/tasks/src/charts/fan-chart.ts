import { formatLevel } from "../format.ts";
import { bare, categoryAxis, FRAME, legend, valueAxis } from "./common.ts";
import { ink, modelColour, seriesStyle } from "./palette.ts";
import type { ChartOption } from "./render-svg.ts";

/** A central interval over the horizon. */
export interface FanBand {
  /** What it promises, such as 0.8. */
  level: number;
  lower: (number | null)[];
  upper: (number | null)[];
}

/** One forecast with the history before it. `labels` name the times of history and horizon in one row; null is a missing value. */
export interface FanData {
  series: string;
  labels: string[];
  history: (number | null)[];
  actual: (number | null)[];
  forecast: (number | null)[];
  bands: FanBand[];
  /** The best baseline from the same origin, when it is to be drawn. */
  baseline: { name: string; values: (number | null)[] } | null;
}

/**
 * History, what came, the forecast and its intervals, wide ones behind narrow ones. `baselineIndex` is the baseline's place among
 * the methods, so that it looks as it does in the other charts.
 */
export function fanChart(
  fan: FanData,
  { value, time, model, baselineIndex = 1 }: { value: string; time: string; model: string; baselineIndex?: number },
): ChartOption {
  const before = fan.history.length;
  const joint = fan.history.at(-1) ?? null;
  const ahead = (values: readonly (number | null)[]) => [...Array(Math.max(0, before - 1)).fill(null), joint, ...values];
  const bands = fan.bands.toSorted((a, b) => b.level - a.level);
  const line = { type: "line", symbol: "none", z: 5 };
  const other = seriesStyle(baselineIndex);
  return {
    legend: legend([
      bare("actual"),
      model,
      ...(fan.baseline ? [bare(fan.baseline.name)] : []),
      ...bands.map(({ level }) => ({ name: bandName(level), icon: "rect" })),
    ]),
    grid: FRAME,
    xAxis: categoryAxis(time, fan.labels),
    yAxis: valueAxis(value),
    series: [
      ...bands.flatMap((band, b) => bandSeries(band, b, bands.length, ahead)),
      { ...line, name: "actual", data: [...fan.history, ...fan.actual], color: ink, lineStyle: { width: 2, color: ink } },
      ...(fan.baseline
        ? [
            {
              ...line,
              name: fan.baseline.name,
              data: ahead(fan.baseline.values),
              color: other.colour,
              lineStyle: { width: 2, type: other.dash, color: other.colour },
            },
          ]
        : []),
      {
        ...line,
        name: model,
        data: ahead(fan.forecast),
        color: modelColour,
        symbol: fan.forecast.length <= 60 ? "circle" : "none",
        showAllSymbol: true,
        symbolSize: 5,
        lineStyle: { width: fan.forecast.length <= 60 ? 3 : 1.5, color: modelColour },
      },
    ],
  };
}

/** An interval is two stacked lines: an invisible one, and the area from it up. */
function bandSeries(
  { level, lower, upper }: FanBand,
  index: number,
  count: number,
  ahead: (values: readonly (number | null)[]) => (number | null)[],
): Record<string, unknown>[] {
  const low = ahead(lower);
  const high = ahead(upper);
  const shared = { type: "line", symbol: "none", stack: `band ${level}`, stackStrategy: "all", silent: true, z: 2 };
  const opacity = 0.14 + (0.16 * index) / Math.max(1, count - 1);
  return [
    { ...shared, name: `below ${bandName(level)}`, data: low, lineStyle: { opacity: 0 }, color: modelColour },
    {
      ...shared,
      name: bandName(level),
      data: high.map((value, i) => (value === null || low[i] == null ? null : value - (low[i] as number))),
      lineStyle: { opacity: 0 },
      color: modelColour,
      itemStyle: { color: modelColour, opacity: opacity + 0.2 * index },
      areaStyle: { color: modelColour, opacity },
    },
  ];
}

function bandName(level: number): string {
  return `${formatLevel(level)} interval`;
}
