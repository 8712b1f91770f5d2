/** The report as one HTML file and its charts; apart from the main entry, for it brings echarts along. */
export * from "../charts/index.ts";
export { errorHistogram } from "./histogram.ts";
export { renderInside } from "./inside-report.ts";
export { renderNeurons } from "./neuron-report.ts";
export { renderReport } from "./report.ts";
export type {
  ColumnFacts,
  DataFacts,
  ForecastReport,
  MethodResult,
  NextStep,
  PartFacts,
  Setting,
  TargetReport,
  TrainingFacts,
  WorstCase,
} from "./report-data.ts";
