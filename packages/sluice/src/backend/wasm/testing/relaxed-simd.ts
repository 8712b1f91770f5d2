/**
 * Lets Node 20, which has relaxed SIMD behind a flag, compile it; newer versions and browsers have it on. Call before the
 * first module is compiled.
 */
export async function allowRelaxedSimd(): Promise<void> {
  if (!process.versions.node.startsWith("20.")) return;
  const { setFlagsFromString } = await import("node:v8");
  setFlagsFromString("--experimental-wasm-relaxed-simd");
}
