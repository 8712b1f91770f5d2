import { StateError } from "../../errors.ts";
import type { StepBackend } from "../step-kernels.ts";
import { decodeKernels, type Encoded, hasRelaxedSimd } from "./encoded.ts";
import { WasmMemory } from "./memory.ts";
import { stepSelfTest } from "./self-test.ts";
import { type StepExports, wasmSteps } from "./step-kernels.ts";

const builds = {
  relaxed: (): Promise<Encoded> => import("./kernels-relaxed.generated.ts"),
  simd: (): Promise<Encoded> => import("./kernels-simd.generated.ts"),
};

/** The kernels of streams alone, on one thread: what inference needs. */
export interface WasmStepBackend extends StepBackend {
  /** Which build runs. */
  readonly variant: "relaxed" | "simd";
}

let started: Promise<WasmStepBackend> | null = null;

/** The one backend of that kind in this program. Only the build that this engine can run is loaded, and compiled beside other work. */
export function stepBackend(): Promise<WasmStepBackend> {
  started ??= startStepBackend();
  return started;
}

/** @throws {StateError} when no build runs rightly on this engine; the message says why. */
async function startStepBackend(): Promise<WasmStepBackend> {
  const problems: string[] = [];
  for (const variant of hasRelaxedSimd() ? (["relaxed", "simd"] as const) : (["simd"] as const)) {
    try {
      const memory = new WasmMemory();
      const module = await WebAssembly.compile(decodeKernels(await builds[variant](), false));
      const { exports } = await WebAssembly.instantiate(module, { env: { memory: memory.wasm } });
      const steps = wasmSteps(memory, exports as unknown as StepExports);
      const backend = { variant, steps, allocatePersistent: (length: number) => memory.allocatePersistent(length) };
      const failure = memory.trial(() => stepSelfTest(backend));
      if (failure === null) return backend;
      problems.push(`"${variant}": ${failure}`);
    } catch (error) {
      problems.push(`"${variant}": ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new StateError(
    `Cannot start the wasm kernels: ${problems.join("; ")}. Use an engine with WebAssembly SIMD, or the whole library, which also computes in plain JavaScript.`,
  );
}
