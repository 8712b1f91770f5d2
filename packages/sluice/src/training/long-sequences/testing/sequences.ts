import { randomTensor } from "../../../autograd/gradient-check.ts";
import type { Backend } from "../../../backend/backend.ts";
import { getBackend } from "../../../backend/index.ts";
import type { Model } from "../../../models/model.ts";
import type { NumericArray } from "../../dataset.ts";

export const reference: Backend = getBackend("reference");

/** Sizes of the sequences below. */
export const B = 3;
export const T = 12;
export const I = 2;

export type Float64Numbers = NumericArray & { readonly data: Float64Array };

export function random(shape: readonly number[], seed: number): Float64Numbers {
  return { shape, data: Float64Array.from(randomTensor(shape, { seed, like: { backend: reference } }).dataSync()) };
}

export const x: Float64Numbers = random([B, T, I], 1);
/** A target for every step. */
export const y: Float64Numbers = random([B, T, 1], 2);

/** Numbers with NaN where the mask is 0. */
export function withNaN({ shape, data }: Float64Numbers, mask: Float64Numbers): Float64Numbers {
  const width = data.length / mask.data.length;
  return { shape, data: data.map((v, k) => (mask.data[Math.floor(k / width)] === 0 ? Number.NaN : v)) };
}

/** Everything that training changes, to the bit. */
export async function outcome(net: Model): Promise<unknown> {
  return {
    weights: [...(await net.weights())].map(([name, { data }]) => [name, [...data]]),
    slots: await Promise.all([...net.optimizer.slots()].map(async ([name, slot]) => [name, [...(await slot.data())]])),
    iterations: net.optimizer.iterations,
    steps: net.trainingSteps,
  };
}
