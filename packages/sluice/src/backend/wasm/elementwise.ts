import type { BinaryName, Kernels, UnaryName } from "../kernels.ts";
import { highest, PairedAxes } from "./axes.ts";
import type { WasmMemory } from "./memory.ts";

export interface ElementwiseExports {
  fill(out: number, value: number, n: number): void;
  choose(condition: number, a: number, b: number, out: number, n: number): void;
  unary(code: number, x: number, out: number, n: number): void;
  unaryGradient(code: number, x: number, y: number, dy: number, dx: number, n: number): void;
  /** Strides in elements: of the row, and of one element in it. */
  binary(
    code: number,
    a: number,
    aRow: number,
    aStep: number,
    b: number,
    bRow: number,
    bStep: number,
    out: number,
    rows: number,
    n: number,
  ): void;
}

/** The codes of `unary` and `unaryGradient` in kernels/elementwise.ts. */
export const UNARY_CODES: Readonly<Record<UnaryName, number>> = {
  linear: 0,
  sigmoid: 1,
  tanh: 2,
  relu: 3,
  relu6: 4,
  leakyRelu: 5,
  elu: 6,
  selu: 7,
  softplus: 8,
  softsign: 9,
  hardSigmoid: 10,
  hardTanh: 11,
  exponential: 12,
  gelu: 13,
  silu: 14,
  mish: 15,
  negate: 16,
  abs: 17,
  sign: 18,
  square: 19,
  sqrt: 20,
  reciprocal: 21,
  log: 22,
  log1p: 23,
  logSigmoid: 24,
  logCosh: 25,
  sin: 26,
  cos: 27,
};

/** The codes of `binary` in kernels/binary.ts. */
const BINARY_CODES: Readonly<Record<BinaryName, number>> = {
  add: 0,
  subtract: 1,
  multiply: 2,
  divide: 3,
  minimum: 4,
  maximum: 5,
  power: 6,
  less: 7,
  lessEqual: 8,
  equal: 9,
};

/** Functions of each element. */
export function elementwiseKernels(
  memory: WasmMemory,
  wasm: ElementwiseExports,
): Pick<Kernels, "fill" | "unary" | "unaryGradient" | "binary" | "select"> {
  const axes = new PairedAxes();
  return {
    fill(out, value) {
      wasm.fill(memory.output(out, out.length), value, out.length);
    },

    unary(name, x, out) {
      const n = x.length;
      wasm.unary(UNARY_CODES[name], memory.input(x, n), memory.output(out, n), n);
    },

    unaryGradient(name, x, y, dy, dx) {
      const n = x.length;
      const code = UNARY_CODES[name];
      wasm.unaryGradient(code, memory.input(x, n), memory.input(y, n), memory.input(dy, n), memory.output(dx, n), n);
    },

    binary(name, a, aStrides, b, bStrides, out, shape) {
      axes.merge(shape, aStrides, bStrides);
      if (axes.count === 0) return;
      const code = BINARY_CODES[name];
      const aAt = memory.input(a, highest(axes.rank, axes.sizes, axes.a) + 1);
      const bAt = memory.input(b, highest(axes.rank, axes.sizes, axes.b) + 1);
      let outAt = memory.output(out, axes.count);
      const [n, rows] = [axes.size(0), axes.size(1)];
      const [aStep, aRow, bStep, bRow] = [axes.aStride(0), axes.aStride(1), axes.bStride(0), axes.bStride(1)];
      const visit = (aOffset: number, bOffset: number): void => {
        wasm.binary(code, aAt + aOffset * 4, aRow, aStep, bAt + bOffset * 4, bRow, bStep, outAt, rows, n);
        outAt += rows * n * 4;
      };
      if (axes.rank <= 2) visit(0, 0);
      else axes.forEachFrom(2, visit);
    },

    select(condition, a, b, out) {
      const n = condition.length;
      wasm.choose(memory.input(condition, n), memory.input(a, n), memory.input(b, n), memory.output(out, n), n);
    },
  };
}
