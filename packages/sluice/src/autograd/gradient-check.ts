import { NumericError, ValueError } from "../errors.ts";
import { RandomStream, streamId } from "../random/philox.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { inStep, type Tensor, tensor } from "../tensor/tensor.ts";
import { multiply } from "./ops/elementwise.ts";
import { sum } from "./ops/reduce.ts";
import { valueAndGradients } from "./tape.ts";

/** Options of `gradientCheck`. */
export interface GradientCheckOptions {
  /** Half the distance between the two points of each difference. Default 1e-5. */
  readonly step?: number;
  /** Allowed difference, relative to the larger of the gradient's size and 1. Default 1e-6. */
  readonly rtol?: number;
}

/**
 * Compares the gradients of `f` with central differences, (f(x + step) − f(x − step)) / (2 step), at every element of every
 * tensor in `at`. Outputs that are not scalars are weighed with fixed random numbers, so that no error cancels in a plain sum.
 * @param f takes the tensors in `at`, in their order, or reads them where they are: weights of a layer may stand in `at` as well.
 * It must be the same function at each call. The tensors are changed meanwhile, and put back.
 * @throws {NumericError} naming the tensor, the element and both values where they differ.
 * @example checkGradients((x) => tanh(x), [tensor([0.1, -2], [2], { backend: getBackend("reference") })]);
 * @example checkGradients(() => layer.forward(x).output, [x, ...layer.parameters.map((weight) => weight.tensor)]);
 */
export function checkGradients(f: (...at: Tensor[]) => Tensor, at: readonly Tensor[], options: GradientCheckOptions = {}): void {
  const { step = 1e-5, rtol = 1e-6 } = options;
  const [first] = at;
  if (first?.backend.precision !== "float64") {
    throw new ValueError(
      'Cannot check gradients without a float64 tensor: differences drown in rounding. Make them on getBackend("reference").',
    );
  }
  const { backend } = first;
  const loss = (): Tensor => {
    const y = f(...at);
    return sum(multiply(y, randomTensor(y.shape, { seed: 97, like: first })));
  };
  const lossNow = (): number => inStep(backend, () => loss().dataSync()[0] as number);
  const { gradients } = valueAndGradients(loss, at);
  gradients.forEach((gradient, k) => {
    const { storage } = at[k] as Tensor;
    const values = backend.readSync(storage);
    gradient.dataSync().forEach((found, element) => {
      const value = values[element] as number;
      backend.write(storage, [value + step], element);
      const above = lossNow();
      backend.write(storage, [value - step], element);
      const below = lossNow();
      backend.write(storage, [value], element);
      const slope = (above - below) / (2 * step);
      if (!(Math.abs(found - slope) <= rtol * Math.max(1, Math.abs(slope)))) {
        throw new NumericError(
          `Gradient ${k}, element ${element}: backward says ${found}, the slope is ${slope} (step ${step}, rtol ${rtol}).`,
        );
      }
    });
  });
}

/** Options of `randomTensor`. */
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
  return tensor(
    Float64Array.from({ length: sizeOf(shape) }, () => std * random.normal()),
    shape,
    { backend: like.backend },
  );
}
