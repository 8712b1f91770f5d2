import { StateError, ValueError } from "../../errors.ts";
import type { Backend, HostArray, MemoryReport, Storage } from "../backend.ts";
import type { Kernels } from "../kernels.ts";
import type { StepKernels } from "../step-kernels.ts";
import { crossEntropy, crossEntropyGradient } from "./cross-entropy.ts";
import { dropoutMask } from "./dropout.ts";
import { binary, copy, select, unary, unaryGradient } from "./elementwise.ts";
import { gruBackward, gruForward } from "./gru.ts";
import { matmul } from "./linear-algebra.ts";
import { lstmBackward, lstmForward } from "./lstm.ts";
import { layerNormBackward, layerNormForward } from "./norm.ts";
import type { OnArrays } from "./recurrent.ts";
import { reduce } from "./reduce.ts";
import { rnnBackward, rnnForward } from "./rnn.ts";
import { gatherRows, scatterAddRows } from "./rows.ts";
import { softmax, softmaxGradient } from "./softmax.ts";
import { referenceSteps } from "./step-kernels.ts";
import { UPDATES } from "./update.ts";

/** Numbers of the reference backend, made in the step or scope of that number; null outlives them all. */
class ReferenceStorage implements Storage {
  readonly values: Float64Array;
  readonly scope: number | null;

  constructor(values: Float64Array, scope: number | null) {
    this.values = values;
    this.scope = scope;
  }

  get length(): number {
    return this.values.length;
  }
}

/**
 * The backend that defines the others: float64, plain TypeScript, one readable loop a kernel. Slow; for gradient checks and
 * as the second opinion of every law. Storage of a step starts as NaN, so a number read before it was written shows.
 */
class ReferenceBackend implements Backend {
  readonly name = "reference";
  readonly precision = "float64";
  readonly variant = "plain";
  readonly kernels: Kernels = kernelsOver((storage) => this.values(storage));
  readonly steps: StepKernels = referenceSteps(this, (storage) => this.values(storage));
  /** Numbers of the running step and of the scopes in it; no number comes twice. */
  private readonly running: number[] = [];
  private scopes = 0;
  private stepBytes = 0;
  private peakStepBytes = 0;
  private persistentBytes = 0;
  private readonly freed = new FinalizationRegistry<number>((bytes) => {
    this.persistentBytes -= bytes;
  });

  get inStep(): boolean {
    return this.running.length > 0;
  }

  step<T>(run: () => T): T {
    return this.inStep ? run() : this.scope(run);
  }

  scope<T>(run: () => T): T {
    const bytesBefore = this.stepBytes;
    this.running.push(++this.scopes);
    try {
      return run();
    } finally {
      this.running.pop();
      this.stepBytes = bytesBefore;
    }
  }

  allocate(length: number): Storage {
    if (!this.inStep) {
      throw new StateError(
        `Cannot allocate ${length} numbers of step memory: no step is running. ` +
          "Wrap the work in backend.step(() => …), or use allocatePersistent for storage that outlives steps.",
      );
    }
    const storage = new ReferenceStorage(new Float64Array(length).fill(Number.NaN), this.running.at(-1) ?? null);
    this.stepBytes += storage.values.byteLength;
    this.peakStepBytes = Math.max(this.peakStepBytes, this.stepBytes);
    return storage;
  }

  allocatePersistent(length: number): Storage {
    const storage = new ReferenceStorage(new Float64Array(length), null);
    const { byteLength } = storage.values;
    this.persistentBytes += byteLength;
    this.freed.register(storage, byteLength);
    return storage;
  }

  upload(data: ArrayLike<number>): Storage {
    return new ReferenceStorage(Float64Array.from(data), null);
  }

  write(storage: Storage, data: ArrayLike<number>, offset = 0): void {
    this.values(storage).set(data, offset);
  }

  async read(storage: Storage): Promise<HostArray> {
    return this.readSync(storage);
  }

  readSync(storage: Storage): HostArray {
    return this.values(storage).slice();
  }

  memory(): MemoryReport {
    const { name: backend, persistentBytes, stepBytes, peakStepBytes } = this;
    return { backend, persistentBytes, stepBytes, peakStepBytes, reservedBytes: persistentBytes + stepBytes };
  }

  /** The numbers behind a storage, if it is ours and alive. */
  private values(storage: Storage): Float64Array {
    if (!(storage instanceof ReferenceStorage)) {
      throw new ValueError(
        `Cannot use this storage of ${storage.length} numbers on the reference backend: another backend made it. ` +
          "Read it there, then upload the numbers here.",
      );
    }
    if (storage.scope !== null && !this.running.includes(storage.scope)) {
      throw new StateError(
        `Cannot use this storage of ${storage.length} numbers: it was made inside a step that has ended; return it from the step, ` +
          "or keep it in storage made by allocatePersistent.",
      );
    }
    return storage.values;
  }
}

/** The kernels over storages, made from the plain functions over arrays; `of` finds a storage's numbers. */
function kernelsOver(of: (storage: Storage) => HostArray): Kernels {
  const orNull = (storage: Storage | null): HostArray | null => storage && of(storage);
  /** The fused kernels take one object: its storages become arrays, its sizes, names and nulls stay. */
  const onArrays = <Run extends object>(run: Run): OnArrays<Run> =>
    Object.fromEntries(
      Object.entries(run).map(([key, value]) => [
        key,
        typeof value === "object" && value !== null ? of(value as Storage) : value,
      ]),
    ) as OnArrays<Run>;
  return {
    fill: (out, value) => void of(out).fill(value),
    copy: (x, xView, out, outView, shape, accumulate) => copy(of(x), xView, of(out), outView, shape, accumulate),
    unary: (name, x, out) => unary(name, of(x), of(out)),
    unaryGradient: (name, x, y, dy, dx) => unaryGradient(name, of(x), of(y), of(dy), of(dx)),
    binary: (name, a, aStrides, b, bStrides, out, shape) => binary(name, of(a), aStrides, of(b), bStrides, of(out), shape),
    select: (condition, a, b, out) => select(of(condition), of(a), of(b), of(out)),
    reduce: (name, x, out, outer, n, inner) => reduce(name, of(x), of(out), outer, n, inner),
    matmul: (a, b, out, spec) => matmul(of(a), of(b), of(out), spec),
    softmax: (x, out, rows, n, log) => softmax(of(x), of(out), rows, n, log),
    softmaxGradient: (y, dy, dx, rows, n, log) => softmaxGradient(of(y), of(dy), of(dx), rows, n, log),
    crossEntropy: (x, labels, losses, maxima, sums, rows, n) =>
      crossEntropy(of(x), of(labels), of(losses), of(maxima), of(sums), rows, n),
    crossEntropyGradient: (x, labels, maxima, sums, dLosses, dx, rows, n) =>
      crossEntropyGradient(of(x), of(labels), of(maxima), of(sums), of(dLosses), of(dx), rows, n),
    gatherRows: (table, indices, out, count, width) => gatherRows(of(table), of(indices), of(out), count, width),
    scatterAddRows: (dy, indices, dTable, count, width) => scatterAddRows(of(dy), of(indices), of(dTable), count, width),
    layerNormForward: (x, scale, shift, epsilon, y, normalized, inverseStd, rows, n) =>
      layerNormForward(of(x), orNull(scale), orNull(shift), epsilon, of(y), of(normalized), of(inverseStd), rows, n),
    layerNormBackward: (normalized, inverseStd, scale, dy, dx, dScale, dShift, rows, n) =>
      layerNormBackward(of(normalized), of(inverseStd), orNull(scale), of(dy), of(dx), orNull(dScale), orNull(dShift), rows, n),
    dropoutMask: (out, rate, key) => dropoutMask(of(out), rate, key),
    lstmForward: (run) => lstmForward(onArrays(run)),
    lstmBackward: (run) => lstmBackward(onArrays(run)),
    gruForward: (run) => gruForward(onArrays(run)),
    gruBackward: (run) => gruBackward(onArrays(run)),
    rnnForward: (run) => rnnForward(onArrays(run)),
    rnnBackward: (run) => rnnBackward(onArrays(run)),
    update: (rule, parameter, gradient, slots, hyper) => UPDATES[rule](of(parameter), of(gradient), slots.map(of), hyper),
  };
}

/**
 * The float64 backend in plain TypeScript: exact enough for gradient checks, the same on every host, and slow.
 * @example
 * const backend = createReferenceBackend();
 * const y = backend.step(() => {
 *   const out = backend.allocate(2);
 *   backend.kernels.unary("square", backend.upload([2, 3]), out);
 *   return backend.readSync(out);
 * }); // Float64Array [4, 9]
 */
export function createReferenceBackend(): Backend {
  return new ReferenceBackend();
}
