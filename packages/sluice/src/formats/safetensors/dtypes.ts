import { FormatError } from "../../errors.ts";
import type { NumericArray } from "../../training/dataset.ts";
import { shown } from "./header.ts";

type Numbers = NumericArray["data"];

/** How one element type of safetensors becomes numbers here. Little-endian, as every host of this library is. */
interface DType {
  readonly bytes: number;
  /** `bytes` is a copy that starts at offset 0 of its own buffer. */
  readonly decode: (bytes: Uint8Array, name: string) => Numbers;
}

const DTYPES: ReadonlyMap<string, DType> = new Map<string, DType>([
  ["F64", { bytes: 8, decode: ({ buffer }) => new Float64Array(buffer) }],
  ["F32", { bytes: 4, decode: ({ buffer }) => new Float32Array(buffer) }],
  ["F16", { bytes: 2, decode: ({ buffer }) => Float32Array.from(new Uint16Array(buffer), float16) }],
  ["BF16", { bytes: 2, decode: ({ buffer }) => bfloat16s(new Uint16Array(buffer)) }],
  ["I64", { bytes: 8, decode: ({ buffer }, name) => wholeNumbers(new BigInt64Array(buffer), name) }],
  ["I32", { bytes: 4, decode: ({ buffer }) => new Int32Array(buffer) }],
  ["I8", { bytes: 1, decode: ({ buffer }) => new Int8Array(buffer) }],
  ["U8", { bytes: 1, decode: (bytes) => bytes }],
  ["BOOL", { bytes: 1, decode: booleans }],
]);

/** @throws {FormatError} when the type is not one of those above. */
export function dtypeOf(dtype: string, name: string): DType {
  const known = DTYPES.get(dtype);
  if (!known) {
    throw new FormatError(
      `Cannot read tensor "${shown(name)}" of type "${shown(dtype)}": this version reads ${[...DTYPES.keys()].join(", ")}. Convert it to one of them where it was written.`,
    );
  }
  return known;
}

/** The name safetensors has for what a typed array holds. */
export function dtypeFor(data: Numbers): "F64" | "F32" | "I32" | "I8" | "U8" {
  if (data instanceof Int8Array) return "I8";
  if (data instanceof Float64Array) return "F64";
  if (data instanceof Float32Array) return "F32";
  return data instanceof Int32Array ? "I32" : "U8";
}

/** IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a float32. */
function bfloat16s(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer);
}

function wholeNumbers(values: BigInt64Array, name: string): Float64Array {
  return Float64Array.from(values, (value) => {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new FormatError(
      `Cannot read tensor "${shown(name)}": it holds the 64-bit number ${value}, and numbers here are exact only up to 2^53.`,
    );
  });
}

function booleans(bytes: Uint8Array, name: string): Uint8Array {
  const bad = bytes.findIndex((byte) => byte > 1);
  if (bad < 0) return bytes;
  throw new FormatError(
    `Cannot read tensor "${shown(name)}" of type BOOL: element ${bad} is ${bytes[bad]}, and a truth value is 0 or 1. The file is damaged.`,
  );
}
