import { sizeOf } from "../../tensor/shape.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";

function softmaxOp(log: boolean): (x: Tensor) => Tensor {
  return defineOp({
    name: log ? "logSoftmax" : "softmax",
    forward: (x: Tensor) => {
      const n = x.shape.at(-1) ?? 1;
      const rows = sizeOf(x.shape.slice(0, -1));
      const y = allocate(x.shape, x.backend);
      x.backend.kernels.softmax(x.storage, y.storage, rows, n, log);
      return { output: y, saved: { y, rows, n } };
    },
    backward: (dy, { y, rows, n }) => {
      const dx = allocate(y.shape, y.backend);
      y.backend.kernels.softmaxGradient(y.storage, dy.storage, dx.storage, rows, n, log);
      return [dx];
    },
  });
}

/** exp(x) / Σ exp(x) over the last axis, shifted by the maximum so that nothing overflows. */
export const softmax: (x: Tensor) => Tensor = softmaxOp(false);
/** log softmax(x) over the last axis, without taking the logarithm of a rounded 0. */
export const logSoftmax: (x: Tensor) => Tensor = softmaxOp(true);
