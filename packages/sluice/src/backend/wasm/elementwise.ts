import type { BinaryName, Kernels, UnaryName } from "../kernels.ts";
import { highest, PairedAxes } from "./axes.ts";
import type { WasmMemory } from "./memory.ts";
import { type Call, cut, ELEMENT_UNIT, type Team, type WasmFunctions } from "./threads/team.ts";

/** Besides these, one export for each function, named after it: `unaryTanh`, `gradientTanh`, `binaryAdd`. */
export interface ElementwiseExports {
  fill(out: number, value: number, n: number): void;
  choose(condition: number, a: number, b: number, out: number, n: number): void;
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

/** What one element costs, in multiply-adds; much of it is waiting for memory. */
const FUNCTION_WORK = 16;
const ARITHMETIC_WORK = 8;

/** The names of the exports of one kind by those of their functions, so that a call makes no string. */
function exportsOf<Name extends string>(names: readonly Name[], kind: string): Record<Name, string> {
  const entries = names.map((name) => [name, `${kind}${name[0]?.toUpperCase()}${name.slice(1)}`]);
  return Object.fromEntries(entries) as Record<Name, string>;
}

const UNARY_EXPORTS = exportsOf(UNARY_NAMES, "unary");
const GRADIENT_EXPORTS = exportsOf(UNARY_NAMES, "gradient");
const BINARY_EXPORTS = exportsOf(BINARY_NAMES, "binary");

/** Functions of each element; long arrays are cut. */
export function elementwiseKernels(
  memory: WasmMemory,
  wasm: ElementwiseExports,
  team: Team,
): Pick<Kernels, "fill" | "unary" | "unaryGradient" | "binary" | "select"> {
  const axes = new PairedAxes();
  const functions = wasm as unknown as WasmFunctions;

  /** Runs a kernel of n elements of dense arrays. */
  function run(kernel: string, arrays: readonly number[], n: number): void {
    const parts = team.partsFor(n * FUNCTION_WORK);
    if (parts === 1) functions[kernel]?.(...arrays, n);
    else
      team.run(
        cut(n, parts, ELEMENT_UNIT).map<Call>(([from, to]) => [kernel, ...advance(arrays, from), to - from]),
        0,
      );
  }

  return {
    fill(out, value) {
      wasm.fill(memory.output(out, out.length), value, out.length);
    },

    unary(name, x, out) {
      const n = x.length;
      run(UNARY_EXPORTS[name], [memory.input(x, n), memory.output(out, n)], n);
    },

    unaryGradient(name, x, y, dy, dx) {
      const n = x.length;
      const arrays = [memory.input(x, n), memory.input(y, n), memory.input(dy, n), memory.output(dx, n)];
      run(GRADIENT_EXPORTS[name], arrays, n);
    },

    binary(name, a, aStrides, b, bStrides, out, shape) {
      axes.merge(shape, aStrides, bStrides);
      if (axes.count === 0) return;
      const kernel = BINARY_EXPORTS[name];
      const aAt = memory.input(a, highest(axes.rank, axes.sizes, axes.a) + 1);
      const bAt = memory.input(b, highest(axes.rank, axes.sizes, axes.b) + 1);
      let outAt = memory.output(out, axes.count);
      const n = axes.size(0);
      const rows = axes.size(1);
      const aStep = axes.aStride(0) * 4;
      const aRow = axes.aStride(1) * 4;
      const bStep = axes.bStride(0) * 4;
      const bRow = axes.bStride(1) * 4;
      const parts = axes.rank === 1 ? team.partsFor(n * ARITHMETIC_WORK) : 1;
      if (parts > 1) {
        const calls = cut(n, parts, ELEMENT_UNIT).map<Call>(([from, to]) => {
          const at = [aAt + from * aStep, aRow, aStep, bAt + from * bStep, bRow, bStep, outAt + from * 4] as const;
          return [kernel, ...at, rows, to - from];
        });
        team.run(calls, 0);
        return;
      }
      const visit = (aOffset: number, bOffset: number): void => {
        functions[kernel]?.(aAt + aOffset * 4, aRow, aStep, bAt + bOffset * 4, bRow, bStep, outAt, rows, n);
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

/** The addresses of element `from`. */
function advance(arrays: readonly number[], from: number): number[] {
  return arrays.map((at) => at + from * 4);
}
