/** Looking into recurrent layers: plain data out, for reports and pages to draw. */
export {
  type AttributionOptions,
  type IntegratedGradients,
  type IntegratedGradientsOptions,
  integratedGradients,
  type Occlusion,
  type OcclusionOptions,
  occlusion,
} from "./attribution.ts";
export {
  type Connectivity,
  type ConnectivityOptions,
  connectivity,
  type MemoryHorizon,
  type MemoryHorizonOptions,
  memoryHorizon,
} from "./connectivity.ts";
export { type GradientThroughTime, type GradientThroughTimeOptions, gradientThroughTime } from "./gradient-through-time.ts";
export {
  type ActiveUnits,
  type ActiveUnitsOptions,
  activeUnits,
  gateSaturation,
  type Saturation,
  type SaturationOptions,
  type UnitOptions,
  unitCorrelation,
} from "./statistics.ts";
export { type InspectOptions, type PlainArray, recurrentLayers, type Subject, type SubjectInputs } from "./subject.ts";
export { type Trace, type TraceOptions, trace } from "./trace.ts";
