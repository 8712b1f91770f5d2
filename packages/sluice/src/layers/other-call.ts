import type { Tensor } from "../tensor/tensor.ts";
import type { CallContext, CallResult, Layer } from "./layer.ts";

/** Calls a layer in its own way, or gives null for the layer's way. */
export type OtherCall = (layer: Layer, inputs: readonly Tensor[], context: CallContext) => CallResult | null;

let running: OtherCall | null = null;

/** Runs `compute` with `other` in the place of the call of every layer for which it gives a result, layers inside layers included. */
export function withOtherCall<T>(other: OtherCall, compute: () => T): T {
  const outer = running;
  running = other;
  try {
    return compute();
  } finally {
    running = outer;
  }
}

/** What the running other call gives for this layer; null when none runs or it leaves the layer alone. */
export function otherCall(layer: Layer, inputs: readonly Tensor[], context: CallContext): CallResult | null {
  return running?.(layer, inputs, context) ?? null;
}
