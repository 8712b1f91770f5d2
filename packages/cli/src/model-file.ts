import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ForecasterModel } from "@sluice/tasks";
import type { Context } from "./define-command.ts";
import { ModelFileError } from "./exit-codes.ts";
import { unreadable } from "./read-file.ts";
import { findRunFolder, openRun, runFiles } from "./runs.ts";

/** Largest model file that is read: 2 GB. */
const MAX_BYTES = 2 ** 31;

/**
 * The file behind MODEL: a .safetensors file, a run's folder or a run's id.
 * @throws {ModelFileError} when there is none.
 */
export function modelPath(name: string, { host, program }: Context): string {
  const path = resolve(host.cwd, name);
  if (existsSync(path) && statSync(path).isFile()) return path;
  const folder = findRunFolder(host, name);
  const model = folder === null ? join(path, "model.safetensors") : runFiles(folder).model;
  if (existsSync(model)) return model;
  if (folder !== null) throw new ModelFileError(`Run ${name} has no model yet. Finish it: ${program} resume ${name}`);
  if (!/[./\\]/.test(name)) return runFiles(openRun(host, name).dir).model;
  throw new ModelFileError(
    `Cannot open model ${name}: there is no such file. Give a .safetensors file, a run's folder or a run's id.`,
  );
}

/** @throws {ModelFileError} when the file cannot be read or is too large. */
export function modelBytes(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) {
      throw new ModelFileError(`Cannot open model ${path}: it has ${size} bytes, and at most ${MAX_BYTES} are read.`);
    }
    return readFileSync(path);
  } catch (cause) {
    const reason = unreadable(cause);
    if (reason === null) throw cause;
    throw new ModelFileError(`Cannot open model ${path}: ${reason}.`, { cause });
  }
}

/** The forecaster behind MODEL. @throws {FormatError} when the file is not one. */
export async function openForecaster(name: string, context: Context): Promise<ForecasterModel> {
  const path = modelPath(name, context);
  context.output.log(`Loading ${name} …`, context.output.dim);
  const { loadForecaster } = await import("@sluice/tasks");
  return loadForecaster(modelBytes(path));
}
