import { randomTensor } from "../../autograd/gradient-check.ts";
import { getBackend } from "../../backend/index.ts";
import type { RecurrentLayer } from "../../layers/recurrent-layer.ts";
import { simpleRnn } from "../../layers/simple-rnn.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { PlainArray } from "../subject.ts";

/** Normal numbers, in float64 unless another backend is named. */
export function random(shape: readonly number[], seed: number, backend: "reference" | "wasm" = "reference"): Tensor {
  return randomTensor(shape, { seed, like: { backend: getBackend(backend) } });
}

/** The element at a place. */
export function at({ shape, data }: PlainArray, ...place: readonly number[]): number {
  return data[place.reduce((index, k, axis) => index * (shape[axis] as number) + k, 0)] as number;
}

/** A layer of one unit without bias: h_t = w h_{t−1} + x_t, nothing around it. */
export function leaky(w: number, options: { returnSequences?: boolean; goBackwards?: boolean } = {}): RecurrentLayer {
  const layer = simpleRnn({ units: 1, activation: "linear", useBias: false, backend: "reference", ...options });
  layer.build([[null, null, 1]]);
  layer.load({ kernel: { shape: [1, 1], data: [1] }, recurrentKernel: { shape: [1, 1], data: [w] } });
  return layer;
}
