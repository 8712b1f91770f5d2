import type { ActivationName, BinaryName, UnaryName } from "../../backend/kernels.ts";
import { broadcastShapes, broadcastStrides, type Shape, sameShape, sizeOf } from "../../tensor/shape.ts";
import { allocate, Tensor, tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";
import { sumTo } from "./reduce-axes.ts";

/** y = f(x) with dx = dy ⊙ f′(x), for any function the backends know by name. */
function unaryOp(name: UnaryName): (x: Tensor) => Tensor {
  return defineOp({
    name,
    forward: (x: Tensor) => {
      const y = allocate(x.shape, x.backend);
      x.backend.kernels.unary(name, x.storage, y.storage);
      return { output: y, saved: { x, y } };
    },
    backward: (dy, { x, y }) => {
      const dx = allocate(x.shape, x.backend);
      x.backend.kernels.unaryGradient(name, x.storage, y.storage, dy.storage, dx.storage);
      return [dx];
    },
  });
}

/** −x, element by element. */
export const negate: (x: Tensor) => Tensor = unaryOp("negate");
/** |x|, element by element; the slope at 0 is 0. */
export const abs: (x: Tensor) => Tensor = unaryOp("abs");
/** −1, 0 or 1; its gradient is 0. */
export const sign: (x: Tensor) => Tensor = unaryOp("sign");
/** x², element by element. */
export const square: (x: Tensor) => Tensor = unaryOp("square");
/** √x, element by element. */
export const sqrt: (x: Tensor) => Tensor = unaryOp("sqrt");
/** 1/x, element by element. */
export const reciprocal: (x: Tensor) => Tensor = unaryOp("reciprocal");
/** eˣ, element by element. */
export const exp: (x: Tensor) => Tensor = unaryOp("exponential");
/** The natural logarithm, element by element. */
export const log: (x: Tensor) => Tensor = unaryOp("log");
/** log(1 + x) without loss near 0, element by element. */
export const log1p: (x: Tensor) => Tensor = unaryOp("log1p");
/** The sine, element by element. */
export const sin: (x: Tensor) => Tensor = unaryOp("sin");
/** The cosine, element by element. */
export const cos: (x: Tensor) => Tensor = unaryOp("cos");
/** σ(x) = 1/(1 + e⁻ˣ), element by element. */
export const sigmoid: (x: Tensor) => Tensor = unaryOp("sigmoid");
/** The hyperbolic tangent, element by element. */
export const tanh: (x: Tensor) => Tensor = unaryOp("tanh");
/** max(x, 0), element by element; the slope at 0 is 0. */
export const relu: (x: Tensor) => Tensor = unaryOp("relu");
/** log(1 + eˣ) without overflow, element by element. */
export const softplus: (x: Tensor) => Tensor = unaryOp("softplus");
/** log σ(x), without overflow at either end. */
export const logSigmoid: (x: Tensor) => Tensor = unaryOp("logSigmoid");
/** log cosh x, without overflow. */
export const logCosh: (x: Tensor) => Tensor = unaryOp("logCosh");

const activations = new Map<ActivationName, (x: Tensor) => Tensor>();

/** The activation of that name, as `ActivationName` defines it. "linear" gives x itself. */
export function activate(name: ActivationName, x: Tensor): Tensor {
  if (name === "linear") return x;
  let op = activations.get(name);
  if (!op) {
    op = unaryOp(name);
    activations.set(name, op);
  }
  return op(x);
}

/** out = f(a, b) with NumPy broadcasting; the raw kernel call, without a tape entry. */
function broadcastBinary(name: BinaryName, a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShapes(a.shape, b.shape, name);
  const out = allocate(shape, a.backend);
  const dense = sameShape(a.shape, b.shape);
  const loop: Shape = dense ? [sizeOf(shape)] : shape;
  const aStrides = dense ? [1] : broadcastStrides(a.shape, shape);
  const bStrides = dense ? [1] : broadcastStrides(b.shape, shape);
  a.backend.kernels.binary(name, a.storage, aStrides, b.storage, bStrides, out.storage, loop);
  return out;
}

type BinaryGradient = (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly [Tensor | null, Tensor | null];

function binaryOp(name: BinaryName, gradient: BinaryGradient): (a: Tensor | number, b: Tensor | number) => Tensor {
  const op = defineOp({
    name,
    forward: (a: Tensor, b: Tensor) => {
      const y = broadcastBinary(name, a, b);
      return { output: y, saved: { a, b, y } };
    },
    backward: (dy, { a, b, y }) => {
      const [da, db] = gradient(dy, a, b, y);
      return [da && sumTo(da, a.shape), db && sumTo(db, b.shape)];
    },
  });
  return (a, b) => {
    const like = a instanceof Tensor ? a : b instanceof Tensor ? b : null;
    const options = like ? { backend: like.backend } : {};
    return op(a instanceof Tensor ? a : tensor(a, [], options), b instanceof Tensor ? b : tensor(b, [], options));
  };
}

/** a + b; like every two-argument operation here, it broadcasts as NumPy does and takes plain numbers. */
export const add: (a: Tensor | number, b: Tensor | number) => Tensor = binaryOp("add", (dy) => [dy, dy]);
/** a − b, with broadcasting. */
export const subtract: (a: Tensor | number, b: Tensor | number) => Tensor = binaryOp("subtract", (dy) => [dy, negate(dy)]);
/** a · b element by element, with broadcasting. */
export const multiply: (a: Tensor | number, b: Tensor | number) => Tensor = binaryOp("multiply", (dy, a, b) => [
  multiply(dy, b), // da = dy b
  multiply(dy, a), // db = dy a
]);
/** a / b, with broadcasting. */
export const divide: (a: Tensor | number, b: Tensor | number) => Tensor = binaryOp("divide", (dy, _a, b, y) => [
  divide(dy, b), //                      da = dy / b
  negate(divide(multiply(dy, y), b)), // db = −dy (a / b) / b
]);
/** a ** b for a > 0, or for whole b. The gradient of b is defined for a > 0. */
export const power: (a: Tensor | number, b: Tensor | number) => Tensor = binaryOp("power", (dy, a, b, y) => [
  multiply(dy, multiply(b, power(a, subtract(b, 1)))), // da = dy b a^(b−1)
  multiply(dy, multiply(y, log(maximum(a, Number.MIN_VALUE)))), // db = dy y log a
]);
/** The smaller of both; where they are equal each gets half of the gradient. */
export const minimum: (a: Tensor | number, b: Tensor | number) => Tensor = binaryOp("minimum", (dy, a, b) => chosen(dy, a, b));
/** The larger of both; where they are equal each gets half of the gradient. */
export const maximum: (a: Tensor | number, b: Tensor | number) => Tensor = binaryOp("maximum", (dy, a, b) => chosen(dy, b, a));
/** 1 where a < b, else 0. Comparisons have no gradient. */
export const less: (a: Tensor | number, b: Tensor | number) => Tensor = binaryOp("less", () => [null, null]);
/** 1 where a ≤ b, else 0. */
export const lessEqual: (a: Tensor | number, b: Tensor | number) => Tensor = binaryOp("lessEqual", () => [null, null]);
/** 1 where a = b, else 0. */
export const equal: (a: Tensor | number, b: Tensor | number) => Tensor = binaryOp("equal", () => [null, null]);

/** Shares dy between `low` and `high`: all of it to `low` where low < high, half to each where they are equal. */
function chosen(dy: Tensor, low: Tensor, high: Tensor): readonly [Tensor, Tensor] {
  const toLow = add(less(low, high), multiply(equal(low, high), 0.5));
  const dLow = multiply(dy, toLow);
  return [dLow, subtract(dy, dLow)];
}

/** x limited to [low, high]; no gradient outside. */
export function clip(x: Tensor, low: number, high: number): Tensor {
  return minimum(maximum(x, low), high);
}

/**
 * condition ≠ 0 ? a : b, element by element; all of one shape. Unlike a product with a mask, it lets no NaN through
 * from the side that was not chosen, forward or backward.
 */
export const where: (condition: Tensor, a: Tensor, b: Tensor) => Tensor = defineOp({
  name: "where",
  forward: (condition: Tensor, a: Tensor, b: Tensor) => {
    const y = allocate(a.shape, a.backend);
    a.backend.kernels.select(condition.storage, a.storage, b.storage, y.storage);
    return { output: y, saved: condition };
  },
  backward: (dy, condition) => {
    const nothing = multiplyByZero(dy);
    return [null, where(condition, dy, nothing), where(condition, nothing, dy)];
  },
});

function multiplyByZero(x: Tensor): Tensor {
  const out = allocate(x.shape, x.backend);
  x.backend.kernels.fill(out.storage, 0);
  return out;
}

/** x, with no gradient flowing back. */
export function stopGradient(x: Tensor): Tensor {
  return new Tensor(x.shape, x.storage, x.backend);
}
