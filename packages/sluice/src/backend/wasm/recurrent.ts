import type { GateActivationName, Kernels, RecurrentBackward, RecurrentForward } from "../kernels.ts";
import { UNARY_CODES } from "./elementwise.ts";
import type { WasmMemory } from "./memory.ts";

/** Takes byte addresses, 0 for none, then sizes; named one by one in kernels/{matmul,pack,lstm,gru,rnn}.ts. */
type Run = (...numbers: number[]) => void;

export interface RecurrentExports {
  productScratch(): number;
  packedBytes(depth: number, columns: number): number;
  pack: Run;
  multiply: Run;
  weightGradients: Run;
  lstmForward: Run;
  lstmBackward: Run;
  gruForward: Run;
  gruBackward: Run;
  gruWeightGradients: Run;
  rnnForward: Run;
  rnnBackward: Run;
}

type RecurrentKernels = Pick<
  Kernels,
  "lstmForward" | "lstmBackward" | "gruForward" | "gruBackward" | "rnnForward" | "rnnBackward"
>;

/** A matrix to pack: element (k, j) of [depth, columns] lies at `at` + k·row + j·column bytes. */
interface Packing {
  readonly at: number;
  readonly row: number;
  readonly column: number;
  readonly depth: number;
  readonly columns: number;
  /** Products with fewer rows read it where it lies. */
  readonly rows: number;
}

const ROWS_WORTH_PACKING = 3;

/**
 * Fused runs over a whole sequence, in a few calls each: the weights are packed once, one call walks through time, and the
 * products over all steps follow it.
 */
export function recurrentKernels(memory: WasmMemory, wasm: RecurrentExports): RecurrentKernels {
  /** Scratch memory for products and `extra` numbers; behind it the packed matrices, 0 for those that stay where they lie. */
  function prepare(extra: number, matrices: readonly Packing[]): number[] {
    const worth = matrices.map(({ rows }) => rows >= ROWS_WORTH_PACKING);
    const sizes = matrices.map(({ depth, columns }, i) => (worth[i] ? align(wasm.packedBytes(depth, columns)) : 0));
    const first = align(wasm.productScratch() + extra * 4);
    const scratch = memory.scratch(sizes.reduce((sum, size) => sum + size, first));
    let next = scratch + first;
    const packed = matrices.map(({ at, row, column, depth, columns }, i) => {
      if (!worth[i]) return 0;
      const out = next;
      wasm.pack(at, row, column, depth, columns, out);
      next += sizes[i] ?? 0;
      return out;
    });
    return [scratch, ...packed];
  }

  /** Addresses and codes that the forward runs of all cells take; G blocks of gates. */
  function forwardOf(run: RecurrentForward, G: number) {
    const { T, B, I, H } = run;
    const N = G * H;
    return {
      N,
      x: memory.input(run.x, T * B * I),
      kernel: memory.input(run.kernel, I * N),
      recurrentKernel: memory.input(run.recurrentKernel, H * N),
      bias: memory.optionalInput(run.bias, N),
      mask: memory.optionalInput(run.mask, T * B),
      gates: memory.output(run.gates, T * B * N),
      hidden: memory.output(run.hidden, (T + 1) * B * H),
      activation: code(run.activation),
      recurrentActivation: code(run.recurrentActivation),
    };
  }

  /** The same for the way back. */
  function backwardOf(run: RecurrentBackward, G: number) {
    const { T, B, I, H } = run;
    const N = G * H;
    return {
      N,
      x: memory.input(run.x, T * B * I),
      kernel: memory.input(run.kernel, I * N),
      recurrentKernel: memory.input(run.recurrentKernel, H * N),
      mask: memory.optionalInput(run.mask, T * B),
      gates: memory.output(run.gates, T * B * N),
      hidden: memory.input(run.hidden, (T + 1) * B * H),
      dHidden: memory.optionalInput(run.dHidden, T * B * H),
      dLastHidden: memory.optionalInput(run.dLastHidden, B * H),
      dx: memory.optionalOutput(run.dx, T * B * I),
      dKernel: memory.output(run.dKernel, I * N),
      dRecurrentKernel: memory.output(run.dRecurrentKernel, H * N),
      dBias: memory.optionalOutput(run.dBias, N),
      dInitialHidden: memory.output(run.dInitialHidden, B * H),
      activation: code(run.activation),
      recurrentActivation: code(run.recurrentActivation),
    };
  }

  /** dx [T·B, I] = dGates · kernelᵀ, when somebody asks. */
  function inputGradient(
    at: { dx: number; gates: number; kernel: number; N: number },
    rows: number,
    I: number,
    scratch: number,
  ): void {
    if (at.dx === 0) return;
    wasm.multiply(at.gates, at.N * 4, 4, at.kernel, 4, at.N * 4, at.dx, I * 4, rows, I, at.N, 0, scratch);
  }

  return {
    lstmForward(run) {
      const { T, B, I, H } = run;
      const at = forwardOf(run, 4);
      const cells = memory.output(run.cells, (T + 1) * B * H);
      const [scratch = 0, kernel = 0, recurrent = 0] = prepare(0, [
        asStored(at.kernel, I, at.N, at.N, T * B),
        asStored(at.recurrentKernel, H, at.N, at.N, B),
      ]);
      const { x, bias, mask, gates, hidden, activation, recurrentActivation } = at;
      const weights = [at.kernel, at.recurrentKernel, kernel, recurrent, bias] as const;
      wasm.lstmForward(x, ...weights, mask, gates, hidden, cells, T, B, I, H, 0, B, activation, recurrentActivation, scratch);
    },

    lstmBackward(run) {
      const { T, B, I, H } = run;
      const at = backwardOf(run, 4);
      const cells = memory.input(run.cells, (T + 1) * B * H);
      const dLastCell = memory.optionalInput(run.dLastCell, B * H);
      const dInitialCell = memory.output(run.dInitialCell, B * H);
      const [scratch = 0, recurrent = 0] = prepare(0, [transposed(at.recurrentKernel, at.N, H, at.N)]);
      const { N, x, mask, gates, hidden, dKernel, dRecurrentKernel, dBias } = at;
      const gradients = [at.dHidden, at.dLastHidden, dLastCell, at.dInitialHidden, dInitialCell] as const;
      wasm.lstmBackward(
        recurrent,
        mask,
        gates,
        cells,
        ...gradients,
        T,
        B,
        H,
        0,
        B,
        at.activation,
        at.recurrentActivation,
        scratch,
      );
      wasm.weightGradients(x, hidden, mask, gates, N * 4, dKernel, dRecurrentKernel, N * 4, dBias, T * B, I, H, N, scratch);
      inputGradient(at, T * B, I, scratch);
    },

    gruForward(run) {
      const { T, B, I, H } = run;
      const at = forwardOf(run, 3);
      const recurrentBias = memory.optionalInput(run.recurrentBias, at.N);
      const resetProduct = memory.output(run.resetProduct, T * B * H);
      const [scratch = 0, kernel = 0, zr = 0, candidate = 0] = prepare(at.N, [
        asStored(at.kernel, I, at.N, at.N, T * B),
        asStored(at.recurrentKernel, H, 2 * H, at.N, B),
        asStored(at.recurrentKernel + 8 * H, H, H, at.N, B),
      ]);
      const { x, bias, mask, gates, hidden, activation, recurrentActivation } = at;
      const weights = [at.kernel, at.recurrentKernel, kernel, zr, candidate, bias, recurrentBias] as const;
      const codes = [activation, recurrentActivation, Number(run.resetAfter)] as const;
      wasm.gruForward(x, ...weights, mask, gates, hidden, resetProduct, T, B, I, H, 0, B, ...codes, scratch);
    },

    gruBackward(run) {
      const { T, B, I, H } = run;
      const at = backwardOf(run, 3);
      const resetProduct = memory.output(run.resetProduct, T * B * H);
      const dRecurrentBias = memory.optionalOutput(run.dRecurrentBias, at.N);
      const [scratch = 0, zr = 0, candidate = 0] = prepare(B * H, [
        transposed(at.recurrentKernel, 2 * H, H, at.N),
        transposed(at.recurrentKernel + 8 * H, H, H, at.N),
      ]);
      const { x, mask, gates, hidden, dKernel, dRecurrentKernel, dBias } = at;
      const gradients = [at.dHidden, at.dLastHidden, at.dInitialHidden] as const;
      const resetAfter = Number(run.resetAfter);
      const codes = [at.activation, at.recurrentActivation, resetAfter] as const;
      wasm.gruBackward(zr, candidate, mask, gates, hidden, resetProduct, ...gradients, T, B, H, 0, B, ...codes, scratch);
      const outputs = [dKernel, dRecurrentKernel, dBias, dRecurrentBias] as const;
      wasm.gruWeightGradients(x, hidden, mask, gates, resetProduct, ...outputs, T * B, I, H, resetAfter, scratch);
      inputGradient(at, T * B, I, scratch);
    },

    rnnForward(run) {
      const { T, B, I, H } = run;
      const at = forwardOf(run, 1);
      const [scratch = 0, kernel = 0, recurrent = 0] = prepare(0, [
        asStored(at.kernel, I, H, H, T * B),
        asStored(at.recurrentKernel, H, H, H, B),
      ]);
      const weights = [at.kernel, at.recurrentKernel, kernel, recurrent, at.bias] as const;
      wasm.rnnForward(at.x, ...weights, at.mask, at.gates, at.hidden, T, B, I, H, 0, B, at.activation, scratch);
    },

    rnnBackward(run) {
      const { T, B, I, H } = run;
      const at = backwardOf(run, 1);
      const [scratch = 0, recurrent = 0] = prepare(0, [transposed(at.recurrentKernel, H, H, H)]);
      const { x, mask, gates, hidden, dKernel, dRecurrentKernel, dBias } = at;
      const gradients = [at.dHidden, at.dLastHidden, at.dInitialHidden] as const;
      wasm.rnnBackward(recurrent, mask, gates, ...gradients, T, B, H, 0, B, at.activation, scratch);
      wasm.weightGradients(x, hidden, mask, gates, H * 4, dKernel, dRecurrentKernel, H * 4, dBias, T * B, I, H, H, scratch);
      inputGradient(at, T * B, I, scratch);
    },
  };
}

function code(name: GateActivationName): number {
  return UNARY_CODES[name];
}

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/** [depth, columns], the first columns of rows of `width`, for products of `rows` rows. */
function asStored(at: number, depth: number, columns: number, width: number, rows: number): Packing {
  return { at, row: width * 4, column: 4, depth, columns, rows };
}

/** [depth, columns], stored [columns, depth] in rows of `width`; always worth packing. */
function transposed(at: number, depth: number, columns: number, width: number): Packing {
  return { at, row: 4, column: width * 4, depth, columns, rows: ROWS_WORTH_PACKING };
}
