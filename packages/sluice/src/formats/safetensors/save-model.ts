import { ValueError } from "../../errors.ts";
import type { Model } from "../../models/model.ts";
import { VERSION } from "../../version.ts";
import { FORMAT, OURS } from "./model-texts.ts";
import { roundContent } from "./rounded-weights.ts";
import { type SafetensorsContent, writeSafetensors } from "./safetensors.ts";

/** Options of `saveModel`. */
export interface SaveModelOptions {
  /** Texts to keep in the file, such as the preprocessing that belongs to the model; keys must not begin with "sluice.". */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The model as one safetensors file: weights under their paths ("lstm/kernel"), and as texts in its metadata the
 * configuration (`sluice.model`), how it was compiled (`sluice.compile`), and whatever the caller adds. Any safetensors
 * reader opens it; nothing in it can execute. Matrices of a quantized model are written as F16, BF16, or I8 with their scales
 * under "@scale/lstm/kernel". State kept by `stateful` layers is not saved.
 * @throws {ValueError} when a layer's type is not registered, or a metadata key begins with "sluice.".
 * @example await writeFile("model.safetensors", await saveModel(model));
 */
export async function saveModel(model: Model, { metadata = {} }: SaveModelOptions = {}): Promise<Uint8Array> {
  return writeSafetensors(roundContent(await modelContent(model, metadata), model.weightType));
}

/** What a model file holds; checkpoints add to it. */
export async function modelContent(model: Model, metadata: Readonly<Record<string, string>>): Promise<SafetensorsContent> {
  const reserved = Object.keys(metadata).find((key) => key.startsWith(OURS));
  if (reserved !== undefined)
    throw new ValueError(
      `Cannot save a model with the metadata key "${reserved}": keys that begin with "${OURS}" are the library's own.`,
    );
  const spec = model.compileSpec;
  const texts = new Map([
    ["sluice.format", String(FORMAT)],
    ["sluice.version", VERSION],
    ["sluice.model", JSON.stringify(model.toConfig())],
    ...(spec ? ([["sluice.compile", JSON.stringify(spec)]] as const) : []),
    ...Object.entries(metadata),
  ]);
  return { metadata: texts, tensors: await model.weights() };
}
