import type { Backend } from "../../backend/backend.ts";
import type { RandomKey } from "../../random/philox.ts";
import type { Shape } from "../../tensor/shape.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { multiply } from "./elementwise.ts";

/** 0 with probability `rate`, else 1 / (1 − rate), so that the mean stays 1 ("inverted" dropout). Must run inside a step. */
export function dropoutMask(shape: Shape, rate: number, key: RandomKey, backend: Backend): Tensor {
  const mask = allocate(shape, backend);
  backend.kernels.dropoutMask(mask.storage, rate, key);
  return mask;
}

/**
 * Dropout [Srivastava et al. 2014]: x ⊙ mask. `noiseShape` has a 1 on axes along which the mask repeats (Keras's
 * `noise_shape`); the same key draws the same mask.
 */
export function dropout(x: Tensor, rate: number, key: RandomKey, noiseShape: Shape = x.shape): Tensor {
  return multiply(x, dropoutMask(noiseShape, rate, key, x.backend));
}
