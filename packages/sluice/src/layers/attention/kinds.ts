import type { LayerKind } from "../registry.ts";
import { AdditiveAttention, type AdditiveAttentionOptions } from "./additive-attention.ts";
import { Attention, type AttentionOptions } from "./attention.ts";

/** The kinds that look back at a whole sequence. */
export const attentionKinds: readonly LayerKind[] = [
  { type: "Attention", create: (options: AttentionOptions) => new Attention(options) },
  { type: "AdditiveAttention", create: (options: AdditiveAttentionOptions) => new AdditiveAttention(options) },
];
