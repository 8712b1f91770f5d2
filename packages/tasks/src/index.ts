export * from "./baselines/index.ts";
export * from "./charts/index.ts";
export * from "./format.ts";
export * from "./metrics/index.ts";
export * from "./report/index.ts";
export * from "./verdict/index.ts";
