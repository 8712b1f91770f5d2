import type { Kernels } from "../kernels.ts";
import type { WasmMemory } from "./memory.ts";

/** The kernels over rows. */
export interface RowsExports {
  sumRowsScratch(rows: number, columns: number): number;
  reduceSum(x: number, out: number, outer: number, n: number, inner: number, scratch: number): void;
  reduceMax(x: number, out: number, outer: number, n: number, inner: number): void;
  reduceMin(x: number, out: number, outer: number, n: number, inner: number): void;
  softmax(x: number, out: number, rows: number, n: number): void;
  logSoftmax(x: number, out: number, rows: number, n: number): void;
  softmaxGradient(y: number, dy: number, dx: number, rows: number, n: number): void;
  logSoftmaxGradient(y: number, dy: number, dx: number, rows: number, n: number): void;
  crossEntropy(x: number, labels: number, losses: number, maxima: number, sums: number, rows: number, n: number): void;
  crossEntropyGradient(
    x: number,
    labels: number,
    maxima: number,
    sums: number,
    dLosses: number,
    dx: number,
    rows: number,
    n: number,
  ): void;
  gatherRows(table: number, indices: number, out: number, count: number, width: number): void;
  scatterAddRows(dy: number, indices: number, dTable: number, count: number, width: number): void;
  layerNormForward(
    x: number,
    scale: number,
    shift: number,
    epsilon: number,
    y: number,
    normalized: number,
    inverseStd: number,
    rows: number,
    n: number,
  ): void;
  layerNormBackward(
    normalized: number,
    inverseStd: number,
    scale: number,
    dy: number,
    dx: number,
    dScale: number,
    dShift: number,
    rows: number,
    n: number,
    scratch: number,
  ): void;
}

type RowsKernels = Pick<
  Kernels,
  | "reduce"
  | "softmax"
  | "softmaxGradient"
  | "crossEntropy"
  | "crossEntropyGradient"
  | "gatherRows"
  | "scatterAddRows"
  | "layerNormForward"
  | "layerNormBackward"
>;

/** Kernels that work along rows or across them. */
export function rowsKernels(memory: WasmMemory, wasm: RowsExports): RowsKernels {
  return {
    reduce(name, x, out, outer, n, inner) {
      const from = memory.input(x, outer * n * inner);
      const to = memory.output(out, outer * inner);
      if (name === "max") wasm.reduceMax(from, to, outer, n, inner);
      else if (name === "min") wasm.reduceMin(from, to, outer, n, inner);
      else wasm.reduceSum(from, to, outer, n, inner, memory.scratch(wasm.sumRowsScratch(n, inner)));
    },

    softmax(x, out, rows, n, log) {
      const from = memory.input(x, rows * n);
      const to = memory.output(out, rows * n);
      if (log) wasm.logSoftmax(from, to, rows, n);
      else wasm.softmax(from, to, rows, n);
    },

    softmaxGradient(y, dy, dx, rows, n, log) {
      const yAt = memory.input(y, rows * n);
      const dyAt = memory.input(dy, rows * n);
      const dxAt = memory.output(dx, rows * n);
      if (log) wasm.logSoftmaxGradient(yAt, dyAt, dxAt, rows, n);
      else wasm.softmaxGradient(yAt, dyAt, dxAt, rows, n);
    },

    crossEntropy(x, labels, losses, maxima, sums, rows, n) {
      wasm.crossEntropy(
        memory.input(x, rows * n),
        memory.input(labels, rows),
        memory.output(losses, rows),
        memory.output(maxima, rows),
        memory.output(sums, rows),
        rows,
        n,
      );
    },

    crossEntropyGradient(x, labels, maxima, sums, dLosses, dx, rows, n) {
      wasm.crossEntropyGradient(
        memory.input(x, rows * n),
        memory.input(labels, rows),
        memory.input(maxima, rows),
        memory.input(sums, rows),
        memory.input(dLosses, rows),
        memory.output(dx, rows * n),
        rows,
        n,
      );
    },

    gatherRows(table, indices, out, count, width) {
      const tableAt = memory.input(table, 0);
      wasm.gatherRows(tableAt, memory.input(indices, count), memory.output(out, count * width), count, width);
    },

    scatterAddRows(dy, indices, dTable, count, width) {
      const dyAt = memory.input(dy, count * width);
      wasm.scatterAddRows(dyAt, memory.input(indices, count), memory.output(dTable, 0), count, width);
    },

    layerNormForward(x, scale, shift, epsilon, y, normalized, inverseStd, rows, n) {
      wasm.layerNormForward(
        memory.input(x, rows * n),
        memory.optionalInput(scale, n),
        memory.optionalInput(shift, n),
        epsilon,
        memory.output(y, rows * n),
        memory.output(normalized, rows * n),
        memory.output(inverseStd, rows),
        rows,
        n,
      );
    },

    layerNormBackward(normalized, inverseStd, scale, dy, dx, dScale, dShift, rows, n) {
      wasm.layerNormBackward(
        memory.input(normalized, rows * n),
        memory.input(inverseStd, rows),
        memory.optionalInput(scale, n),
        memory.input(dy, rows * n),
        memory.output(dx, rows * n),
        memory.optionalOutput(dScale, n),
        memory.optionalOutput(dShift, n),
        rows,
        n,
        memory.scratch(wasm.sumRowsScratch(rows, n)),
      );
    },
  };
}
