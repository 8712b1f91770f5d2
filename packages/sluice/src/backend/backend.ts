import type { Kernels } from "./kernels.ts";
import type { StepKernels } from "./step-kernels.ts";

/** The backends there are, or will be. */
export type BackendName = "reference" | "wasm" | "webgpu";

/** A run of numbers on one backend. Where they live is the backend's business; callers hold it and pass it on. */
export interface Storage {
  readonly length: number;
}

/** Host-side numbers in a backend's precision: Float64Array for `reference`, Float32Array for the others. */
export type HostArray = Float32Array | Float64Array;

/** What a backend holds, in bytes. */
export interface MemoryReport {
  readonly backend: BackendName;
  /** Bytes of parameters, optimizer slots and other storage that outlives a step. */
  readonly persistentBytes: number;
  /** Bytes in use by the step that is running now; 0 between steps. */
  readonly stepBytes: number;
  /** Most bytes any one step has used. */
  readonly peakStepBytes: number;
  /** Bytes the backend has reserved from the system. */
  readonly reservedBytes: number;
}

/**
 * Where numbers live and who computes with them. Three implementations: `reference` (float64, plain TypeScript,
 * the definition), `wasm` (float32 SIMD) and, in time, `webgpu`. Every kernel call is an order, nothing is read back
 * inside one, so a backend may run asynchronously; only `read` and `readSync` wait for results.
 *
 * Memory has three kinds:
 * - **host**: `upload` keeps numbers in a plain typed array that the garbage collector owns;
 * - **step**: `allocate` takes from the arena of the step that is running, and the end of the step gives all of it back;
 * - **persistent**: `allocatePersistent` lives until its `Storage` object is garbage-collected.
 */
export interface Backend {
  readonly name: BackendName;
  readonly precision: "float32" | "float64";
  /** Which build of the kernels is running, for example "simd" or "relaxed"; "plain" for `reference`. */
  readonly variant: string;
  readonly kernels: Kernels;
  /** Kernels of streaming inference. */
  readonly steps: StepKernels;

  /** Whether a step's arena is open. */
  readonly inStep: boolean;
  /** Opens the arena, runs `run`, gives the arena back. Nested calls join the outer step. `run` must be synchronous. */
  step<T>(run: () => T): T;
  /**
   * A part of a step: what `run` allocates is given back when it ends, also to the step that goes on, so that long work can be
   * done piece by piece in the memory of one piece. Results leave by copies into storage allocated before. Outside a step it
   * is a step.
   */
  scope<T>(run: () => T): T;

  /** Storage of the running step, not initialised. @throws {StateError} outside a step. */
  allocate(length: number): Storage;
  /** Zeroed storage that outlives steps: parameters, optimizer slots, carried state. */
  allocatePersistent(length: number): Storage;
  /** A constant from the host; the numbers are copied, so later changes to `data` do not show. */
  upload(data: ArrayLike<number>): Storage;

  /** Copies `data` into `storage` from element `offset` on. */
  write(storage: Storage, data: ArrayLike<number>, offset?: number): void;
  /** A copy of the numbers, once they are computed. @throws {StateError} when the storage's step has ended. */
  read(storage: Storage): Promise<HostArray>;
  /** The same at once; CPU backends only. @throws {StateError} on a backend that computes asynchronously. */
  readSync(storage: Storage): HostArray;

  memory(): MemoryReport;
}
