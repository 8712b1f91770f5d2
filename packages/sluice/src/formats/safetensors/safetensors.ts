import { FormatError, ShapeError, ValueError } from "../../errors.ts";
import { showShape, sizeOf } from "../../tensor/shape.ts";
import type { NumericArray } from "../../training/dataset.ts";
import { dtypeFor, dtypeOf } from "./dtypes.ts";
import { type Header, parseHeader, shown, type TensorEntry } from "./header.ts";

/** What one safetensors file holds: texts and tensors, each under a name. */
export interface SafetensorsContent {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, NumericArray>;
}

/** Bits of 16-bit floating-point numbers, written as they are; reading gives the numbers in float32. */
export interface HalfBits {
  readonly shape: readonly number[];
  readonly data: Uint16Array;
  readonly dtype: "F16" | "BF16";
}

/** What can be written: what can be read, and 16-bit numbers. */
export interface SafetensorsSource {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, NumericArray | HalfBits>;
}

/** Most bytes a header may have, and most tensors a file may have. */
export const MAX_HEADER_BYTES: number = 2 ** 20;
/** Tensors in one file at most. */
export const MAX_TENSORS = 4096;

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;

/**
 * Writes a safetensors file: eight bytes of header length, the header as JSON, then the numbers, little-endian, without gaps.
 * Wider element types stand first, so that every tensor is aligned; otherwise the order given is kept.
 * Source: https://github.com/huggingface/safetensors (format of 2022, unchanged since).
 * @throws {ValueError} when there are more than 4,096 tensors or the header exceeds 1 MB; {ShapeError} when numbers and shape disagree.
 */
export function writeSafetensors({ metadata, tensors }: SafetensorsSource): Uint8Array {
  const ordered = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  let end = 0;
  const fields = ordered.map(([name, tensor]) => {
    const { shape, data } = tensor;
    if (name === "__metadata__")
      throw new ValueError('Cannot write a tensor named "__metadata__": safetensors keeps that name for its texts. Rename it.');
    if (sizeOf(shape) !== data.length) {
      throw new ShapeError(
        `Cannot write tensor "${name}" of shape ${showShape(shape)} from ${data.length} numbers: it holds ${sizeOf(shape)}.`,
      );
    }
    const begin = end;
    end += data.byteLength;
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype: "dtype" in tensor ? tensor.dtype : dtypeFor(tensor.data), shape, data_offsets: [begin, end] })}`;
  });
  const texts = [...metadata].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  if (texts.length > 0) fields.unshift(`"__metadata__":{${texts.join(",")}}`);
  const json = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerBytes = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  if (headerBytes > MAX_HEADER_BYTES || tensors.size > MAX_TENSORS) {
    throw new ValueError(
      `Cannot write a file of ${tensors.size} tensors with a header of ${headerBytes} bytes: at most ${MAX_TENSORS} tensors and ${MAX_HEADER_BYTES} header bytes fit. Keep large texts out of the metadata.`,
    );
  }
  const file = new Uint8Array(LENGTH_BYTES + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, LENGTH_BYTES);
  file.fill(0x20, LENGTH_BYTES + json.length, LENGTH_BYTES + headerBytes);
  let at = LENGTH_BYTES + headerBytes;
  for (const [, { data }] of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file. Everything the header says is checked against the bytes that are there before anything is
 * allocated; loading computes nothing and opens nothing.
 * @throws {FormatError} for any file that is not exactly what the format allows; no other error.
 */
export function readSafetensors(file: Uint8Array): SafetensorsContent {
  const { header, dataStart } = readHeader(file);
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength); // a Node Buffer's own slice would not copy
  const tensors = new Map<string, NumericArray>();
  for (const [name, { dtype, shape, begin, end }] of header.entries) {
    tensors.set(name, { shape, data: dtypeOf(dtype, name).decode(bytes.slice(dataStart + begin, dataStart + end), name) });
  }
  return { metadata: header.metadata, tensors };
}

/** The texts of a file alone. @throws {FormatError} as `readSafetensors`. */
export function readSafetensorsMetadata(file: Uint8Array): ReadonlyMap<string, string> {
  return readHeader(file).header.metadata;
}

function readHeader(file: Uint8Array): { header: Header; dataStart: number } {
  if (file.length < LENGTH_BYTES + 2)
    throw refuse(`it has ${file.length} bytes, and the shortest possible file has ${LENGTH_BYTES + 2}`);
  const declared = new DataView(file.buffer, file.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (declared > BigInt(MAX_HEADER_BYTES))
    throw refuse(`its first 8 bytes promise a header of ${declared} bytes, and at most ${MAX_HEADER_BYTES} are allowed`);
  const dataStart = LENGTH_BYTES + Number(declared);
  if (dataStart > file.length) throw refuse(`it promises a header of ${declared} bytes but has ${file.length - LENGTH_BYTES}`);
  const header = parseHeader(headerText(file.subarray(LENGTH_BYTES, dataStart)));
  if (header.entries.size > MAX_TENSORS)
    throw refuse(`it lists ${header.entries.size} tensors, and at most ${MAX_TENSORS} are allowed`);
  checkLayout(header.entries, file.length - dataStart);
  return { header, dataStart };
}

function headerText(bytes: Uint8Array): string {
  if (bytes[0] !== 0x7b) throw refuse('its header does not begin with "{"');
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse("its header is not UTF-8 text");
  }
}

/** Tensors must tile the data from its first byte to its last: no hole, no overlap, nothing behind. */
function checkLayout(entries: ReadonlyMap<string, TensorEntry>, dataBytes: number): void {
  for (const [name, { dtype, shape, begin, end }] of entries) {
    const bytes = byteSize(shape, dtypeOf(dtype, name).bytes);
    if (end < begin || bytes !== end - begin) {
      throw refuse(
        `tensor "${shown(name)}" of type ${dtype} and shape ${shown(showShape(shape))} is declared at bytes ${begin} to ${end}`,
      );
    }
  }
  let next = 0;
  for (const [name, { begin, end }] of [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== next) throw refuse(`tensor "${shown(name)}" begins at byte ${begin} where byte ${next} is due`);
    next = end;
  }
  if (next !== dataBytes) throw refuse(`its tensors take ${next} bytes and ${dataBytes} follow the header`);
}

/** NaN when the size leaves the exact whole numbers, also on the way to a product of 0. */
function byteSize(shape: readonly number[], width: number): number {
  let bytes = width;
  for (const size of shape) {
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) return Number.NaN;
  }
  return bytes;
}

function refuse(what: string): FormatError {
  return new FormatError(
    `Cannot read safetensors: ${what}. The file is damaged, cut short, or not safetensors; get it again from its source.`,
  );
}
