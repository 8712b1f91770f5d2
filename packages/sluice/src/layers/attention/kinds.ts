import type { LayerKind } from "../registry.ts";
import { AdditiveAttention, type AdditiveAttentionOptions } from "./additive-attention.ts";
import { Attention, type AttentionOptions } from "./attention.ts";
import { AttentionPooling, type AttentionPoolingOptions } from "./attention-pooling.ts";
import { MultiHeadAttention, type MultiHeadAttentionOptions } from "./multi-head-attention.ts";
import { Positions, type PositionsOptions } from "./positions.ts";
import { TransformerBlock, type TransformerBlockOptions } from "./transformer-block.ts";

/** The kinds that look back at a whole sequence. */
export const attentionKinds: readonly LayerKind[] = [
  { type: "Attention", create: (options: AttentionOptions) => new Attention(options) },
  { type: "AdditiveAttention", create: (options: AdditiveAttentionOptions) => new AdditiveAttention(options) },
  { type: "MultiHeadAttention", create: (options: MultiHeadAttentionOptions) => new MultiHeadAttention(options) },
  { type: "AttentionPooling", create: (options: AttentionPoolingOptions) => new AttentionPooling(options) },
  { type: "TransformerBlock", create: (options: TransformerBlockOptions) => new TransformerBlock(options) },
  { type: "Positions", create: (options: PositionsOptions) => new Positions(options) },
];
