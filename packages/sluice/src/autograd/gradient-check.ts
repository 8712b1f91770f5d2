import { sum } from "./ops/reduce.ts";
import { multiply } from "./ops/elementwise.ts";
import { valueAndGradients } from "./tape.ts";
import { NumericError, ValueError } from "../errors.ts";
import { RandomStream, streamId } from "../random/philox.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { inStep, type Tensor, tensor } from "../tensor/tensor.ts";

export interface GradientCheckOptions {
  /** Half the distance between the two points of each difference. Default 1e-5. */
  readonly step?: number;
  /** Allowed difference, relative to the larger of the gradient's size and 1. Default 1e-6. */
  readonly rtol?: number;
}

/**
 * Compares the gradients of `f` with central differences, (f(x + step) − f(x − step)) / (2 step), at every element of every
 * tensor in `at`. Outputs that are not scalars are weighed with fixed random numbers, so that no error cancels in a plain sum.
 * @param f takes tensors like those in `at`, in their order; it must be the same function at each call.
 * @throws {NumericError} naming the tensor, the element and both values where they differ.
 * @example checkGradients((x) => tanh(x), [tensor([0.1, -2], undefined, { backend: getBackend("reference") })]);
 */
export function checkGradients(f: (...at: Tensor[]) => Tensor, at: readonly Tensor[], options: GradientCheckOptions = {}): void {
  const { step = 1e-5, rtol = 1e-6 } = options;
  const [first] = at;
  if (!first || first.backend.precision !== "float64") {
    throw new ValueError('Cannot check gradients without a float64 tensor: differences drown in rounding. Make them on getBackend("reference").');
  }
  const loss = (tensors: Tensor[]): Tensor => {
    const y = f(...tensors);
    return sum(multiply(y, randomTensor(y.shape, { seed: 97, like: first })));
  };
  const { gradients } = valueAndGradients(() => loss([...at]), at);
  const values = at.map((x) => x.dataSync());
  const lossAt = (k: number, element: number, move: number): number =>
    inStep(first.backend, () => {
      const moved = at.map((x, j) => (j === k ? tensor(nudged(values[k] as Float64Array, element, move), x.shape, { backend: x.backend }) : x));
      return loss(moved).dataSync()[0] as number;
    });
  gradients.forEach((gradient, k) => {
    gradient.dataSync().forEach((found, element) => {
      const slope = (lossAt(k, element, step) - lossAt(k, element, -step)) / (2 * step);
      if (!(Math.abs(found - slope) <= rtol * Math.max(1, Math.abs(slope)))) {
        throw new NumericError(`Gradient ${k}, element ${element}: backward says ${found}, the slope is ${slope} (step ${step}, rtol ${rtol}).`);
      }
    });
  });
}

function nudged(values: ArrayLike<number>, element: number, move: number): Float64Array {
  const out = Float64Array.from(values);
  out[element] = (out[element] as number) + move;
  return out;
}

export interface RandomTensorOptions {
  readonly seed: number;
  /** A tensor whose backend the new one shares. */
  readonly like: Tensor | { readonly backend: Tensor["backend"] };
  /** Standard deviation. Default 1. */
  readonly std?: number;
}

/** Normal numbers, the same for the same seed and shape. */
export function randomTensor(shape: Shape, { seed, like, std = 1 }: RandomTensorOptions): Tensor {
  const random = new RandomStream({ seed, stream: streamId("randomTensor"), step: 0 });
  return tensor(Float64Array.from({ length: sizeOf(shape) }, () => std * random.normal()), shape, { backend: like.backend });
}
