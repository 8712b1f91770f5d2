export { findInside } from "./find-inside.ts";
export type { GateFindings, InfluenceFindings, InsideFindings, InspectedWindows, LayerFindings } from "./findings.ts";
