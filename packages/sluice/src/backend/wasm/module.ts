import { decodeKernels, type Encoded, hasRelaxedSimd } from "./encoded.ts";
import * as relaxed from "./kernels-relaxed.generated.ts";
import * as simd from "./kernels-simd.generated.ts";

/** Builds of the kernels: "simd" multiplies, then adds; "relaxed" fuses both; "wide" is laid out for 256-bit engines. */
export type WasmVariant = "simd" | "relaxed" | "wide";

const encoded: Partial<Record<WasmVariant, Encoded>> = { simd, relaxed };

/** Loads the build that few hosts can use, so that the others need not carry it. */
export async function loadWide(): Promise<void> {
  encoded.wide ??= await import("./kernels-wide.generated.ts");
}

/** Whether `compileKernels` has the variant at hand; "wide" needs `loadWide` first. */
export function isLoaded(variant: WasmVariant): boolean {
  return encoded[variant] !== undefined;
}

/** The module of a variant for plain or shared memory, or null when this engine does not know its instructions. */
export function compileKernels(variant: WasmVariant, shared: boolean): WebAssembly.Module | null {
  const build = encoded[variant];
  if (build === undefined || (variant !== "simd" && !hasRelaxedSimd())) return null;
  const bytes = decodeKernels(build, shared);
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}
