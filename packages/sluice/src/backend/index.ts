import { ValueError } from "../errors.ts";
import type { Backend, BackendName } from "./backend.ts";
import { createReferenceBackend } from "./reference/index.ts";
import { createWasmBackend } from "./wasm/wasm-backend.ts";

export interface InitOptions {
  /** "wasm" (the default), or "reference": float64, slow, for checks. */
  readonly backend?: "reference" | "wasm";
  /** Which build of the wasm kernels runs; by default the fastest that passes the self-test on this host. */
  readonly variant?: "simd" | "relaxed" | "wide";
}

const made = new Map<BackendName, Backend>();
let chosen: Backend | null = null;

/**
 * Chooses the backend that new tensors and models use, and starts it. Optional: without it the first tensor starts "wasm",
 * or "reference" on a host without WebAssembly. Tensors made before keep their backend, so call it first.
 * @throws {ValueError} when `variant` is given for another backend than "wasm".
 * @example await init({ backend: "reference" }); // float64 from here on
 */
export async function init({ backend = hostDefault(), variant }: InitOptions = {}): Promise<Backend> {
  if (variant !== undefined && backend !== "wasm") {
    throw new ValueError(
      `Cannot start backend "${backend}" in variant "${variant}": variants are builds of the wasm kernels. Leave variant out, or ask for backend "wasm".`,
    );
  }
  if (variant !== undefined) made.set("wasm", createWasmBackend({ variant }));
  chosen = getBackend(backend);
  return chosen;
}

/** The backend `init` chose; made on first use. */
export function defaultBackend(): Backend {
  chosen ??= getBackend(hostDefault());
  return chosen;
}

/**
 * The one backend of that name in this program, made on first use.
 * @throws {ValueError} when this version has no such backend.
 */
export function getBackend(name: BackendName): Backend {
  const backend = made.get(name) ?? makeBackend(name);
  made.set(name, backend);
  return backend;
}

function makeBackend(name: BackendName): Backend {
  if (name === "reference") return createReferenceBackend();
  if (name === "wasm") return createWasmBackend();
  throw new ValueError(`Cannot start backend "${name}": this version has "wasm" and "reference". Ask for one of them.`);
}

function hostDefault(): "reference" | "wasm" {
  return typeof WebAssembly === "undefined" ? "reference" : "wasm";
}
