import { ValueError } from "../errors.ts";

/** How weights are kept for inference: 4, 2, 2 or 1 bytes each. */
export type WeightType = "float32" | "float16" | "bfloat16" | "int8";

/** The types weights may be kept in for inference. */
export const WEIGHT_TYPES: readonly WeightType[] = ["float32", "float16", "bfloat16", "int8"];

/** @throws {ValueError} for a name that is none of them. */
export function checkWeightType(type: string, doing: string): WeightType {
  const known = WEIGHT_TYPES.find((each) => each === type);
  if (known) return known;
  throw new ValueError(`Cannot ${doing} with weights of type "${type}": the types are ${WEIGHT_TYPES.join(", ")}.`);
}

/** A matrix [rows, columns] as it is kept: bits of 16-bit floats, or whole numbers of −127 … 127 with one scale a column. */
export interface RoundedWeights {
  readonly codes: Float32Array | Uint16Array | Int8Array;
  /** [columns]; of int8 alone. */
  readonly scales: Float32Array | null;
}

/**
 * Rounds a matrix to nearest. What `restoreWeights` makes of the result rounds to the same codes and scales again, so rounding
 * twice changes nothing.
 * @throws {ValueError} for a number that float16 cannot hold, or that is not finite.
 */
export function roundWeights(weights: ArrayLike<number>, columns: number, type: WeightType): RoundedWeights {
  if (type === "int8") return roundColumns(weights, columns);
  const codes = Float32Array.from(weights);
  const limit = type === "float16" ? 65_504 : 3.3895e38;
  const bad = type === "float32" ? -1 : codes.findIndex((value) => !(Math.abs(value) <= limit));
  if (bad >= 0) throw notHeld(codes[bad] as number, type, String(limit));
  if (type === "float32") return { codes, scales: null };
  const bits = new Uint32Array(codes.buffer);
  return { codes: Uint16Array.from(bits, type === "float16" ? float16Bits : bfloat16Bits), scales: null };
}

/** The numbers a rounded matrix stands for, exact in float32. */
export function restoreWeights({ codes, scales }: RoundedWeights, type: WeightType): Float32Array {
  if (scales) return Float32Array.from(codes, (code, k) => code * (scales[k % scales.length] as number));
  if (type === "float16") return Float32Array.from(codes, float16Value);
  if (type === "bfloat16") return new Float32Array(Uint32Array.from(codes, (bits) => bits << 16).buffer);
  return Float32Array.from(codes);
}

/** Columns whose numbers are all smaller count as zeros: their scale would leave the exact range of float32. */
const SMALLEST = 2 ** -100;

function roundColumns(weights: ArrayLike<number>, columns: number): RoundedWeights {
  const largest = new Float64Array(columns);
  for (let k = 0; k < weights.length; k++) {
    const size = Math.abs(weights[k] as number);
    if (!Number.isFinite(size)) throw notHeld(weights[k] as number, "int8", "any finite number");
    if (size > (largest[k % columns] as number)) largest[k % columns] = size;
  }
  const scales = Float32Array.from(largest, (size) => (size < SMALLEST ? 1 : roundUp(size / 127)));
  const codes = Int8Array.from(weights, (value, k) => Math.round(value / (scales[k % columns] as number)));
  return { codes, scales };
}

/** The next number with 17 significant bits: times a whole number of 7 bits it is exact in float32. */
function roundUp(x: number): number {
  const unit = 2 ** (Math.floor(Math.log2(x)) - 16);
  return Math.ceil(x / unit) * unit;
}

/** The upper half of a float32, rounded to even. */
function bfloat16Bits(bits: number): number {
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** IEEE 754 half precision of a float32 of at most 65,504, rounded to even. */
function float16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size < 0x38800000) return sign | roundEven(float32Value(size) * 2 ** 24); // below 2⁻¹⁴: whole numbers of 2⁻²⁴
  return sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
}

function roundEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

function float32Value(bits: number): number {
  word[0] = bits;
  return float[0] as number;
}

/** The value of half-precision bits: 1 sign, 5 exponent, 10 fraction. */
function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function notHeld(value: number, type: WeightType, limit: string): ValueError {
  return new ValueError(
    `Cannot keep the weight ${value} as ${type}: it holds ${limit === "any finite number" ? limit : `sizes up to ${limit}`}. Keep this model in float32, or train it again with clipped gradients.`,
  );
}
