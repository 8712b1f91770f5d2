import { bytes as relaxed } from "./kernels-relaxed.generated.ts";
import { bytes as simd } from "./kernels-simd.generated.ts";
import { bytes as wide } from "./kernels-wide.generated.ts";

/** Builds of the kernels: "simd" multiplies, then adds; "relaxed" fuses both; "wide" is laid out for 256-bit engines. */
export type WasmVariant = "simd" | "relaxed" | "wide";

const ENCODED: Readonly<Record<WasmVariant, string>> = { simd, relaxed, wide };

/** The module of a variant, or null when this engine does not know its instructions. */
export function compileKernels(variant: WasmVariant): WebAssembly.Module | null {
  const bytes = fromBase64(ENCODED[variant]);
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
