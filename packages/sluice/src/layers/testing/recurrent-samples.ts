import fc from "fast-check";
import { randomTensor } from "../../autograd/gradient-check.ts";
import type { Backend } from "../../backend/backend.ts";
import type { ActivationName } from "../../backend/kernels.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { CellOptions } from "../cells/cell-options.ts";
import type { Layer, State } from "../layer.ts";
import type { RecurrentLayer, RecurrentOptions } from "../recurrent-layer.ts";

/** Options that every recurrent kind takes. */
export type LawOptions = CellOptions & RecurrentOptions;

export interface Sample {
  readonly B: number;
  readonly T: number;
  readonly I: number;
  /** Axes between time and features, for kinds that read grids. Default none. */
  readonly frame?: readonly number[];
  readonly seed: number;
  readonly options: LawOptions;
}

/** What a step reads, without the batch axis. */
export function featuresOf({ frame = [], I }: Pick<Sample, "frame" | "I">): readonly number[] {
  return [...frame, I];
}

const activations: readonly ActivationName[] = ["tanh", "sigmoid", "softsign", "linear", "gelu"];

/** Small sizes, 1 included, and options in every combination. */
export const samples: fc.Arbitrary<Sample> = fc.record({
  B: fc.integer({ min: 1, max: 3 }),
  T: fc.integer({ min: 1, max: 5 }),
  I: fc.integer({ min: 1, max: 3 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
  options: fc.record({
    units: fc.integer({ min: 1, max: 5 }),
    activation: fc.constantFrom(...activations),
    useBias: fc.boolean(),
    returnSequences: fc.boolean(),
    goBackwards: fc.boolean(),
  }),
});

/** A mask [B, T] of any form: holes, padding on either side, empty rows. */
export function maskFor({ B, T, seed }: Sample, backend: Backend): Tensor {
  const noise = randomTensor([B, T], { seed: seed + 1, like: { backend } }).dataSync();
  return tensor(
    noise.map((v) => (v > -0.3 ? 1 : 0)),
    [B, T],
    { backend },
  );
}

export function sequenceFor(sample: Sample, backend: Backend): Tensor {
  return randomTensor([sample.B, sample.T, ...featuresOf(sample)], { seed: sample.seed, like: { backend } });
}

/** The sequence with NaN at masked steps: whatever stands in padding must not matter. */
export function withNaN(x: Tensor, mask: Tensor): Tensor {
  const uses = mask.dataSync();
  const width = x.size / uses.length;
  return tensor(
    x.dataSync().map((v, k) => (uses[Math.floor(k / width)] === 0 ? Number.NaN : v)),
    x.shape,
    { backend: x.backend },
  );
}

/** Builds the layer for the sample and gives every weight random numbers, biases too: zeros and equal blocks would hide mistakes. */
export function prepared<L extends Layer>(layer: L, sample: Pick<Sample, "I" | "frame" | "seed">, backend: Backend): L {
  const { seed } = sample;
  layer.build([[null, null, ...featuresOf(sample)]], { backend });
  layer.parameters.forEach(({ tensor: weight }, k) => {
    backend.write(weight.storage, randomTensor(weight.shape, { seed: seed + 10 + k, like: weight, std: 0.7 }).dataSync());
  });
  return layer;
}

/** The weight with this last name ("kernel"). @throws when there is none. */
export function weightOf(layer: Layer, name: string): Tensor {
  const found = layer.parameters.find(({ path }) => path.endsWith(`/${name}`));
  if (!found) throw new Error(`internal: ${layer.name} has no weight ${name}.`);
  return found.tensor;
}

/** The weights of one layer written into another one of the same shapes, in order. */
export function copyWeights(from: Layer, to: Layer): void {
  from.parameters.forEach(({ tensor: weight }, k) => {
    const target = to.parameters[k]?.tensor as Tensor;
    target.backend.write(target.storage, weight.dataSync());
  });
}

/** A random state for the layer, not zeros. */
export function stateFor(layer: RecurrentLayer, { B, seed }: Sample, backend: Backend): State {
  const shapes = Object.entries<readonly number[]>(layer.cell.stateShapes);
  return Object.fromEntries(
    shapes.map(([name, shape], k) => [name, randomTensor([B, ...shape], { seed: seed + 50 + k, like: { backend }, std: 0.5 })]),
  );
}

/** Row b of a tensor's first axis, still with that axis. */
export function row(x: Tensor, b: number): Tensor {
  const width = x.size / (x.shape[0] as number);
  return tensor(x.dataSync().slice(b * width, (b + 1) * width), [1, ...x.shape.slice(1)], { backend: x.backend });
}
