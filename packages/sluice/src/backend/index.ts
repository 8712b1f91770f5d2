import { StateError, ValueError } from "../errors.ts";
import type { Backend, BackendName } from "./backend.ts";
import { turboFromEnvironment } from "./wasm/host.ts";
import { loadWide } from "./wasm/module.ts";
import { createTurboBackend, setTurboFlags } from "./wasm/turbo.ts";
import { createWasmBackend, type WasmBackend, type WasmReport } from "./wasm/wasm-backend.ts";

export interface InitOptions {
  /** "wasm" (the default), or "reference": float64, slow, for checks. */
  readonly backend?: "reference" | "wasm";
  /** Which build of the wasm kernels runs; by default the fastest that passes the self-test on this host. */
  readonly variant?: "simd" | "relaxed" | "wide";
  /**
   * Threads that share large work, this one included, 1 to 64; by default the environment variable SLUICE_THREADS (Node), or one for
   * each core, at most 8. Any number gives the same bits. One on hosts without shared memory and on a page's main thread;
   * the worker in which a page trains has them all.
   */
  readonly threads?: number;
  /**
   * Sets experimental flags of V8 for the whole process, where they make the kernels faster (Node 20, 21, and from 24 on), and takes
   * the faster kernels when a trial shows that they are right. Default: the environment variable SLUICE_TURBO (Node), else false.
   * Together with `variant` it only sets the flags.
   */
  readonly turbo?: boolean;
}

const made = new Map<BackendName, Backend>();
let wasm: WasmBackend | null = null;
let chosen: Backend | null = null;
let askedThreads: number | undefined;

/**
 * Chooses the backend that new tensors and models use, and starts it. Optional where WebAssembly runs: without it the first tensor
 * starts "wasm". On a host without WebAssembly it loads "reference". Tensors made before keep their backend, so call it first; a
 * wasm backend that another one replaces goes on with one thread.
 * @throws {ValueError} when `variant`, `threads` or `turbo` is given for another backend than "wasm", or `threads` is out of range.
 * @throws {StateError} when `variant` does not run on this host.
 * @example await init({ backend: "reference" }); // float64 from here on
 * @example await init({ threads: 4, turbo: true }); // a program that owns its process
 */
export async function init(options: InitOptions = {}): Promise<Backend> {
  const { backend = hostDefault(), ...settings } = options;
  const given = Object.entries(settings).find(([, value]) => value !== undefined);
  if (given && backend !== "wasm") {
    const [name, value] = given;
    throw new ValueError(
      `Cannot start backend "${backend}" with ${name} ${JSON.stringify(value)}: that is for the wasm kernels. ` +
        `Leave ${name} out, or ask for backend "wasm".`,
    );
  }
  if (backend === "wasm" && (given || (wasm === null && turboFromEnvironment()))) {
    const next = await startWasm(settings);
    wasm?.shutdown();
    wasm = next;
    made.set("wasm", next);
    askedThreads = settings.threads;
  }
  chosen = backend === "reference" ? await loadReference() : getBackend(backend);
  return chosen;
}

/**
 * Loads the float64 backend, which no program carries that does not ask for it, and leaves the default alone: from here on
 * `{ backend: "reference" }` works everywhere. `init({ backend: "reference" })` loads it too.
 * @example
 * await loadReference();
 * const exact = sequential(layers, { backend: "reference" });
 */
export async function loadReference(): Promise<Backend> {
  const { createReferenceBackend } = await import("./reference/index.ts");
  const backend = made.get("reference") ?? createReferenceBackend();
  made.set("reference", backend);
  return backend;
}

/** What `init` is to be given in another thread, so that it computes with the bits of this backend. */
export function initOptionsOf({ name, variant }: Backend): InitOptions {
  if (name !== "wasm") return { backend: "reference" };
  return {
    backend: name,
    variant: variant as WasmReport["variant"],
    ...(askedThreads !== undefined && { threads: askedThreads }),
  };
}

async function startWasm(settings: Omit<InitOptions, "backend">): Promise<WasmBackend> {
  const { variant, threads, turbo = turboFromEnvironment() } = settings;
  if (turbo && variant === undefined) return createTurboBackend(threads);
  if (turbo) setTurboFlags();
  if (variant === "wide") await loadWide();
  return createWasmBackend({ variant, threads });
}

/**
 * Ends the worker threads of the wasm backend; what is computed after that runs on the calling thread, with the same bits. Needed
 * only where a program counts its threads: idle workers sleep and keep no process alive.
 */
export function shutdown(): void {
  wasm?.shutdown();
}

/** The backend `init` chose; made on first use. */
export function defaultBackend(): Backend {
  chosen ??= getBackend(hostDefault());
  return chosen;
}

/**
 * The one backend of that name in this program, "wasm" made on first use.
 * @throws {StateError} for "reference" before it is loaded; {ValueError} when this version has no such backend.
 */
export function getBackend(name: BackendName): Backend {
  const backend = made.get(name) ?? makeBackend(name);
  made.set(name, backend);
  return backend;
}

function makeBackend(name: BackendName): Backend {
  if (name === "reference") {
    throw new StateError(
      'Cannot use backend "reference" yet: it is loaded only where it is asked for. Call await init({ backend: "reference" }) ' +
        "first, or await loadReference() to have it beside the default.",
    );
  }
  if (name === "wasm") {
    wasm = createWasmBackend();
    return wasm;
  }
  throw new ValueError(`Cannot start backend "${name}": this version has "wasm" and "reference". Ask for one of them.`);
}

function hostDefault(): "reference" | "wasm" {
  return typeof WebAssembly === "undefined" ? "reference" : "wasm";
}
