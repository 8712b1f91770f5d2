import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";
import {
  block,
  type FusedOptions,
  fromProcessing,
  gradientsLike,
  hiddenGradients,
  history,
  kept,
  keptBy,
  sequenceOf,
  toProcessing,
} from "./recurrent.ts";

/** Options of `fusedGru`. */
export interface FusedGruOptions extends FusedOptions {
  /** r scales the product R h (true, PyTorch and cuDNN) or h itself (false, the 2014 paper). */
  readonly resetAfter: boolean;
}

/**
 * A whole GRU sequence in one kernel call, forward and backward. Equations: see the layer `GRU`.
 * x [B, T, I], kernel [I, 3H], recurrentKernel [H, 3H], bias and recurrentBias [3H] or null, hiddenState [B, H], mask [B, T] or null
 * → output ([B, T, H] or [B, H]), last hiddenState [B, H].
 */
export const gruSequence: (
  x: Tensor,
  kernel: Tensor,
  recurrentKernel: Tensor,
  bias: Tensor | null,
  recurrentBias: Tensor | null,
  hiddenState: Tensor,
  mask: Tensor | null,
  options: FusedGruOptions,
) => readonly [Tensor, Tensor] = defineOp({
  name: "gruSequence",
  forward: (
    x: Tensor,
    kernel: Tensor,
    recurrentKernel: Tensor,
    bias: Tensor | null,
    recurrentBias: Tensor | null,
    hiddenState: Tensor,
    mask: Tensor | null,
    options: FusedGruOptions,
  ) => {
    const { backend } = x;
    const [B, T, I] = x.shape as [number, number, number];
    const H = hiddenState.shape[1] as number;
    const sizes = { T, B, I, H };
    const input = toProcessing(x, options.goBackwards);
    const steps = mask && toProcessing(mask, options.goBackwards);
    const gates = kept([T, B, 3 * H], backend);
    const resetProduct = allocate([gates ? T : 1, B, H], backend);
    const hidden = history(hiddenState, T);
    backend.kernels.gruForward({
      ...sizes,
      x: input.storage,
      kernel: kernel.storage,
      recurrentKernel: recurrentKernel.storage,
      bias: bias?.storage ?? null,
      recurrentBias: recurrentBias?.storage ?? null,
      mask: steps?.storage ?? null,
      activation: options.activation,
      recurrentActivation: options.recurrentActivation,
      resetAfter: options.resetAfter,
      gates: gates?.storage ?? null,
      resetProduct: resetProduct.storage,
      hidden: hidden.storage,
    });
    const output: readonly [Tensor, Tensor] = [options.returnSequences ? sequenceOf(hidden) : block(hidden, T), block(hidden, T)];
    const saved = {
      sizes,
      input,
      kernel,
      recurrentKernel,
      bias,
      recurrentBias,
      hiddenState,
      steps,
      gates,
      resetProduct,
      hidden,
      options,
    };
    return { output, saved };
  },
  backward: ([dOutput, dLast], saved, needed) => {
    const {
      sizes,
      input,
      kernel,
      recurrentKernel,
      bias,
      recurrentBias,
      hiddenState,
      steps,
      gates,
      resetProduct,
      hidden,
      options,
    } = saved;
    const { backend } = input;
    const { dHidden, dLastHidden } = hiddenGradients(dOutput ?? null, dLast ?? null, options.returnSequences);
    const [dInput, dKernel, dRecurrentKernel, dBias, dRecurrentBias, dInitialHidden] = gradientsLike(
      [needed[0] ? input : null, kernel, recurrentKernel, bias, recurrentBias, hiddenState],
      backend,
    );
    backend.kernels.gruBackward({
      ...sizes,
      x: input.storage,
      kernel: kernel.storage,
      recurrentKernel: recurrentKernel.storage,
      mask: steps?.storage ?? null,
      activation: options.activation,
      recurrentActivation: options.recurrentActivation,
      resetAfter: options.resetAfter,
      gates: keptBy(gates, "gruSequence").storage,
      resetProduct: resetProduct.storage,
      hidden: hidden.storage,
      dHidden: dHidden?.storage ?? null,
      dLastHidden: dLastHidden?.storage ?? null,
      dx: dInput?.storage ?? null,
      dKernel: dKernel.storage,
      dRecurrentKernel: dRecurrentKernel.storage,
      dBias: dBias?.storage ?? null,
      dRecurrentBias: dRecurrentBias?.storage ?? null,
      dInitialHidden: dInitialHidden.storage,
    });
    return [
      dInput && fromProcessing(dInput, options.goBackwards),
      dKernel,
      dRecurrentKernel,
      dBias,
      dRecurrentBias,
      dInitialHidden,
    ];
  },
});
