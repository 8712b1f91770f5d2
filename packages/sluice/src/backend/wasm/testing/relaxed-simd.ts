/**
 * Lets a Node that has relaxed SIMD behind a flag (20) compile it; newer ones and browsers have it on. Call before the
 * first module is compiled.
 */
export async function allowRelaxedSimd(): Promise<void> {
  const { setFlagsFromString } = await import("node:v8");
  setFlagsFromString("--experimental-wasm-relaxed-simd");
}
