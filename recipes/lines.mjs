// Figures of recipes: lines over categories.
import { renderSvg } from "@sluice/tasks/report";

const looks = [
  ["#0b5fa5", "solid", "circle"],
  ["#b34700", [8, 4], "rect"],
  ["#00795a", [2, 3], "triangle"],
  ["#a2467f", [10, 3, 2, 3], "diamond"],
  ["#6b6b6c", [4, 4], "emptyCircle"],
  ["#866a00", [14, 4], "emptyRect"],
];
const font = { fontFamily: "system-ui, sans-serif", fontSize: 14, color: "#52606d" };

/** Lines over categories as an SVG. `series` lists { name, values }, null where there is none; `log` gives a logarithmic y axis. */
export function lines({ id, label, x, y, series, log = false, min, max }) {
  const option = {
    legend: {
      data: series.map(({ name }) => name),
      top: 0,
      left: 0,
      itemWidth: 38,
      itemGap: 18,
      textStyle: { ...font, color: "#1b232c" },
    },
    grid: { left: 72, right: 24, top: 84, bottom: 56 },
    xAxis: {
      type: "category",
      name: x.name,
      nameLocation: "middle",
      nameGap: 34,
      nameTextStyle: font,
      data: x.values.map(String),
      axisLabel: { ...font, hideOverlap: true },
    },
    yAxis: {
      type: log ? "log" : "value",
      name: y,
      nameTextStyle: { ...font, align: "left", padding: [0, 0, 0, -52] },
      axisLabel: { ...font, formatter: (value) => (log ? value.toExponential(0) : `${value}`) },
      splitLine: { lineStyle: { color: "#d9dee3" } },
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
    },
    series: series.map(({ name, values }, k) => {
      const [color, type, symbol] = looks[k % looks.length];
      const marks = values.length <= 20;
      return {
        type: "line",
        name,
        data: values,
        color,
        symbol: marks ? symbol : "none",
        symbolSize: 8,
        lineStyle: { width: 2.5, type, color },
      };
    }),
  };
  return renderSvg(option, { width: 760, height: 380, label, id });
}
