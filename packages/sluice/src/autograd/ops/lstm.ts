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
 * A whole LSTM sequence in one kernel call, forward and backward. Equations: see the layer `LSTM`.
 * x [B, T, I], kernel [I, 4H], recurrentKernel [H, 4H], bias [4H] or null, hiddenState and cellState [B, H], mask [B, T] or null
 * → output ([B, T, H] or [B, H]), last hiddenState [B, H], last cellState [B, H].
 */
export const lstmSequence: (
  x: Tensor,
  kernel: Tensor,
  recurrentKernel: Tensor,
  bias: Tensor | null,
  hiddenState: Tensor,
  cellState: Tensor,
  mask: Tensor | null,
  options: FusedOptions,
) => readonly [Tensor, Tensor, Tensor] = defineOp({
  name: "lstmSequence",
  forward: (
    x: Tensor,
    kernel: Tensor,
    recurrentKernel: Tensor,
    bias: Tensor | null,
    hiddenState: Tensor,
    cellState: Tensor,
    mask: Tensor | null,
    options: FusedOptions,
  ) => {
    const { backend } = x;
    const [B, T, I] = x.shape as [number, number, number];
    const H = hiddenState.shape[1] as number;
    const sizes = { T, B, I, H };
    const input = toProcessing(x, options.goBackwards);
    const steps = mask && toProcessing(mask, options.goBackwards);
    const gates = kept([T, B, 4 * H], backend);
    const hidden = history(hiddenState, T);
    const cells = history(cellState, gates ? T : 0); // without gates one block, c_0 and in the end c_T
    backend.kernels.lstmForward({
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
      cells: cells.storage,
    });
    const last = block(hidden, T);
    const output: readonly [Tensor, Tensor, Tensor] = [
      options.returnSequences ? sequenceOf(hidden) : block(hidden, T),
      last,
      block(cells, gates ? T : 0),
    ];
    return {
      output,
      saved: { sizes, input, kernel, recurrentKernel, bias, hiddenState, cellState, steps, gates, hidden, cells, options },
    };
  },
  backward: ([dOutput, dLast, dLastCell], saved, needed) => {
    const { sizes, input, kernel, recurrentKernel, bias, hiddenState, cellState, steps, gates, hidden, cells, options } = saved;
    const { backend } = input;
    const { dHidden, dLastHidden } = hiddenGradients(dOutput ?? null, dLast ?? null, options.returnSequences);
    const [dInput, dKernel, dRecurrentKernel, dBias, dInitialHidden, dInitialCell] = gradientsLike(
      [needed[0] ? input : null, kernel, recurrentKernel, bias, hiddenState, cellState],
      backend,
    );
    backend.kernels.lstmBackward({
      ...sizes,
      x: input.storage,
      kernel: kernel.storage,
      recurrentKernel: recurrentKernel.storage,
      mask: steps?.storage ?? null,
      activation: options.activation,
      recurrentActivation: options.recurrentActivation,
      gates: keptBy(gates, "lstmSequence").storage,
      hidden: hidden.storage,
      cells: cells.storage,
      dHidden: dHidden?.storage ?? null,
      dLastHidden: dLastHidden?.storage ?? null,
      dLastCell: dLastCell?.storage ?? null,
      dx: dInput?.storage ?? null,
      dKernel: dKernel.storage,
      dRecurrentKernel: dRecurrentKernel.storage,
      dBias: dBias?.storage ?? null,
      dInitialHidden: dInitialHidden.storage,
      dInitialCell: dInitialCell.storage,
    });
    return [
      dInput && fromProcessing(dInput, options.goBackwards),
      dKernel,
      dRecurrentKernel,
      dBias,
      dInitialHidden,
      dInitialCell,
    ];
  },
});
