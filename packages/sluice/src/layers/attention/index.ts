export * from "./additive-attention.ts";
export * from "./attention.ts";
export {
  type Attended,
  type AttendOptions,
  AttentionLayer,
  type AttentionLayerOptions,
  type AttentionMemory,
} from "./attention-layer.ts";
export * from "./attention-pooling.ts";
export * from "./multi-head-attention.ts";
export * from "./positions.ts";
export * from "./transformer-block.ts";
