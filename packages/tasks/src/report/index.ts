export { errorHistogram } from "./histogram.ts";
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
