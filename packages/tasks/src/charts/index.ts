export { type FanBand, type FanData, fanChart } from "./fan-chart.ts";
export { gateChart, heatChart, normChart, saturationChart } from "./inside-charts.ts";
export {
  calibrationChart,
  type EpochRecord,
  type Histogram,
  histogramChart,
  horizonChart,
  lossChart,
  type NamedValues,
  splitChart,
} from "./line-charts.ts";
export { paletteCss } from "./palette.ts";
export { type ChartOption, renderSvg } from "./render-svg.ts";
