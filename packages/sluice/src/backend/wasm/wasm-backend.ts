import { StateError } from "../../errors.ts";
import type { Backend, MemoryReport, Storage } from "../backend.ts";
import type { Kernels } from "../kernels.ts";
import type { StepKernels } from "../step-kernels.ts";
import { type CopyExports, copyKernels } from "./copy.ts";
import { type DropoutExports, dropoutKernels } from "./dropout.ts";
import { type ElementwiseExports, elementwiseKernels } from "./elementwise.ts";
import { chooseThreads, whyNoThreads } from "./host.ts";
import { type MatmulExports, matmulKernels } from "./matmul.ts";
import { WasmMemory } from "./memory.ts";
import { compileKernels, isLoaded, type WasmVariant } from "./module.ts";
import { type RecurrentExports, recurrentKernels } from "./recurrent.ts";
import { type RowsExports, rowsKernels } from "./rows.ts";
import { selfTest } from "./self-test.ts";
import { type StepExports, wasmSteps } from "./step-kernels.ts";
import { ThreadPool } from "./threads/pool.ts";
import { Alone, type Team, type WasmFunctions } from "./threads/team.ts";
import { updateKernels } from "./update.ts";

export type { WasmVariant };

/** What the module exports, topic by topic. Pointers are byte addresses, sizes count elements. */
interface WasmExports
  extends ElementwiseExports,
    CopyExports,
    RowsExports,
    DropoutExports,
    MatmulExports,
    RecurrentExports,
    StepExports {}

/** Options of `wasmBackend`. */
export interface WasmBackendOptions {
  /** Which build of the kernels; by default the first of "relaxed" and "simd" that passes its self-test on this engine. */
  readonly variant?: WasmVariant;
  /** Threads that share large work, the caller's included; by default SLUICE_THREADS, or one for each core, at most 8. */
  readonly threads?: number;
  /** Least work of one thread, in multiply-adds; by default about a million. */
  readonly leastWork?: number;
  /** Why this variant; goes into the report. */
  readonly variantReason?: string;
  /** Variants tried before; they go into the report. */
  readonly rejected?: readonly RejectedVariant[];
}

/** A build that does not run here, and what kept it from running. */
export interface RejectedVariant {
  readonly variant: WasmVariant;
  readonly reason: string;
}

/** What runs, and why. */
export interface WasmReport {
  readonly variant: WasmVariant;
  readonly variantReason: string;
  /** Variants that were tried first. */
  readonly rejected: readonly RejectedVariant[];
  /** Threads that may share large work, the caller's included; 1 where the host allows no more. */
  readonly threads: number;
  readonly threadsReason: string;
  /** Threads that are up now: workers start with the first large work, or with `ready`. */
  readonly threadsRunning: number;
  /** Time to hand an empty call to every thread and to have them all back, the median; null until `ready` has measured it. */
  readonly forkJoinUs: number | null;
}

/** The backend with what the wasm build alone can tell and do. */
export interface WasmBackend extends Backend {
  report(): WasmReport;
  /** Starts the workers that otherwise start with the first large work, and measures how long handing work over takes. */
  ready(): Promise<void>;
  /** Runs a check on the new backend that leaves no trace in `memory()`. */
  trial<R>(run: (backend: Backend) => R): R;
  /** Ends the workers. The backend goes on computing, the same bits, on the calling thread alone. */
  shutdown(): void;
}

/** "wide" is slower than "relaxed" on an engine that does not re-vectorise, so it runs only where it is asked for. */
const DEFAULT_ORDER: readonly WasmVariant[] = ["relaxed", "simd"];
const DEFAULT_REASONS: Readonly<Record<WasmVariant, string>> = {
  relaxed: "fused multiply-add runs here",
  simd: "it runs on every engine with SIMD",
  wide: "asked for",
};

/** What `createWasmBackend` has decided. */
interface Decision {
  readonly variant: WasmVariant;
  readonly variantReason: string;
  readonly rejected: readonly RejectedVariant[];
  readonly threadsReason: string;
}

class EmbeddedWasmBackend implements WasmBackend {
  readonly name = "wasm";
  readonly precision = "float32";
  readonly kernels: Kernels;
  readonly steps: StepKernels;
  private readonly storages: WasmMemory;
  private readonly decision: Decision;
  private readonly pool: ThreadPool | null;
  private forkJoinUs: number | null = null;

  constructor(
    storages: WasmMemory,
    module: WebAssembly.Module,
    decision: Decision,
    threads: number,
    leastWork: number | undefined,
  ) {
    this.storages = storages;
    this.decision = decision;
    const { exports } = new WebAssembly.Instance(module, { env: { memory: storages.wasm } });
    const functions = exports as WasmFunctions;
    this.pool = threads > 1 ? new ThreadPool(threads, module, storages.wasm, functions, leastWork) : null;
    const exported = exports as unknown as WasmExports;
    this.kernels = kernelsOf(storages, exported, this.pool ?? new Alone(functions));
    this.steps = wasmSteps(storages, exported);
  }

  get variant(): WasmVariant {
    return this.decision.variant;
  }

  trial<R>(run: (backend: Backend) => R): R {
    return this.storages.trial(() => run(this));
  }

  get inStep(): boolean {
    return this.storages.inStep;
  }

  step<T>(run: () => T): T {
    return this.storages.step(run);
  }

  scope<T>(run: () => T): T {
    return this.storages.scope(run);
  }

  allocate(length: number): Storage {
    return this.storages.allocate(length);
  }

  allocatePersistent(length: number): Storage {
    return this.storages.allocatePersistent(length);
  }

  upload(data: ArrayLike<number>): Storage {
    return this.storages.upload(data);
  }

  write(storage: Storage, data: ArrayLike<number>, offset?: number): void {
    this.storages.write(storage, data, offset);
  }

  async read(storage: Storage): Promise<Float32Array> {
    return this.storages.readSync(storage);
  }

  readSync(storage: Storage): Float32Array {
    return this.storages.readSync(storage);
  }

  memory(): MemoryReport {
    return this.storages.report();
  }

  async ready(): Promise<void> {
    await this.pool?.ready();
    this.forkJoinUs = this.pool?.measureForkJoin() ?? null;
  }

  shutdown(): void {
    this.pool?.stop("the workers were shut down");
  }

  report(): WasmReport {
    const { variant, variantReason, rejected, threadsReason } = this.decision;
    const { pool, forkJoinUs } = this;
    return {
      ...{ variant, variantReason, rejected },
      threads: pool === null || pool.problem ? 1 : pool.most,
      threadsReason: pool?.problem ?? threadsReason,
      threadsRunning: pool?.running ?? 1,
      forkJoinUs,
    };
  }
}

function kernelsOf(memory: WasmMemory, wasm: WasmExports, team: Team): Kernels {
  const kernels: Kernels = {
    ...elementwiseKernels(memory, wasm, team),
    ...copyKernels(memory, wasm),
    ...rowsKernels(memory, wasm),
    ...dropoutKernels(memory, wasm),
    ...updateKernels(memory, team),
    ...matmulKernels(memory, wasm, team),
    ...recurrentKernels(memory, wasm, team),
  };
  return inOwnStep(memory, kernels);
}

/** Each kernel, with a step of its own around it when none is running. */
function inOwnStep(memory: WasmMemory, kernels: Kernels): Kernels {
  const guarded = Object.entries(kernels).map(([name, kernel]: [string, (...args: never[]) => void]) => {
    const guard = (...args: never[]): void => (memory.inStep ? kernel(...args) : memory.step(() => kernel(...args)));
    return [name, guard];
  });
  return Object.fromEntries(guarded) as Kernels;
}

/**
 * The float32 backend: AssemblyScript kernels in one WebAssembly memory, on the calling thread and, for large work, on
 * workers beside it. Compiles synchronously, about ten milliseconds. Any number of threads gives the same bits; a host without
 * shared memory has one.
 * @throws {StateError} when no variant, or not the one asked for, runs rightly on this engine; the message says why.
 * @throws {ValueError} when `threads` or SLUICE_THREADS is no whole number from 1 to 64.
 * @example
 * const backend = createWasmBackend({ threads: 2 });
 * backend.variant; // "relaxed", or "simd" on an engine without fused multiply-add
 */
export function createWasmBackend(options: WasmBackendOptions = {}): WasmBackend {
  const rejected = [...(options.rejected ?? [])];
  const chosen = chooseThreads(options.threads);
  const obstacle = chosen.threads > 1 ? whyNoThreads() : null;
  for (const variant of options.variant === undefined ? DEFAULT_ORDER : [options.variant]) {
    const storages = new WasmMemory(chosen.threads > 1 && obstacle === null);
    const module = compileKernels(variant, storages.isShared);
    if (module === null) {
      const reason = isLoaded(variant)
        ? "this engine does not validate its instructions"
        : "it is not loaded; `await init` loads it";
      rejected.push({ variant, reason });
      continue;
    }
    const decision = {
      variant,
      variantReason: options.variantReason ?? (options.variant === undefined ? DEFAULT_REASONS[variant] : "asked for"),
      rejected,
      threadsReason: obstacle ?? (storages.isShared || chosen.threads === 1 ? chosen.why : "this host grants no shared memory"),
    };
    const backend = new EmbeddedWasmBackend(
      storages,
      module,
      decision,
      storages.isShared ? chosen.threads : 1,
      options.leastWork,
    );
    const failure = backend.trial(selfTest);
    if (failure === null) return backend;
    backend.shutdown();
    rejected.push({ variant, reason: failure });
  }
  throw new StateError(
    `Cannot start the wasm backend: ${rejected.map(({ variant, reason }) => `"${variant}": ${reason}`).join("; ")}. ` +
      "Leave the variant out to take the best that runs, or use the reference backend.",
  );
}
