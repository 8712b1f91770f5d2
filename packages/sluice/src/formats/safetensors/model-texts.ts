import { FormatError } from "../../errors.ts";
import { VERSION } from "../../version.ts";

/** The version of the layout that `saveModel` writes; a file with a higher one is refused. */
export const FORMAT = 1;
/** Our own texts begin with this; every other key belongs to the caller. */
export const OURS = "sluice.";
/** Tensors that begin with this are no weights: they belong to a checkpoint, or are the scales of int8 weights. */
export const CHECKPOINT_PREFIX = "@";

/** @throws {FormatError} when the file is not a model's, or newer than this version. */
export function checkFormat(metadata: ReadonlyMap<string, string>): void {
  const format = metadata.get("sluice.format");
  if (format === undefined || !/^[1-9]\d{0,8}$/.test(format)) {
    throw new FormatError(
      "Cannot load this model: the file is safetensors, but not a model of this library: it has no sluice.format. Save it with saveModel.",
    );
  }
  if (Number(format) > FORMAT) {
    throw new FormatError(
      `Cannot load this model: its format is version ${format}, and this library (${VERSION}) reads up to version ${FORMAT}. Update sluice.`,
    );
  }
}

/** @throws {FormatError} when the text is missing or no JSON. */
export function parseJson(metadata: ReadonlyMap<string, string>, key: string): unknown {
  try {
    return JSON.parse(metadata.get(key) ?? "", (name, value) => {
      if (name === "__proto__") throw new FormatError("a reserved name");
      return value as unknown;
    });
  } catch {
    throw new FormatError(`Cannot load this file: its text "${key}" is missing or damaged. Get the file again from its source.`);
  }
}

/** Any complaint about what a file asks for is a complaint about the file. */
export function refusing<T>(make: () => T, what: string): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`Cannot load this model: ${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
