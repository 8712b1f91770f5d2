import type { BinaryName, Kernels, UnaryName } from "../kernels.ts";
import { highest, PairedAxes } from "./axes.ts";
import type { WasmMemory } from "./memory.ts";

type Unary = (x: number, out: number, n: number) => void;
type Gradient = (x: number, y: number, dy: number, dx: number, n: number) => void;
/** Strides in bytes: from row to row, and from element to element in a row. */
type Binary = (
  a: number,
  aRow: number,
  aStep: number,
  b: number,
  bRow: number,
  bStep: number,
  out: number,
  rows: number,
  n: number,
) => void;

/** One export for each function, named after it: `unaryTanh`, `gradientTanh`, `binaryAdd`. */
export type ElementwiseExports = {
  readonly [Name in UnaryName as `unary${Capitalize<Name>}`]: Unary;
} & {
  readonly [Name in UnaryName as `gradient${Capitalize<Name>}`]: Gradient;
} & {
  readonly [Name in BinaryName as `binary${Capitalize<Name>}`]: Binary;
} & {
  fill(out: number, value: number, n: number): void;
  choose(condition: number, a: number, b: number, out: number, n: number): void;
};

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

const UNARY_NAMES = Object.keys(UNARY_CODES) as UnaryName[];
const BINARY_NAMES: readonly BinaryName[] = [
  "add",
  "subtract",
  "multiply",
  "divide",
  "minimum",
  "maximum",
  "power",
  "less",
  "lessEqual",
  "equal",
];

/** The exports of one kind by the names of their functions, so that a call makes no string. */
function byName<Name extends string, Kernel>(
  names: readonly Name[],
  kind: string,
  wasm: ElementwiseExports,
): Record<Name, Kernel> {
  const exported = wasm as unknown as Record<string, Kernel>;
  const entries = names.map((name) => [name, exported[`${kind}${name[0]?.toUpperCase()}${name.slice(1)}`]]);
  return Object.fromEntries(entries) as Record<Name, Kernel>;
}

/** Functions of each element. */
export function elementwiseKernels(
  memory: WasmMemory,
  wasm: ElementwiseExports,
): Pick<Kernels, "fill" | "unary" | "unaryGradient" | "binary" | "select"> {
  const axes = new PairedAxes();
  const unaries = byName<UnaryName, Unary>(UNARY_NAMES, "unary", wasm);
  const gradients = byName<UnaryName, Gradient>(UNARY_NAMES, "gradient", wasm);
  const binaries = byName<BinaryName, Binary>(BINARY_NAMES, "binary", wasm);
  return {
    fill(out, value) {
      wasm.fill(memory.output(out, out.length), value, out.length);
    },

    unary(name, x, out) {
      const n = x.length;
      unaries[name](memory.input(x, n), memory.output(out, n), n);
    },

    unaryGradient(name, x, y, dy, dx) {
      const n = x.length;
      gradients[name](memory.input(x, n), memory.input(y, n), memory.input(dy, n), memory.output(dx, n), n);
    },

    binary(name, a, aStrides, b, bStrides, out, shape) {
      axes.merge(shape, aStrides, bStrides);
      if (axes.count === 0) return;
      const kernel = binaries[name];
      const aAt = memory.input(a, highest(axes.rank, axes.sizes, axes.a) + 1);
      const bAt = memory.input(b, highest(axes.rank, axes.sizes, axes.b) + 1);
      let outAt = memory.output(out, axes.count);
      const n = axes.size(0);
      const rows = axes.size(1);
      const aStep = axes.aStride(0) * 4;
      const aRow = axes.aStride(1) * 4;
      const bStep = axes.bStride(0) * 4;
      const bRow = axes.bStride(1) * 4;
      const visit = (aOffset: number, bOffset: number): void => {
        kernel(aAt + aOffset * 4, aRow, aStep, bAt + bOffset * 4, bRow, bStep, outAt, rows, n);
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
