export { findInside } from "./find-inside.ts";
export { findNeurons, type WatchedNeurons } from "./find-neurons.ts";
export type {
  GateFindings,
  InfluenceFindings,
  InsideFindings,
  InspectedWindows,
  LayerFindings,
  NeuronCourse,
  NeuronFindings,
} from "./findings.ts";
