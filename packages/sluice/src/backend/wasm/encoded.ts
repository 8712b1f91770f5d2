/** A build of the kernels as it is embedded. */
export interface Encoded {
  /** The module in base64. */
  readonly bytes: string;
  /** Where the flags of the imported memory stand. */
  readonly memoryFlagsAt: number;
}

/** Flags of an import that takes shared memory. */
const SHARED_WITH_MAXIMUM = 3;

/** The bytes of a build, for plain or shared memory. */
export function decodeKernels({ bytes: text, memoryFlagsAt }: Encoded, shared: boolean): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(text);
  if (shared) bytes[memoryFlagsAt] = SHARED_WITH_MAXIMUM;
  return bytes;
}

/** What some hosts have for base64: newer engines, and Node. */
interface Base64Host {
  readonly Uint8Array: { fromBase64?(text: string): Uint8Array<ArrayBuffer> };
  readonly Buffer?: { from(text: string, encoding: "base64"): Uint8Array };
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const { Uint8Array: bytes, Buffer: buffer } = globalThis as Base64Host;
  if (bytes.fromBase64) return bytes.fromBase64(text);
  if (buffer) return new Uint8Array(buffer.from(text, "base64"));
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** A module of one function that fuses a multiplication and an addition of four floats (f32x4.relaxed_madd). */
// biome-ignore format: sections of a module: header; types; functions; code
const FUSED = [
  0, 97, 115, 109, 1, 0, 0, 0,  1, 5, 1, 96, 0, 1, 123,  3, 2, 1, 0,
  10, 19, 1, 17, 0, 65, 1, 253, 15, 65, 2, 253, 15, 65, 3, 253, 15, 253, 133, 2, 11,
];

/** Whether this engine has the instructions of the builds "relaxed" and "wide": cheaper to ask than to have it refuse a whole build. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(new Uint8Array(FUSED));
}
