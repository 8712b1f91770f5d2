import { StateError } from "../../errors.ts";
import type { Backend, MemoryReport, Storage } from "../backend.ts";
import type { Kernels } from "../kernels.ts";
import type { StepKernels } from "../step-kernels.ts";
import { type CopyExports, copyKernels } from "./copy.ts";
import { type DropoutExports, dropoutKernels } from "./dropout.ts";
import { type ElementwiseExports, elementwiseKernels } from "./elementwise.ts";
import { type MatmulExports, matmulKernels } from "./matmul.ts";
import { WasmMemory } from "./memory.ts";
import { compileKernels, type WasmVariant } from "./module.ts";
import { type RecurrentExports, recurrentKernels } from "./recurrent.ts";
import { type RowsExports, rowsKernels } from "./rows.ts";
import { selfTest } from "./self-test.ts";
import { type StepExports, wasmSteps } from "./step-kernels.ts";
import { type UpdateExports, updateKernels } from "./update.ts";

export type { WasmVariant };

/** What the module exports, topic by topic. Pointers are byte addresses, sizes count elements. */
interface WasmExports
  extends ElementwiseExports,
    CopyExports,
    RowsExports,
    DropoutExports,
    UpdateExports,
    MatmulExports,
    RecurrentExports,
    StepExports {}

export interface WasmBackendOptions {
  /** Which build of the kernels; by default the first of "relaxed" and "simd" that passes its self-test on this engine. */
  readonly variant?: WasmVariant;
}

/** Which build runs, and why not the others. */
export interface WasmReport {
  readonly variant: WasmVariant;
  /** Variants that were tried first, each with what kept it from running. */
  readonly rejected: readonly { readonly variant: WasmVariant; readonly reason: string }[];
}

/** The backend with what the wasm build alone can tell. */
export interface WasmBackend extends Backend {
  report(): WasmReport;
}

/** "wide" is slower than "relaxed" on an engine that does not re-vectorise, so it runs only where it is asked for. */
const DEFAULT_ORDER: readonly WasmVariant[] = ["relaxed", "simd"];

class EmbeddedWasmBackend implements WasmBackend {
  readonly name = "wasm";
  readonly precision = "float32";
  readonly variant: WasmVariant;
  readonly kernels: Kernels;
  readonly steps: StepKernels;
  private readonly storages = new WasmMemory();
  private readonly rejected: WasmReport["rejected"];

  constructor(variant: WasmVariant, module: WebAssembly.Module, rejected: WasmReport["rejected"]) {
    const instance = new WebAssembly.Instance(module, { env: { memory: this.storages.wasm } });
    this.variant = variant;
    this.rejected = rejected;
    const exported = instance.exports as unknown as WasmExports;
    this.kernels = kernelsOf(this.storages, exported);
    this.steps = wasmSteps(this.storages, exported);
  }

  /** What a self-test finds wrong, or null; it leaves no trace in `memory()`. */
  check(): string | null {
    const failure = selfTest(this);
    this.storages.resetPeak();
    return failure;
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

  report(): WasmReport {
    return { variant: this.variant, rejected: this.rejected };
  }
}

function kernelsOf(memory: WasmMemory, wasm: WasmExports): Kernels {
  const kernels: Kernels = {
    ...elementwiseKernels(memory, wasm),
    ...copyKernels(memory, wasm),
    ...rowsKernels(memory, wasm),
    ...dropoutKernels(memory, wasm),
    ...updateKernels(memory, wasm),
    ...matmulKernels(memory, wasm),
    ...recurrentKernels(memory, wasm),
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
 * The float32 backend: AssemblyScript kernels in one WebAssembly memory, on the calling thread. Compiles synchronously,
 * about ten milliseconds.
 * @throws {StateError} when no variant, or not the one asked for, runs rightly on this engine; the message says why.
 * @example
 * const backend = createWasmBackend();
 * backend.variant; // "relaxed", or "simd" on an engine without fused multiply-add
 */
export function createWasmBackend(options: WasmBackendOptions = {}): WasmBackend {
  const rejected: { variant: WasmVariant; reason: string }[] = [];
  for (const variant of options.variant === undefined ? DEFAULT_ORDER : [options.variant]) {
    const module = compileKernels(variant);
    if (module === null) {
      rejected.push({ variant, reason: "this engine does not validate its instructions" });
      continue;
    }
    const backend = new EmbeddedWasmBackend(variant, module, rejected);
    const failure = backend.check();
    if (failure === null) return backend;
    rejected.push({ variant, reason: failure });
  }
  throw new StateError(
    `Cannot start the wasm backend: ${rejected.map(({ variant, reason }) => `"${variant}": ${reason}`).join("; ")}. ` +
      "Leave the variant out to take the best that runs, or use the reference backend.",
  );
}
