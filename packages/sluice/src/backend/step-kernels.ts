import type { Backend, HostArray, Storage } from "./backend.ts";
import type { ActivationName, GateActivationName } from "./kernels.ts";
import type { WeightType } from "./weight-types.ts";

/**
 * Work of one time step, prepared once: addresses are found, weights laid out and working memory taken, so that `run` allocates
 * nothing. It works on the first `rows` rows; a row of the result has the same bits whichever rows stand beside it.
 */
export interface StepCall {
  readonly run: (rows: number) => void;
  /** Storages that must live as long as the call. */
  readonly holds: readonly unknown[];
}

/** Constant weights [K, N], laid out for products with few rows. Only the backend that made it looks inside. */
export interface StepMatrix {
  readonly K: number;
  readonly N: number;
}

/** What the steps of recurrent layers share. Biases and states as in `RecurrentForward`, weights by `matrix`. */
export interface RecurrentStep {
  readonly x: Storage; //                 [capacity, I]
  readonly kernel: StepMatrix; //         [I, G·H]
  readonly bias: HostArray | null; //     [G·H]
  readonly hidden: Storage; //            [capacity, H], replaced in place
  readonly activation: GateActivationName;
}
/** One LSTM step. */
export interface LstmStep extends RecurrentStep {
  readonly recurrentKernel: StepMatrix; // [H, 4H]
  readonly recurrentActivation: GateActivationName;
  readonly cell: Storage; //              [capacity, H], replaced in place
}
/** One GRU step. */
export interface GruStep extends RecurrentStep {
  readonly gateKernel: StepMatrix; //      [H, 2H], blocks z r of the recurrent kernel
  readonly candidateKernel: StepMatrix; // [H, H], block h
  readonly recurrentActivation: GateActivationName;
  readonly resetAfter: boolean;
  readonly recurrentBias: HostArray | null; // [3H], only with resetAfter
}
/** One step of a simple RNN. */
export interface RnnStep extends RecurrentStep {
  readonly recurrentKernel: StepMatrix; // [H, H]
}

/** What a streamed model needs of a backend. */
export type StepBackend = Pick<Backend, "allocatePersistent" | "steps">;

/** The kernels of streaming inference: persistent storages in, calls out. `capacity` is the largest number of rows. */
export interface StepKernels {
  /** The numbers of a persistent storage themselves, not a copy. When its length has become 0 the memory has moved: ask again. */
  numbers(storage: Storage): HostArray;

  /** Lays out weights [K, N] for up to `capacity` rows. They are rounded to `type`, and products use the rounded numbers. */
  matrix(weights: HostArray, K: number, N: number, type: WeightType, capacity: number): StepMatrix;

  /** out [rows, N] = x [rows, K] W + bias. */
  linear(x: Storage, weights: StepMatrix, bias: HostArray | null, out: Storage, capacity: number): StepCall;
  lstm(step: LstmStep, capacity: number): StepCall;
  gru(step: GruStep, capacity: number): StepCall;
  rnn(step: RnnStep, capacity: number): StepCall;

  /** out = f(x), `width` numbers a row. */
  activate(name: ActivationName, x: Storage, out: Storage, width: number): StepCall;
  /** Over each n numbers of a row of `width`. */
  softmax(x: Storage, out: Storage, width: number, n: number): StepCall;
  layerNorm(
    x: Storage,
    scale: HostArray | null,
    shift: HostArray | null,
    epsilon: number,
    out: Storage,
    width: number,
    n: number,
    capacity: number,
  ): StepCall;
  /** out = x ⊙ scale + shift, for each vector of x as long as they are. */
  affine(x: Storage, scale: HostArray, shift: HostArray, out: Storage, width: number): StepCall;
  /** out = the vectors of table [V, D] for the `width` indices of each row, which the caller has checked. */
  gather(table: HostArray, D: number, x: Storage, out: Storage, width: number): StepCall;
  /** out = a + b. */
  add(a: Storage, b: Storage, out: Storage, width: number): StepCall;
  /** Row by row, x [width] into out [outWidth] from `offset` on. */
  place(x: Storage, width: number, out: Storage, outWidth: number, offset: number): StepCall;
}
