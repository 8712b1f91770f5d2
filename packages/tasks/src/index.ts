export * from "./baselines/index.ts";
export * from "./forecast/index.ts";
export * from "./format.ts";
export * from "./inside/index.ts";
export * from "./metrics/index.ts";
export { errorHistogram } from "./report/histogram.ts";
export type * from "./report/report-data.ts";
export * from "./verdict/index.ts";
