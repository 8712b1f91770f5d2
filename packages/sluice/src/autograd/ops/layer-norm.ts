import { sizeOf } from "../../tensor/shape.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";

/**
 * y = (x − mean) / sqrt(variance + epsilon) ⊙ scale + shift over the last axis
 * [Ba, Kiros & Hinton 2016, "Layer Normalization", arXiv:1607.06450].   x [..., n], scale and shift [n].
 */
export const layerNorm: (x: Tensor, scale: Tensor | null, shift: Tensor | null, epsilon: number) => Tensor = defineOp({
  name: "layerNorm",
  forward: (x: Tensor, scale: Tensor | null, shift: Tensor | null, epsilon: number) => {
    const n = x.shape.at(-1) ?? 1;
    const rows = sizeOf(x.shape.slice(0, -1));
    const y = allocate(x.shape, x.backend);
    const normalized = allocate(x.shape, x.backend);
    const inverseStd = allocate([rows], x.backend);
    x.backend.kernels.layerNormForward(
      x.storage,
      scale?.storage ?? null,
      shift?.storage ?? null,
      epsilon,
      y.storage,
      normalized.storage,
      inverseStd.storage,
      rows,
      n,
    );
    return { output: y, saved: { normalized, inverseStd, scale, shift, rows, n } };
  },
  backward: (dy, { normalized, inverseStd, scale, shift, rows, n }) => {
    const { backend } = dy;
    const dx = allocate(dy.shape, backend);
    const dScale = scale && allocate([n], backend);
    const dShift = shift && allocate([n], backend);
    backend.kernels.layerNormBackward(
      normalized.storage,
      inverseStd.storage,
      scale?.storage ?? null,
      dy.storage,
      dx.storage,
      dScale?.storage ?? null,
      dShift?.storage ?? null,
      rows,
      n,
    );
    return [dx, dScale, dShift];
  },
});
