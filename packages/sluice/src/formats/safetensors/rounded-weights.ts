import { restoreWeights, roundWeights, WEIGHT_TYPES, type WeightType } from "../../backend/weight-types.ts";
import { FormatError } from "../../errors.ts";
import { sameShape } from "../../tensor/shape.ts";
import type { NumericArray } from "../../training/dataset.ts";
import { shown } from "./header.ts";
import type { HalfBits, SafetensorsContent, SafetensorsSource } from "./safetensors.ts";

/** The text that says how the matrices of a model file are kept; absent for float32. */
const KEY = "sluice.weights";
/** The scales of the int8 matrix "lstm/kernel" stand under "@scale/lstm/kernel". */
const SCALE = "@scale/";

/** A model's file with its matrices rounded; vectors stay as they are. */
export function roundContent({ metadata, tensors }: SafetensorsContent, type: WeightType): SafetensorsSource {
  if (type === "float32") return { metadata, tensors };
  const small = new Map<string, NumericArray | HalfBits>();
  for (const [path, array] of tensors) {
    const { shape, data } = array;
    if (shape.length !== 2) {
      small.set(path, array);
      continue;
    }
    const { codes, scales } = roundWeights(data, shape[1] as number, type);
    if (codes instanceof Uint16Array) small.set(path, { shape, data: codes, dtype: type === "float16" ? "F16" : "BF16" });
    else small.set(path, { shape, data: codes });
    if (scales) small.set(SCALE + path, { shape: [scales.length], data: scales });
  }
  return { metadata: new Map([...metadata, [KEY, type]]), tensors: small };
}

/** @throws {FormatError} when the file names a type that this version does not know. */
export function weightTypeOf(metadata: ReadonlyMap<string, string>): WeightType {
  const text = metadata.get(KEY) ?? "float32";
  const type = WEIGHT_TYPES.find((each) => each === text);
  if (type) return type;
  throw new FormatError(
    `Cannot load this model: its weights are kept as "${shown(text)}", and this version knows ${WEIGHT_TYPES.join(", ")}. Update sluice.`,
  );
}

/** A weight as float32: int8 codes times their scales; others, which reading has decoded, as they are. */
export function restoredWeight(path: string, given: NumericArray, tensors: ReadonlyMap<string, NumericArray>): NumericArray {
  const { shape, data } = given;
  if (!(data instanceof Int8Array)) return given;
  const scale = tensors.get(SCALE + path);
  if (!scale || shape.length !== 2 || !(scale.data instanceof Float32Array) || !sameShape(scale.shape, [shape[1] as number])) {
    throw new FormatError(
      `Cannot load weight "${shown(path)}": it is int8 and has no scales [${shape[1]}] of float32 beside it. The file is damaged.`,
    );
  }
  return { shape, data: restoreWeights({ codes: data, scales: scale.data }, "int8") };
}
