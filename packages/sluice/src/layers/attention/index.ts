export * from "./additive-attention.ts";
export * from "./attention.ts";
export {
  type Attended,
  type AttendOptions,
  AttentionLayer,
  type AttentionLayerOptions,
  type AttentionMemory,
} from "./attention-layer.ts";
