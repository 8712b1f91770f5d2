import { BarChart, CustomChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { escapeHtml, visible } from "../html.ts";
import { themed } from "./palette.ts";

/** An option object of echarts 6: the same draws an SVG here and a live chart in a page. */
export type ChartOption = EChartsCoreOption;

/**
 * Draws a chart to an SVG string; no DOM is needed. Text of the chart is escaped, the SVG holds no script, style or link, and its ids
 * begin with `id`, so that many can stand in one page. The same option gives the same string.
 * `label` is what a screen reader says for the picture; width and height in CSS pixels.
 */
export function renderSvg(
  option: ChartOption,
  { width, height, label, id }: { width: number; height: number; label: string; id: string },
): string {
  use([LineChart, BarChart, CustomChart, GridComponent, LegendComponent, SVGRenderer]);
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({ animation: false, ...option });
    const svg = chart
      .renderToSVGString()
      .replace(/<style\s*>[\s\S]*?<\/style>/g, "")
      .replace(/ (?:class|pointer-events|ecmeta_\w+|xmlns:xlink|baseProfile|version)="[^"]*"/g, "")
      .replace(/(id="|url\(#|href="#)zr\d+-/g, `$1${id}-`)
      .replace(/<[^>]*>/g, (tag) => tag.replace(/(\.\d\d)\d+/g, "$1")) // coordinates, not the text between tags
      .replace(/\n+/g, "\n");
    return themed(visible(svg)).replace("<svg ", `<svg role="img" aria-label="${escapeHtml(label)}" `);
  } finally {
    chart.dispose();
  }
}
