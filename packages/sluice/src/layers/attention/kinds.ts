import type { LayerKind } from "../registry.ts";
import { additiveAttention } from "./additive-attention.ts";
import { attention } from "./attention.ts";
import { attentionPooling } from "./attention-pooling.ts";
import { multiHeadAttention } from "./multi-head-attention.ts";
import { positions } from "./positions.ts";
import { transformerBlock } from "./transformer-block.ts";

/** The kinds that look back at a whole sequence. */
export const attentionKinds: readonly LayerKind[] = [
  { type: "Attention", create: attention },
  { type: "AdditiveAttention", create: additiveAttention },
  { type: "MultiHeadAttention", create: multiHeadAttention },
  { type: "AttentionPooling", create: attentionPooling },
  { type: "TransformerBlock", create: transformerBlock },
  { type: "Positions", create: positions },
];
