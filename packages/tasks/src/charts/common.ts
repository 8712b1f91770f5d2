import { formatNumber } from "../format.ts";
import { grid, ink, muted } from "./palette.ts";

/** Font of every text in a chart; 14 px stays legible where the page shows the chart at full size. */
export const FONT: { fontFamily: string; fontSize: number; color: string } = {
  fontFamily: "system-ui, -apple-system, Segoe UI, Roboto, sans-serif",
  fontSize: 14,
  color: muted,
};

/** A value axis with formatted numbers; `name` stands above it. */
export function valueAxis(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: "value",
    name,
    nameTextStyle: { ...FONT, align: "left", padding: [0, 0, 0, -44] },
    scale: true,
    axisLabel: { ...FONT, formatter: (value: number) => tick(value) },
    splitLine: { lineStyle: { color: grid } },
    ...more,
  };
}

/** A category axis; `name` stands below it. */
export function categoryAxis(name: string, data: readonly string[], more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: "category",
    name,
    nameLocation: "middle",
    nameGap: 34,
    nameTextStyle: FONT,
    data,
    boundaryGap: false,
    axisLabel: { ...FONT, hideOverlap: true, alignMinLabel: "left", alignMaxLabel: "right" },
    axisLine: { lineStyle: { color: muted } },
    axisTick: { show: false },
    ...more,
  };
}

/** An axis that counts steps or epochs: labels at the first and at round numbers, at most about fifteen. */
export function countAxis(name: string, counts: readonly number[]): Record<string, unknown> {
  const step =
    [1, 2, 5, 10, 20, 25, 50, 100, 200, 500].find((size) => counts.length / size <= 15) ?? Math.ceil(counts.length / 15);
  const interval = (index: number) => index === 0 || (counts[index] ?? 0) % step === 0;
  const axisLabel = { ...FONT, hideOverlap: true, interval };
  return categoryAxis(name, counts.map(String), { boundaryGap: counts.length < 3, axisLabel });
}

/** A legend entry for a line that is drawn without markers. */
export function bare(name: string): Record<string, unknown> {
  return { name, itemStyle: { opacity: 0 } };
}

/** The legend, above the drawing. */
export function legend(names: readonly (string | Record<string, unknown>)[]): Record<string, unknown> {
  return { data: names, top: 0, left: 0, itemWidth: 38, itemHeight: 10, itemGap: 18, textStyle: { ...FONT, color: ink } };
}

/** Room around the drawing for axis names and legend. */
export const FRAME: Record<string, unknown> = { left: 64, right: 24, top: 72, bottom: 56 };

/** A number on an axis: short, "0.25" rather than "0.2500", "1.5M" rather than "1,500,000". */
export function tick(value: number): string {
  const size = Math.abs(value);
  const [unit, sign]: [number, string] =
    size >= 1e15 || size < 1e5 ? [1, ""] : size >= 1e9 ? [1e9, "G"] : size >= 1e6 ? [1e6, "M"] : [1e3, "k"];
  const digits = formatNumber(Number((value / unit).toPrecision(6)));
  return `${digits.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "")}${sign}`;
}
