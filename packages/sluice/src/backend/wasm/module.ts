import * as relaxed from "./kernels-relaxed.generated.ts";
import * as simd from "./kernels-simd.generated.ts";

/** Builds of the kernels: "simd" multiplies, then adds; "relaxed" fuses both; "wide" is laid out for 256-bit engines. */
export type WasmVariant = "simd" | "relaxed" | "wide";

interface Encoded {
  readonly bytes: string;
  /** Where the flags of the imported memory stand. */
  readonly memoryFlagsAt: number;
}

const encoded: Partial<Record<WasmVariant, Encoded>> = { simd, relaxed };

/** Flags of an import that takes shared memory. */
const SHARED_WITH_MAXIMUM = 3;

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
  if (build === undefined) return null;
  const bytes = fromBase64(build.bytes);
  if (shared) bytes[build.memoryFlagsAt] = SHARED_WITH_MAXIMUM;
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
