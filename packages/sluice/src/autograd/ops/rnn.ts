import type { Tensor } from "../../tensor/tensor.ts";
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

/**
 * A whole simple-RNN sequence in one kernel call, forward and backward. Equations: see the layer `SimpleRNN`.
 * x [B, T, I], kernel [I, H], recurrentKernel [H, H], bias [H] or null, hiddenState [B, H], mask [B, T] or null
 * → output ([B, T, H] or [B, H]), last hiddenState [B, H]. `recurrentActivation` is not used.
 */
export const rnnSequence: (
  x: Tensor,
  kernel: Tensor,
  recurrentKernel: Tensor,
  bias: Tensor | null,
  hiddenState: Tensor,
  mask: Tensor | null,
  options: FusedOptions,
) => readonly [Tensor, Tensor] = defineOp({
  name: "rnnSequence",
  forward: (
    x: Tensor,
    kernel: Tensor,
    recurrentKernel: Tensor,
    bias: Tensor | null,
    hiddenState: Tensor,
    mask: Tensor | null,
    options: FusedOptions,
  ) => {
    const { backend } = x;
    const [B, T, I] = x.shape as [number, number, number];
    const H = hiddenState.shape[1] as number;
    const sizes = { T, B, I, H };
    const input = toProcessing(x, options.goBackwards);
    const steps = mask && toProcessing(mask, options.goBackwards);
    const gates = kept([T, B, H], backend);
    const hidden = history(hiddenState, T);
    backend.kernels.rnnForward({
      ...sizes,
      x: input.storage,
      kernel: kernel.storage,
      recurrentKernel: recurrentKernel.storage,
      bias: bias?.storage ?? null,
      mask: steps?.storage ?? null,
      activation: options.activation,
      recurrentActivation: options.recurrentActivation,
      gates: gates?.storage ?? null,
      hidden: hidden.storage,
    });
    const output: readonly [Tensor, Tensor] = [options.returnSequences ? sequenceOf(hidden) : block(hidden, T), block(hidden, T)];
    return { output, saved: { sizes, input, kernel, recurrentKernel, bias, hiddenState, steps, gates, hidden, options } };
  },
  backward: ([dOutput, dLast], saved, needed) => {
    const { sizes, input, kernel, recurrentKernel, bias, hiddenState, steps, gates, hidden, options } = saved;
    const { backend } = input;
    const { dHidden, dLastHidden } = hiddenGradients(dOutput ?? null, dLast ?? null, options.returnSequences);
    const [dInput, dKernel, dRecurrentKernel, dBias, dInitialHidden] = gradientsLike(
      [needed[0] ? input : null, kernel, recurrentKernel, bias, hiddenState],
      backend,
    );
    backend.kernels.rnnBackward({
      ...sizes,
      x: input.storage,
      kernel: kernel.storage,
      recurrentKernel: recurrentKernel.storage,
      mask: steps?.storage ?? null,
      activation: options.activation,
      recurrentActivation: options.recurrentActivation,
      gates: keptBy(gates, "rnnSequence").storage,
      hidden: hidden.storage,
      dHidden: dHidden?.storage ?? null,
      dLastHidden: dLastHidden?.storage ?? null,
      dx: dInput?.storage ?? null,
      dKernel: dKernel.storage,
      dRecurrentKernel: dRecurrentKernel.storage,
      dBias: dBias?.storage ?? null,
      dInitialHidden: dInitialHidden.storage,
    });
    return [dInput && fromProcessing(dInput, options.goBackwards), dKernel, dRecurrentKernel, dBias, dInitialHidden];
  },
});
