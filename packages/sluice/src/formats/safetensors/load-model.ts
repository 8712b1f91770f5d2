import { FormatError } from "../../errors.ts";
import { modelFromConfig } from "../../models/from-config.ts";
import type { Model } from "../../models/model.ts";
import { readModelConfig } from "../../models/read-config.ts";
import { type Shape, sameShape, showShape } from "../../tensor/shape.ts";
import type { CompileOptions } from "../../training/compile.ts";
import type { NumericArray } from "../../training/dataset.ts";
import { shown } from "./header.ts";
import { CHECKPOINT_PREFIX, checkFormat, OURS, parseJson, refusing } from "./model-texts.ts";
import { restoredWeight, weightTypeOf } from "./rounded-weights.ts";
import { readSafetensors, readSafetensorsMetadata, type SafetensorsContent } from "./safetensors.ts";

/** Options of `loadModel`. */
export interface LoadModelOptions {
  /** Where the model runs; by default the backend that `init` chose. */
  readonly backend?: "reference" | "wasm";
  /** Takes weights that are NaN or infinite. Default false: such a file is refused. */
  readonly allowNonFinite?: boolean;
}

/**
 * The model that `saveModel` (or a checkpoint) kept, compiled as it was.
 * @throws {FormatError} when the file is damaged, newer than this version, names an unknown layer type, or its weights are not
 * exactly those its configuration implies, or not finite; never another error.
 * @example const model = loadModel(await readFile("model.safetensors"));
 */
export function loadModel(file: Uint8Array, options: LoadModelOptions = {}): Model {
  return modelFromContent(readSafetensors(file), options);
}

function modelFromContent({ metadata, tensors }: SafetensorsContent, options: LoadModelOptions): Model {
  checkFormat(metadata);
  const config = readModelConfig(parseJson(metadata, "sluice.model"));
  const unread = new Set([...tensors.keys()].filter((name) => name.includes("/") && !name.startsWith(CHECKPOINT_PREFIX)));
  const weights = (path: string, shape: Shape): ArrayLike<number> => {
    const given = tensors.get(path);
    if (!given || !unread.has(path))
      throw new FormatError(
        `Cannot load this model: its file has no weight "${shown(path)}", which its configuration asks for. The file is damaged.`,
      );
    const weight = restoredWeight(path, given, tensors);
    checkWeight(path, weight, shape, options.allowNonFinite ?? false);
    unread.delete(path);
    return weight.data;
  };
  const model = refusing(
    () => modelFromConfig(config, { ...(options.backend && { backend: options.backend }), weights }),
    "its configuration does not work",
  );
  model.weightType = weightTypeOf(metadata);
  const [odd] = unread;
  if (odd !== undefined)
    throw new FormatError(
      `Cannot load this model: its file has a weight "${shown(odd)}" that its configuration does not ask for. The file is damaged.`,
    );
  if (metadata.has("sluice.compile")) {
    const spec = parseJson(metadata, "sluice.compile") as CompileOptions;
    refusing(() => model.compile(spec), "how it was compiled does not work");
  }
  return model;
}

/**
 * The texts the caller gave to `saveModel`, without loading the model.
 * @throws {FormatError} when the file is damaged or newer than this version.
 */
export function modelMetadata(file: Uint8Array): Readonly<Record<string, string>> {
  const metadata = readSafetensorsMetadata(file);
  checkFormat(metadata);
  const texts: Record<string, string> = Object.create(null);
  for (const [key, value] of metadata) if (!key.startsWith(OURS)) texts[key] = value;
  return texts;
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
