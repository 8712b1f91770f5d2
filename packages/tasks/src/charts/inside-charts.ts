import { formatLevel } from "../format.ts";
import { categoryAxis, countAxis, FONT, FRAME, legend, valueAxis } from "./common.ts";
import { type NamedValues, styledLine } from "./line-charts.ts";
import { grid, modelColour, warningColour } from "./palette.ts";
import type { ChartOption } from "./render-svg.ts";

/** The mean of each gate at each step of the layer, on one scale from 0 to 1. */
export function gateChart(gates: readonly NamedValues[], steps: readonly number[]): ChartOption {
  return stepChart(gates, steps, { time: "step of the layer", value: "mean gate", max: 1 });
}

/** Norms by step or by lag; on a logarithmic scale where they span more than two powers of ten. */
export function normChart(
  rows: readonly NamedValues[],
  steps: readonly number[],
  { time, value }: { time: string; value: string },
): ChartOption {
  const drawn = rows.flatMap(({ values }) => values.filter((norm) => norm !== null && norm > 0)) as number[];
  const wide = drawn.length > 0 && Math.max(...drawn) / Math.min(...drawn) > 100;
  const positive = rows.map(({ name, values }) => ({
    name,
    values: values.map((norm) => (norm !== null && norm > 0 ? norm : null)),
  }));
  const option = stepChart(wide ? positive : rows, steps, { time, value: wide ? `${value} (logarithmic)` : value });
  return wide ? { ...option, yAxis: valueAxis(`${value} (logarithmic)`, { type: "log" }) } : option;
}

function stepChart(
  rows: readonly NamedValues[],
  steps: readonly number[],
  { time, value, max }: { time: string; value: string; max?: number },
): ChartOption {
  return {
    legend: legend(rows.map(({ name }) => name)),
    grid: FRAME,
    xAxis: countAxis(time, steps),
    yAxis: valueAxis(value, { min: 0, scale: false, ...(max !== undefined && { max }) }),
    series: rows.map(({ name, values }, index) => styledLine(name, values, index, steps.length)),
  };
}

/** For each gate the share of its values that are shut, between, and open. */
export function saturationChart(gates: readonly { name: string; shut: number; open: number }[]): ChartOption {
  const parts = [
    { name: "shut (below 0.1)", colour: warningColour, share: ({ shut }: { shut: number }) => shut },
    { name: "between", colour: grid, share: ({ shut, open }: { shut: number; open: number }) => 1 - shut - open },
    { name: "open (above 0.9)", colour: modelColour, share: ({ open }: { open: number }) => open },
  ];
  return {
    legend: legend(parts.map(({ name }) => name)),
    grid: { left: 150, right: 32, top: 40, bottom: 36 },
    xAxis: valueAxis("", { min: 0, max: 1, axisLabel: { ...FONT, formatter: (value: number) => formatLevel(value) } }),
    yAxis: {
      type: "category",
      inverse: true,
      data: gates.map(({ name }) => name),
      axisLabel: FONT,
      axisTick: { show: false },
    },
    series: parts.map(({ name, colour, share }) => ({
      type: "bar",
      name,
      stack: "share",
      barMaxWidth: 28,
      data: gates.map(share),
      color: colour,
    })),
  };
}

/** A field of numbers from 0 to `max` as shades of one colour: row by row, the first row on top. */
export function heatChart(
  {
    rows,
    columns,
    values,
    max,
  }: { rows: readonly string[]; columns: readonly string[]; values: readonly (readonly number[])[]; max: number },
  { row, column }: { row: string; column: string },
): ChartOption {
  interface Area {
    coord(at: [number, number]): [number, number];
    size(span: [number, number]): [number, number];
    value(dimension: number): number;
  }
  return {
    grid: { left: 64, right: 24, top: 40, bottom: 56 },
    xAxis: categoryAxis(column, columns, {
      boundaryGap: true,
      axisLabel: { ...FONT, interval: (k: number) => k % Math.ceil(columns.length / 14) === 0 },
    }),
    yAxis: {
      ...categoryAxis(row, rows, { boundaryGap: true, inverse: true }),
      nameLocation: "start",
      nameGap: 14,
      nameTextStyle: { ...FONT, align: "left", padding: [0, 0, 0, -44] },
      axisLabel: { ...FONT, fontSize: 12, interval: 0 },
    },
    series: [
      {
        type: "custom",
        data: values.flatMap((list, r) => list.map((value, c) => [c, r, value])),
        renderItem: (_: unknown, { coord, size, value }: Area) => {
          const [x, y] = coord([value(0), value(1)]);
          const [width, height] = size([1, 1]);
          const share = Math.min(1, Math.max(0, value(2) / (max > 0 ? max : 1)));
          return {
            type: "rect",
            shape: { x: x - width / 2, y: y - height / 2, width, height },
            style: { fill: modelColour, opacity: Number(share.toFixed(2)) },
          };
        },
      },
    ],
  };
}
