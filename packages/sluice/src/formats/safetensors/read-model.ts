import type { WeightType } from "../../backend/weight-types.ts";
import { FormatError } from "../../errors.ts";
import type { ModelConfig } from "../../models/config.ts";
import { readModelConfig } from "../../models/read-config.ts";
import { type Shape, sameShape, showShape } from "../../tensor/shape.ts";
import type { NumericArray } from "../../training/dataset.ts";
import { shown } from "./header.ts";
import { CHECKPOINT_PREFIX, checkFormat, parseJson } from "./model-texts.ts";
import { restoredWeight, weightTypeOf } from "./rounded-weights.ts";
import { readSafetensors } from "./safetensors.ts";

/** What a model file says, before anything is made of it. */
export interface ModelFile {
  readonly metadata: ReadonlyMap<string, string>;
  readonly config: ModelConfig;
  readonly weightType: WeightType;
  /** One weight, once. @throws {FormatError} when the file does not have it, in this shape, with finite numbers. */
  readonly weight: (path: string, shape: Shape) => NumericArray["data"];
  /** The name of a weight that nobody has asked for. */
  readonly unread: () => string | undefined;
}

/** @throws {FormatError} when the file is damaged, newer than this version, or not a model's; never another error. */
export function readModel(file: Uint8Array, allowNonFinite: boolean): ModelFile {
  const { metadata, tensors } = readSafetensors(file);
  checkFormat(metadata);
  const config = readModelConfig(parseJson(metadata, "sluice.model"));
  const unread = new Set([...tensors.keys()].filter((name) => name.includes("/") && !name.startsWith(CHECKPOINT_PREFIX)));
  const weight = (path: string, shape: Shape): NumericArray["data"] => {
    const given = tensors.get(path);
    if (!given || !unread.has(path))
      throw new FormatError(
        `Cannot load this model: its file has no weight "${shown(path)}", which its configuration asks for. The file is damaged.`,
      );
    const { shape: there, data } = restoredWeight(path, given, tensors);
    checkWeight(path, { shape: there, data }, shape, allowNonFinite);
    unread.delete(path);
    return data;
  };
  const firstUnread = (): string | undefined => {
    const [odd] = unread;
    return odd === undefined ? undefined : shown(odd);
  };
  return { metadata, config, weightType: weightTypeOf(metadata), weight, unread: firstUnread };
}

function checkWeight(path: string, { shape, data }: NumericArray, wanted: Shape, allowNonFinite: boolean): void {
  if (!sameShape(shape, wanted)) {
    throw new FormatError(
      `Cannot load weight "${shown(path)}" of shape ${showShape(shape)}: the configuration asks for ${shown(showShape(wanted))}. The file is damaged.`,
    );
  }
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new FormatError(`Cannot load weight "${shown(path)}": it holds whole numbers, and weights are floating-point numbers.`);
  }
  if (allowNonFinite) return;
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new FormatError(
      `Cannot load weight "${shown(path)}": element ${bad} is ${data[bad]}. Training has failed before it was saved; pass allowNonFinite: true to look at it anyway.`,
    );
  }
}
