import type { HostArray, Storage } from "../backend.ts";
import type { ActivationName } from "../kernels.ts";
import type { StepCall, StepKernels, StepMatrix } from "../step-kernels.ts";
import { roundWeights, type WeightType } from "../weight-types.ts";
import { UNARY_CODES } from "./elementwise.ts";
import type { WasmMemory } from "./memory.ts";
import { panelsOf } from "./panels.ts";
import type { RecurrentExports } from "./recurrent.ts";
import type { RowsExports } from "./rows.ts";

/** Takes byte addresses, sizes and codes; named one by one in kernels/streaming.ts. */
type Step = (...numbers: number[]) => void;

/** The kernels of streams. */
export interface StepExports
  extends Pick<RowsExports, "softmax" | "gatherRows" | "layerNormForward">,
    Pick<RecurrentExports, "productScratch" | "packedBytes"> {
  pack(b: number, bRow: number, bColumn: number, depth: number, columns: number, out: number): void;
  panelColumns(): number;
  panelGroup(): number;
  quantizedBytes(rows: number, K: number): number;
  linearStep: Step;
  lstmStep: Step;
  gruStep: Step;
  rnnStep: Step;
  addStep: Step;
  binaryMultiply: Step;
  binaryAdd: Step;
  placeStep: Step;
}

/** The codes of `type` in kernels/streaming.ts. */
const TYPE_CODES: Readonly<Record<WeightType, number>> = { float32: 0, float16: 1, bfloat16: 2, int8: 3 };
/** Float32 weights laid out for products with many rows; the results have the same bits. */
const PACKED = 4;
/** From so many rows on they are faster. */
const MANY_ROWS = 4;

/** Weights in panels, at an address that never changes. */
interface Panels extends StepMatrix {
  readonly storage: Storage;
  readonly at: number;
  /** Byte address of the scales; 0 unless int8. */
  readonly scales: number;
  readonly scaleStorage: Storage | null;
  readonly type: number;
}

/** Weights beyond this do not stay in a cache from step to step. */
const CACHED_BYTES = 4 * 2 ** 20;

/**
 * Weights that a cache may keep are read first panel to last and last to first in turns, so that a step begins with what the one
 * before has left there; larger ones always forwards, as memory is read fastest.
 */
class WasmCall implements StepCall {
  readonly holds: readonly unknown[];
  private readonly call: (rows: number, backwards: number) => void;
  private readonly turns: boolean;
  private backwards = 0;

  constructor(call: (rows: number, backwards: number) => void, weights: readonly Panels[], holds: readonly unknown[]) {
    this.call = call;
    this.holds = [...weights, ...holds];
    this.turns = weights.reduce((bytes, { storage }) => bytes + storage.length * 4, 0) <= CACHED_BYTES;
  }

  readonly run = (rows: number): void => {
    this.call(rows, this.backwards);
    if (this.turns) this.backwards = 1 - this.backwards;
  };
}

/**
 * One wasm call a layer. Everything lies in persistent storage, whose addresses are found once; each call holds its storages,
 * so they live as long as it does.
 */
export function wasmSteps(memory: WasmMemory, wasm: StepExports): StepKernels {
  const width = wasm.panelColumns();
  const group = wasm.panelGroup();
  const padded = (n: number): number => Math.ceil(n / width) * width;
  const address = (storage: Storage): number => memory.input(storage, storage.length);
  const numbers = (storage: Storage): Float32Array => new Float32Array(memory.wasm.buffer, address(storage), storage.length);
  const panels = (matrix: StepMatrix): Panels => matrix as Panels;

  /** Persistent numbers, the given ones first. */
  function constant(values: HostArray, length: number = values.length): Storage {
    const storage = memory.allocatePersistent(length);
    memory.write(storage, values);
    return storage;
  }
  /** A bias for whole panels; zeros when there is none. */
  const biasOf = (bias: HostArray | null, N: number): Storage => constant(bias ?? new Float32Array(0), padded(N));
  function packed(weights: HostArray, K: number, N: number): Panels {
    const plain = constant(weights);
    const storage = memory.allocatePersistent(wasm.packedBytes(K, N) / 4);
    const at = address(storage);
    wasm.pack(address(plain), N * 4, 4, K, N, at);
    return { K, N, storage, at, scaleStorage: null, scales: 0, type: PACKED };
  }
  /** Room for the sums of `capacity` rows. */
  const sums = (N: number, capacity: number): Storage => memory.allocatePersistent(capacity * padded(N));
  /** Working memory of the products: whole numbers, or the tiles of packed products. */
  function scratchFor(capacity: number, matrices: readonly Panels[]): Storage {
    const { type } = matrices[0] as Panels;
    const whole = matrices.reduce((sum, { K }) => sum + wasm.quantizedBytes(capacity, K), 0);
    const bytes = type === PACKED ? wasm.productScratch() : type === TYPE_CODES.int8 ? whole : 0;
    return memory.allocatePersistent(Math.ceil(bytes / 4));
  }
  return {
    numbers,

    matrix(weights, K, N, type, capacity): Panels {
      if (type === "float32" && capacity >= MANY_ROWS) return packed(weights, K, N);
      const rounded = roundWeights(weights, N, type);
      const laid = panelsOf(rounded, K, N, { width, group });
      const storage = memory.allocatePersistent(Math.ceil(laid.byteLength / 4));
      const at = address(storage);
      new Uint8Array(memory.wasm.buffer, at, laid.byteLength).set(new Uint8Array(laid.buffer, laid.byteOffset, laid.byteLength));
      const scaleStorage = rounded.scales && constant(rounded.scales, padded(N));
      return { K, N, storage, at, scaleStorage, scales: scaleStorage ? address(scaleStorage) : 0, type: TYPE_CODES[type] };
    },

    linear(x, weights, bias, out, capacity) {
      const W = panels(weights);
      const [start, z, scratch] = [biasOf(bias, W.N), sums(W.N, capacity), scratchFor(capacity, [W])];
      const [xAt, startAt, zAt, outAt, scratchAt] = [x, start, z, out, scratch].map(address) as [
        number,
        number,
        number,
        number,
        number,
      ];
      return new WasmCall(
        (rows, backwards) =>
          wasm.linearStep(W.type, xAt, W.K, W.at, W.scales, startAt, zAt, outAt, W.N, rows, backwards, scratchAt),
        [W],
        [x, start, z, out, scratch],
      );
    },

    lstm({ x, kernel, recurrentKernel, bias, hidden, cell, activation, recurrentActivation }, capacity) {
      const [W, R] = [panels(kernel), panels(recurrentKernel)];
      const H = R.K;
      const [start, z, scratch] = [biasOf(bias, W.N), sums(W.N, capacity), scratchFor(capacity, [W, R])];
      const [xAt, startAt, zAt, scratchAt] = [x, start, z, scratch].map(address) as [number, number, number, number];
      const [hAt, cAt] = [address(hidden), address(cell)];
      const [act, gate] = [UNARY_CODES[activation], UNARY_CODES[recurrentActivation]];
      return new WasmCall(
        (rows, backwards) =>
          // biome-ignore format: the order of kernels/streaming.ts
          wasm.lstmStep(
            W.type, xAt, W.K, W.at, W.scales, R.at, R.scales, startAt, zAt, hAt, cAt, H, act, gate, rows, backwards, scratchAt,
          ),
        [W, R],
        [x, start, z, hidden, cell, scratch],
      );
    },

    gru(step, capacity) {
      const { x, hidden, activation, recurrentActivation, bias, recurrentBias } = step;
      const after = step.resetAfter ? 1 : 0;
      const [W, R, C] = [panels(step.kernel), panels(step.gateKernel), panels(step.candidateKernel)];
      const H = C.K;
      const joined = Float32Array.from(
        { length: 3 * H },
        (_, k) => (bias?.[k] ?? 0) + (k < 2 * H ? (recurrentBias?.[k] ?? 0) : 0),
      );
      const [start, candidateStart] = [biasOf(joined, 3 * H), biasOf(recurrentBias?.slice(2 * H) ?? null, H)];
      const [z, p, reset] = [sums(3 * H, capacity), sums(H, capacity), memory.allocatePersistent(capacity * H)];
      const scratch = scratchFor(capacity, [W, R, C]);
      const [xAt, startAt, candidateAt, zAt] = [x, start, candidateStart, z].map(address) as [number, number, number, number];
      const [pAt, hAt, resetAt, scratchAt] = [p, hidden, reset, scratch].map(address) as [number, number, number, number];
      const [act, gate] = [UNARY_CODES[activation], UNARY_CODES[recurrentActivation]];
      return new WasmCall(
        (rows, backwards) =>
          // biome-ignore format: the order of kernels/streaming.ts
          wasm.gruStep(
            W.type, xAt, W.K, W.at, W.scales, R.at, R.scales, C.at, C.scales, startAt, candidateAt, after,
            zAt, pAt, hAt, resetAt, H, act, gate, rows, backwards, scratchAt,
          ),
        [W, R, C],
        [x, start, candidateStart, z, p, hidden, reset, scratch],
      );
    },

    rnn({ x, kernel, recurrentKernel, bias, hidden, activation }, capacity) {
      const [W, R] = [panels(kernel), panels(recurrentKernel)];
      const H = R.K;
      const [start, z, scratch] = [biasOf(bias, H), sums(H, capacity), scratchFor(capacity, [W, R])];
      const [xAt, startAt, zAt, scratchAt] = [x, start, z, scratch].map(address) as [number, number, number, number];
      const hAt = address(hidden);
      const act = UNARY_CODES[activation];
      return new WasmCall(
        (rows, backwards) =>
          wasm.rnnStep(W.type, xAt, W.K, W.at, W.scales, R.at, R.scales, startAt, zAt, hAt, H, act, rows, backwards, scratchAt),
        [W, R],
        [x, start, z, hidden, scratch],
      );
    },

    activate(name, x, out, count) {
      const kernel = unaryOf(wasm, name);
      const [xAt, outAt] = [address(x), address(out)];
      return new WasmCall((rows) => kernel(xAt, outAt, rows * count), [], [x, out]);
    },

    softmax(x, out, count, n) {
      const [xAt, outAt] = [address(x), address(out)];
      return new WasmCall((rows) => wasm.softmax(xAt, outAt, (rows * count) / n, n), [], [x, out]);
    },

    layerNorm(x, scale, shift, epsilon, out, count, n, capacity) {
      const [gamma, beta] = [scale && constant(scale), shift && constant(shift)];
      const [normalized, inverseStd] = [
        memory.allocatePersistent(capacity * count),
        memory.allocatePersistent((capacity * count) / n),
      ];
      const [xAt, outAt, normalizedAt, inverseAt] = [x, out, normalized, inverseStd].map(address) as [
        number,
        number,
        number,
        number,
      ];
      const [gammaAt, betaAt] = [gamma ? address(gamma) : 0, beta ? address(beta) : 0];
      return new WasmCall(
        (rows) => wasm.layerNormForward(xAt, gammaAt, betaAt, epsilon, outAt, normalizedAt, inverseAt, (rows * count) / n, n),
        [],
        [x, gamma, beta, out, normalized, inverseStd],
      );
    },

    affine(x, scale, shift, out, count) {
      const n = scale.length;
      const [factors, shifts] = [constant(scale), constant(shift)];
      const [xAt, factorsAt, shiftsAt, outAt] = [x, factors, shifts, out].map(address) as [number, number, number, number];
      return new WasmCall(
        (rows) => {
          const vectors = (rows * count) / n;
          wasm.binaryMultiply(xAt, n * 4, 4, factorsAt, 0, 4, outAt, vectors, n);
          wasm.binaryAdd(outAt, n * 4, 4, shiftsAt, 0, 4, outAt, vectors, n);
        },
        [],
        [x, factors, shifts, out],
      );
    },

    gather(table, D, x, out, count) {
      const vectors = constant(table);
      const [tableAt, xAt, outAt] = [address(vectors), address(x), address(out)];
      return new WasmCall((rows) => wasm.gatherRows(tableAt, xAt, outAt, rows * count, D), [], [vectors, x, out]);
    },

    add(a, b, out, count) {
      const [aAt, bAt, outAt] = [address(a), address(b), address(out)];
      return new WasmCall((rows) => wasm.addStep(aAt, bAt, outAt, rows * count), [], [a, b, out]);
    },

    place(x, count, out, outWidth, offset) {
      const [xAt, outAt] = [address(x), address(out) + offset * 4];
      return new WasmCall((rows) => wasm.placeStep(xAt, count, outAt, outWidth, rows), [], [x, out]);
    },
  };
}

function unaryOf(wasm: StepExports, name: ActivationName): (x: number, out: number, n: number) => void {
  const exported = wasm as unknown as Readonly<Record<string, (x: number, out: number, n: number) => void>>;
  return exported[`unary${name[0]?.toUpperCase()}${name.slice(1)}`] as (x: number, out: number, n: number) => void;
}
