import { FormatError } from "../errors.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors/safetensors.ts";
import { sameShape, showShape } from "../tensor/shape.ts";
import type { StatePart } from "./plan-builder.ts";

/** The version of the layout below; bytes with a higher one are refused. */
const VERSION = 1;
const KEY = "sluice.stream";

/** The state as bytes: a safetensors file with one float32 tensor [rows, width] for each part, under its path. */
export function writeState(parts: readonly StatePart[], numbers: readonly Float32Array[], rows: number): Uint8Array {
  const tensors = parts.map(({ path, width }, k) => [path, { shape: [rows, width], data: numbers[k] as Float32Array }] as const);
  return writeSafetensors({ metadata: new Map([[KEY, String(VERSION)]]), tensors: new Map(tensors) });
}

/**
 * The numbers of each part, all checked before any is used.
 * @throws {FormatError} when the bytes are damaged, newer than this version, or the state of another model or batch.
 */
export function readState(bytes: Uint8Array, parts: readonly StatePart[], rows: number): readonly Float32Array[] {
  const { metadata, tensors } = readSafetensors(bytes);
  const version = metadata.get(KEY) ?? "";
  if (!/^[1-9]\d{0,8}$/.test(version)) throw refuse("it is not the state of a stream");
  if (Number(version) > VERSION)
    throw refuse(`it is version ${version}, and this library reads up to version ${VERSION}; update it`);
  const known = new Set(parts.map(({ path }) => path));
  const odd = [...tensors.keys()].find((path) => !known.has(path));
  if (odd !== undefined) throw refuse(`it holds "${odd.slice(0, 80)}", which this model does not have`);
  return parts.map(({ path, width }) => {
    const tensor = tensors.get(path);
    if (!tensor) throw refuse(`it has no "${path}"`);
    if (!(tensor.data instanceof Float32Array) || !sameShape(tensor.shape, [rows, width])) {
      throw refuse(`"${path}" has shape ${showShape(tensor.shape)}, and this stream has float32 ${showShape([rows, width])}`);
    }
    const bad = tensor.data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw refuse(`element ${bad} of "${path}" is ${tensor.data[bad]}`);
    return tensor.data;
  });
}

function refuse(what: string): FormatError {
  return new FormatError(
    `Cannot restore a stream from these bytes: ${what}. Give what state() of a stream of the same model and batch returned.`,
  );
}
