import { FormatError } from "../../errors.ts";
import { modelFromConfig } from "../../models/from-config.ts";
import type { Model } from "../../models/model.ts";
import type { CompileOptions } from "../../training/compile.ts";
import { checkFormat, OURS, parseJson, refusing } from "./model-texts.ts";
import { readModel } from "./read-model.ts";
import { readSafetensorsMetadata } from "./safetensors.ts";

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
export function loadModel(file: Uint8Array, { backend, allowNonFinite = false }: LoadModelOptions = {}): Model {
  const { metadata, config, weightType, weight, unread } = readModel(file, allowNonFinite);
  const model = refusing(
    () => modelFromConfig(config, { ...(backend && { backend }), weights: weight }),
    "its configuration does not work",
  );
  model.weightType = weightType;
  const odd = unread();
  if (odd !== undefined)
    throw new FormatError(
      `Cannot load this model: its file has a weight "${odd}" that its configuration does not ask for. The file is damaged.`,
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
