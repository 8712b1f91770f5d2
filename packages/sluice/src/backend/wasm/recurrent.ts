import type { Storage } from "../backend.ts";
import type { GateActivationName, Kernels, LstmForward, RecurrentBackward, RecurrentForward } from "../kernels.ts";
import { UNARY_CODES } from "./elementwise.ts";
import type { WasmMemory } from "./memory.ts";
import { type Call, COLUMN_BLOCK, COLUMN_UNIT, cut, type Team } from "./threads/team.ts";

/** The sizes that scratch memory follows from; the kernels themselves are called by name, see kernels/{matmul,pack,lstm,gru,rnn}.ts. */
export interface RecurrentExports {
  productScratch(): number;
  packedBytes(depth: number, columns: number): number;
  chunkSteps(rows: number, columns: number): number;
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
  /** The weights, when their packed form may be kept with them: in predictions, which read them again and again. */
  readonly keptWith?: Storage | null;
}

interface Prepared {
  readonly scratch: number;
  readonly bytes: number;
  readonly packed: readonly number[];
  readonly near: number;
}

const ROWS_WORTH_PACKING = 3;
/** Bytes of recurrent weights from which on threads share the units of each step, not the batch: more than a core's own cache. */
const LARGE_WEIGHTS = 4 * 2 ** 20;
/** What copying a number costs, in multiply-adds. */
const COPY_WORK = 8;

/**
 * Fused runs over a whole sequence, in a few jobs each: the weights are packed once, one call for each part of the batch walks
 * through time, and the products over all steps follow, weight gradients by blocks of columns, the input's by rows. Each number is
 * made by one call, in an order that does not depend on the cuts, so any number of threads gives the same bits.
 */
export function recurrentKernels(memory: WasmMemory, wasm: RecurrentExports, team: Team): RecurrentKernels {
  /**
   * Scratch memory of `bytes` for each of `threads`: a product's and `extra` numbers. Behind it lie the packed matrices, 0 for
   * those that stay where they are, and `near` numbers that nobody reads afterwards. What is kept with its weights is made once.
   */
  function prepare(threads: number, extra: number, matrices: readonly Packing[], near = 0): Prepared {
    const plans = matrices.map(({ at, row, column, depth, columns, rows, keptWith }) => {
      const size = rows >= ROWS_WORTH_PACKING ? align(wasm.packedBytes(depth, columns)) : 0;
      const key = `${keptWith ? at - memory.input(keptWith, 0) : 0} ${row} ${column} ${depth} ${columns}`;
      const kept = keptWith && size > 0 ? memory.derived(keptWith, key, size / 4) : null;
      return { size, kept, missing: kept ? 0 : size, work: kept && !kept.stale ? 0 : size };
    });
    const bytes = align(wasm.productScratch() + extra * 4);
    const scratch = memory.scratch(plans.reduce((sum, { missing }) => sum + missing, bytes * threads + near * 4));
    const parts = team.partsFor(plans.reduce((sum, { work }) => sum + work, 0) * (COPY_WORK / 4));
    const calls: Call[] = [];
    let next = scratch + bytes * threads;
    const packed = matrices.map(({ at, row, column, depth, columns }, i) => {
      const { size, kept, missing, work } = plans[i] as (typeof plans)[number];
      const out = kept ? kept.address : size > 0 ? next : 0;
      for (const [from, to] of work > 0 ? cut(columns, parts, COLUMN_UNIT) : []) {
        calls.push(["pack", at + from * column, row, column, depth, to - from, out + from * depth * 4]);
      }
      next += missing;
      return out;
    });
    team.run(calls, 0);
    return { scratch, bytes, packed, near: next };
  }

  /** Addresses and codes that the forward runs of all cells take; G blocks of gates. */
  function forwardOf(run: RecurrentForward, G: number) {
    const { T, B, I, H } = run;
    const N = G * H;
    const batch = cut(B, team.partsFor(T * B * N * (I + H)));
    const smallestPart = Math.floor(B / Math.max(1, batch.length));
    const keep = run.gates !== null;
    return {
      N,
      keep,
      near: keep ? 0 : Math.min(T, wasm.chunkSteps(smallestPart, N)) * B * N,
      kernelKept: keep ? null : run.kernel,
      recurrentKept: keep ? null : run.recurrentKernel,
      x: memory.input(run.x, T * B * I),
      kernel: memory.input(run.kernel, I * N),
      recurrentKernel: memory.input(run.recurrentKernel, H * N),
      bias: memory.optionalInput(run.bias, N),
      mask: memory.optionalInput(run.mask, T * B),
      gates: memory.optionalOutput(run.gates, T * B * N),
      hidden: memory.output(run.hidden, (T + 1) * B * H),
      activation: code(run.activation),
      recurrentActivation: code(run.recurrentActivation),
      threads: team.shares(T * B * N * (I + H)) ? team.most : 1,
      batch,
    };
  }

  /** The same for the way back. */
  function backwardOf(run: RecurrentBackward, G: number) {
    const { T, B, I, H } = run;
    const N = G * H;
    return {
      T,
      B,
      I,
      H,
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
      threads: team.shares(T * B * N * (I + H)) ? team.most : 1,
      batch: cut(B, team.partsFor(T * B * N * H)),
    };
  }

  type Backward = ReturnType<typeof backwardOf>;

  /** dx [T·B, I] = dGates · kernelᵀ by rows, when somebody asks. */
  function inputGradient({ dx, gates, kernel, T, B, I, N }: Backward, scratch: number): Call[] {
    if (dx === 0) return [];
    return cut(T * B, team.partsFor(T * B * I * N)).map(([from, to]) => {
      const [rows, out] = [gates + from * N * 4, dx + from * I * 4];
      return ["multiply", rows, N * 4, 4, kernel, 4, N * 4, out, I * 4, to - from, I, N, 0, scratch];
    });
  }

  /** What one weight gradient reads and writes; 0 for what it leaves out. */
  interface Gradient {
    readonly x: number;
    readonly hidden: number;
    readonly gates: number;
    readonly gatesRow: number;
    readonly dKernel: number;
    readonly dRecurrentKernel: number;
    readonly dBias: number;
    readonly columns: number;
  }

  /** Weight gradients by columns; see `weightGradients` in kernels/matmul.ts. */
  function weightGradients({ T, B, I, H, N, mask }: Backward, of: Gradient, scratch: number): Call[] {
    const blocks = Math.ceil(of.columns / COLUMN_BLOCK);
    const parts = team.partsFor(T * B * of.columns * (I + H));
    return cut(of.columns, parts > 1 ? Math.max(parts, blocks) : 1, COLUMN_UNIT).map(([from, to]) => {
      const [gates, dKernel, dRecurrent, dBias] = [of.gates, of.dKernel, of.dRecurrentKernel, of.dBias].map((at) =>
        at === 0 ? 0 : at + from * 4,
      ) as [number, number, number, number];
      const columns = [gates, of.gatesRow, dKernel, dRecurrent, N * 4, dBias] as const;
      return ["weightGradients", of.x, of.hidden, mask, ...columns, T * B, I, H, to - from, scratch];
    });
  }

  /** All gates at once, as LSTM and RNN have it. */
  function allGates({ x, hidden, gates, N, dKernel, dRecurrentKernel, dBias }: Backward): Gradient {
    return { x, hidden, gates, gatesRow: N * 4, dKernel, dRecurrentKernel, dBias, columns: N };
  }

  /** GRU: z and r, then the candidate; with reset after, its two products have gradients of their own. */
  function gruGradients(at: Backward, resetProduct: number, resetAfter: boolean, dRecurrentBias: number): Gradient[] {
    const { x, hidden, N, H, dBias } = at;
    const third = 2 * H * 4;
    const behind = (address: number): number => (address === 0 ? 0 : address + third);
    const gatesRow = N * 4;
    const zr = { ...allGates(at), dBias: dBias || dRecurrentBias, columns: 2 * H };
    const candidate = {
      ...{ x, hidden: resetProduct, gates: at.gates + third, gatesRow, columns: H },
      ...{ dKernel: at.dKernel + third, dRecurrentKernel: at.dRecurrentKernel + third, dBias: behind(dBias) },
    };
    if (!resetAfter) return [zr, candidate];
    return [
      zr,
      { ...candidate, hidden: 0, dRecurrentKernel: 0 },
      { ...candidate, x: 0, hidden, gates: resetProduct, gatesRow: H * 4, dKernel: 0, dBias: behind(dRecurrentBias) },
    ];
  }

  /** Units for each thread when a step's weights are too large for every part of a batch to read them; else null. */
  function unitsOf({ T, B, H }: RecurrentForward | RecurrentBackward, N: number): [from: number, to: number][] | null {
    const parts = team.partsFor(T * B * N * H);
    return parts > 1 && H * N * 4 >= LARGE_WEIGHTS ? cut(H, parts, COLUMN_UNIT) : null;
  }

  /** Forward with the units cut among threads: the input products of a chunk of steps, then one job a step. */
  function lstmForwardByUnits(run: LstmForward, at: ReturnType<typeof forwardOf>, units: readonly [number, number][]): void {
    const { T, B, I, H } = run;
    const { N, x, kernel, recurrentKernel, bias, mask, hidden, keep } = at;
    const chunk = wasm.chunkSteps(B, N);
    const cells = memory.output(run.cells, keep ? (T + 1) * B * H : B * H);
    const { scratch, bytes, packed, near } = prepare(
      at.threads,
      0,
      [
        asStored(kernel, I, N, N, ROWS_WORTH_PACKING, at.kernelKept),
        ...[0, 1, 2, 3].map((k) => asStored(recurrentKernel + k * H * 4, H, H, N, ROWS_WORTH_PACKING)), // side by side
      ],
      keep ? 0 : Math.min(T, chunk) * B * N,
    );
    const [packedKernel = 0, firstBlock = 0, secondBlock = 0] = packed;
    const codes = [at.activation, at.recurrentActivation, Number(keep)];
    for (let start = 0; start < T; start += chunk) {
      const steps = Math.min(chunk, T - start);
      const gates = keep ? at.gates + start * B * N * 4 : near;
      const input = x + start * B * I * 4;
      const inputs = cut(steps * B, team.partsFor(steps * B * I * N)).map<Call>(([from, to]) => {
        return ["startSteps", input, I, packedKernel, kernel, bias, gates, N, 0, 1, steps * B, from, to, scratch];
      });
      team.run(inputs, bytes);
      for (let k = 0; k < steps; k++) {
        const t = start + k;
        const step = [
          mask && mask + t * B * 4,
          gates + k * B * N * 4,
          hidden + t * B * H * 4,
          cells + (keep ? t * B * H * 4 : 0),
        ];
        const weights = [firstBlock, secondBlock - firstBlock];
        team.run(
          units.map(([from, to]) => ["lstmForwardUnits", ...weights, ...step, B, H, from, to, ...codes, scratch]),
          bytes,
        );
      }
    }
  }

  return {
    lstmForward(run) {
      const { T, B, I, H } = run;
      const at = forwardOf(run, 4);
      const units = unitsOf(run, at.N);
      if (units) return lstmForwardByUnits(run, at, units);
      const cells = memory.output(run.cells, at.keep ? (T + 1) * B * H : B * H);
      const matrices = [
        asStored(at.kernel, I, at.N, at.N, T * B, at.kernelKept),
        asStored(at.recurrentKernel, H, at.N, at.N, B, at.recurrentKept),
      ];
      const { scratch, bytes, packed, near } = prepare(at.threads, 0, matrices, at.near);
      const outputs = [at.gates || near, at.hidden, cells];
      const arrays = [at.x, at.kernel, at.recurrentKernel, ...packed, at.bias, at.mask, ...outputs];
      const codes = [at.activation, at.recurrentActivation, Number(at.keep)];
      const calls = at.batch.map<Call>(([first, last]) => ["lstmForward", ...arrays, T, B, I, H, first, last, ...codes, scratch]);
      team.run(calls, bytes);
    },

    lstmBackward(run) {
      const { T, B, H } = run;
      const at = backwardOf(run, 4);
      const cells = memory.input(run.cells, (T + 1) * B * H);
      const dLastCell = memory.optionalInput(run.dLastCell, B * H);
      const dInitialCell = memory.output(run.dInitialCell, B * H);
      const { scratch, bytes, packed } = prepare(at.threads, 0, [transposed(at.recurrentKernel, at.N, H, at.N)]);
      const gradients = [at.dHidden, at.dLastHidden, dLastCell, at.dInitialHidden, dInitialCell];
      const arrays = [...packed, at.mask, at.gates, cells, ...gradients];
      const codes = [at.activation, at.recurrentActivation];
      const back = (steps: number, [first, last]: readonly [number, number]): Call => {
        return ["lstmBackward", ...arrays, steps, B, H, first, last, ...codes, scratch];
      };
      const units = unitsOf(run, at.N);
      if (units) {
        team.run([back(0, [0, B])], bytes); // no step: only the gradients of the last state
        const rest = [...packed, at.mask, at.gates, cells, at.dHidden, at.dInitialHidden, dInitialCell];
        for (let t = T - 1; t >= -1; t--) {
          const calls = units.map<Call>(([from, to]) => ["lstmBackwardUnits", ...rest, t, T, B, H, from, to, ...codes, scratch]);
          team.run(calls, bytes);
        }
      } else {
        team.run(
          at.batch.map((part) => back(T, part)),
          bytes,
        );
      }
      team.run([...inputGradient(at, scratch), ...weightGradients(at, allGates(at), scratch)], bytes);
    },

    gruForward(run) {
      const { T, B, I, H } = run;
      const at = forwardOf(run, 3);
      const recurrentBias = memory.optionalInput(run.recurrentBias, at.N);
      const resetProduct = memory.output(run.resetProduct, at.keep ? T * B * H : B * H);
      const matrices = [
        asStored(at.kernel, I, at.N, at.N, T * B, at.kernelKept),
        asStored(at.recurrentKernel, H, 2 * H, at.N, B, at.recurrentKept),
        asStored(at.recurrentKernel + 8 * H, H, H, at.N, B, at.recurrentKept),
      ];
      const { scratch, bytes, packed, near } = prepare(at.threads, at.N, matrices, at.near);
      const weights = [at.kernel, at.recurrentKernel, ...packed, at.bias, recurrentBias];
      const arrays = [at.x, ...weights, at.mask, at.gates || near, at.hidden, resetProduct];
      const codes = [at.activation, at.recurrentActivation, Number(run.resetAfter), Number(at.keep)];
      const calls = at.batch.map<Call>(([first, last]) => ["gruForward", ...arrays, T, B, I, H, first, last, ...codes, scratch]);
      team.run(calls, bytes);
    },

    gruBackward(run) {
      const { T, B, H, resetAfter } = run;
      const at = backwardOf(run, 3);
      const resetProduct = memory.output(run.resetProduct, T * B * H);
      const dRecurrentBias = memory.optionalOutput(run.dRecurrentBias, at.N);
      const { scratch, bytes, packed } = prepare(at.threads, B * H, [
        transposed(at.recurrentKernel, 2 * H, H, at.N),
        transposed(at.recurrentKernel + 8 * H, H, H, at.N),
      ]);
      const arrays = [...packed, at.mask, at.gates, at.hidden, resetProduct, at.dHidden, at.dLastHidden, at.dInitialHidden];
      const codes = [at.activation, at.recurrentActivation, Number(resetAfter)];
      const calls = at.batch.map<Call>(([first, last]) => ["gruBackward", ...arrays, T, B, H, first, last, ...codes, scratch]);
      team.run(calls, bytes);
      const gradients = gruGradients(at, resetProduct, resetAfter, dRecurrentBias);
      team.run([...inputGradient(at, scratch), ...gradients.flatMap((of) => weightGradients(at, of, scratch))], bytes);
      if (at.dBias !== 0 && dRecurrentBias !== 0) memory.copyNumbers(at.dBias, dRecurrentBias, 2 * H);
    },

    rnnForward(run) {
      const { T, B, I, H } = run;
      const at = forwardOf(run, 1);
      const matrices = [
        asStored(at.kernel, I, H, H, T * B, at.kernelKept),
        asStored(at.recurrentKernel, H, H, H, B, at.recurrentKept),
      ];
      const { scratch, bytes, packed, near } = prepare(at.threads, 0, matrices, at.near);
      const arrays = [at.x, at.kernel, at.recurrentKernel, ...packed, at.bias, at.mask, at.gates || near, at.hidden];
      const codes = [at.activation, Number(at.keep)];
      const calls = at.batch.map<Call>(([first, last]) => ["rnnForward", ...arrays, T, B, I, H, first, last, ...codes, scratch]);
      team.run(calls, bytes);
    },

    rnnBackward(run) {
      const { T, B, H } = run;
      const at = backwardOf(run, 1);
      const { scratch, bytes, packed } = prepare(at.threads, 0, [transposed(at.recurrentKernel, H, H, H)]);
      const arrays = [...packed, at.mask, at.gates, at.dHidden, at.dLastHidden, at.dInitialHidden];
      const calls = at.batch.map<Call>(([first, last]) => [
        "rnnBackward",
        ...arrays,
        T,
        B,
        H,
        first,
        last,
        at.activation,
        scratch,
      ]);
      team.run(calls, bytes);
      team.run([...inputGradient(at, scratch), ...weightGradients(at, allGates(at), scratch)], bytes);
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
function asStored(
  at: number,
  depth: number,
  columns: number,
  width: number,
  rows: number,
  keptWith: Storage | null = null,
): Packing {
  return { at, row: width * 4, column: 4, depth, columns, rows, keptWith };
}

/** [depth, columns], stored [columns, depth] in rows of `width`; always worth packing. */
function transposed(at: number, depth: number, columns: number, width: number): Packing {
  return { at, row: 4, column: width * 4, depth, columns, rows: ROWS_WORTH_PACKING };
}
