import type { Values } from "./table.ts";

const FIRST = 32;
/** Values a chunk. */
const CHUNK = 1 << 17;
/** Columns longer than this are held in float32 where that gives every number back as it was written. */
const LONG = 1 << 19;

/**
 * Numbers that arrive one by one. They wait in chunks of 128 Ki, in 4 bytes each where those hold them exactly; a chunk gives its
 * memory back as soon as it has been copied, so that the whole is never there twice.
 */
export class GrowingNumbers {
  private open: Float64Array = new Float64Array(FIRST);
  private used = 0;
  private readonly full: Chunk[] = [];

  push(value: number): void {
    if (this.used === this.open.length) this.makeRoom();
    this.open[this.used++] = value;
  }

  /**
   * Float32 where that loses nothing, and in a column of more than 2¹⁹ numbers also where each, rounded to the decimals it is
   * written with, is as it was written: 12.34 stays 12.34, and whole numbers must fit exactly. Else Float64.
   * Call one of the three once, at the end.
   */
  toValues(): Values {
    const last = this.open.subarray(0, this.used);
    const enough = (fit: Fit) => fit === "exact" || (fit === "written" && this.length > LONG);
    const single = enough(survey(last).fit) && this.full.every(({ fit }) => enough(fit));
    return this.drainInto(single ? new Float32Array(this.length) : new Float64Array(this.length));
  }

  toFloat64(): Float64Array {
    return this.drainInto(new Float64Array(this.length));
  }

  toInt32(): Int32Array {
    return this.drainInto(new Int32Array(this.length));
  }

  private get length(): number {
    return this.full.length * CHUNK + this.used;
  }

  private makeRoom(): void {
    if (this.used === CHUNK) {
      this.full.push(packed(this.open));
      this.used = 0;
      return;
    }
    const larger = new Float64Array(2 * this.open.length);
    larger.set(this.open);
    this.open = larger;
  }

  private drainInto<T extends Values | Int32Array>(out: T): T {
    this.full.forEach((chunk, c) => {
      unpack(chunk, out.subarray(c * CHUNK, (c + 1) * CHUNK));
      release(chunk.values);
    });
    out.set(this.open.subarray(0, this.used), this.full.length * CHUNK);
    return out;
  }
}

/** Whether float32 holds numbers exactly, or so that each comes back as it was written, or neither. */
type Fit = "exact" | "written" | "no";

/** 128 Ki numbers: as they are, or in whole units of 1 / `scale`, with `NONE` for NaN. */
interface Chunk {
  readonly fit: Fit;
  readonly values: Values | Int32Array;
  readonly scale: number;
}

const NONE = -(2 ** 31);
const POWERS = Array.from({ length: 10 }, (_, d) => 10 ** d);

/** How numbers fit float32, and the decimals that all of them are written with at most; −1 when there are too many. */
function survey(values: Float64Array): { fit: Fit; decimals: number } {
  if (values.every((x) => Math.fround(x) === x || Number.isNaN(x))) return { fit: "exact", decimals: 0 };
  let fit: Fit = "written";
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i] as number;
    if (Number.isNaN(x)) continue;
    const d = decimalsOf(x);
    most = d < 0 || most < 0 ? -1 : Math.max(most, d);
    const single = Math.fround(x);
    if (single !== x && (d < 1 || inUnits(single, d) !== x)) fit = "no";
  }
  return { fit, decimals: most };
}

/** The fewest decimals, at most 9, with which a number can be written in 31 bits; −1 when there are none. */
function decimalsOf(x: number): number {
  for (let d = 0; d < POWERS.length; d++) if (Object.is(inUnits(x, d), x)) return d;
  return -1;
}

/** x as a whole number of units of 10⁻ᵈ that fits 32 bits, written as a number again. */
function inUnits(x: number, d: number): number {
  const power = POWERS[d] as number;
  return (Math.round(x * power) | 0) / power;
}

/** A chunk in the smaller form that keeps every bit. */
function packed(values: Float64Array): Chunk {
  const { fit, decimals } = survey(values);
  const scale = POWERS[decimals] ?? 1;
  const whole = fit !== "exact" && decimals >= 0 && values.every((x) => Number.isNaN(x) || fitsWhole(x, scale));
  if (whole) {
    const units = new Int32Array(releasable(4 * CHUNK));
    for (let i = 0; i < CHUNK; i++) {
      const x = values[i] as number;
      units[i] = Number.isNaN(x) ? NONE : Math.round(x * scale);
    }
    return { fit, values: units, scale };
  }
  const copy = fit === "exact" ? new Float32Array(releasable(4 * CHUNK)) : new Float64Array(releasable(8 * CHUNK));
  copy.set(values);
  return { fit, values: copy, scale: 1 };
}

function fitsWhole(x: number, scale: number): boolean {
  return Math.abs(x * scale) < -NONE - 1;
}

function unpack({ values, scale }: Chunk, out: Values | Int32Array): void {
  if (!(values instanceof Int32Array)) out.set(values);
  else for (let i = 0; i < CHUNK; i++) out[i] = values[i] === NONE ? Number.NaN : (values[i] as number) / scale;
}

/** Memory that `release` gives back at once where the host can; elsewhere the collector frees it later. */
function releasable(bytes: number): ArrayBuffer {
  return Reflect.construct(ArrayBuffer, [bytes, { maxByteLength: bytes }]) as ArrayBuffer;
}

function release({ buffer }: { readonly buffer: ArrayBufferLike }): void {
  if ("resize" in buffer && typeof buffer.resize === "function") buffer.resize(0);
}
