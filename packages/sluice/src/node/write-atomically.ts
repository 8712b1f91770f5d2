import { basename, dirname, join } from "node:path";
import { StorageError } from "../training/checkpoint-store.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";

/** Files that a killed process left half written end in this. */
export const TEMPORARY = ".tmp";

/**
 * Writes a file whole or not at all: a temporary file in the same folder, fsync, rename, fsync of the folder.
 * @throws {StorageError} fatal when the disk did not confirm what was written; otherwise what stood there before still stands.
 */
export async function writeAtomically(fileSystem: FileSystem, folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(folder, name + TEMPORARY);
  try {
    const writer = await fileSystem.create(temporary);
    try {
      await writer.write(bytes);
      await confirmed(() => writer.sync(), name, folder);
    } finally {
      await writer.close();
    }
    await fileSystem.rename(temporary, join(folder, name));
    await confirmed(() => fileSystem.syncFolder(folder), name, folder);
  } catch (error) {
    await fileSystem.remove(temporary).catch(() => undefined); // the error above is the one to tell
    throw error instanceof StorageError ? error : failed(name, folder, error);
  }
}

/**
 * Writes a file whole or not at all, on the host's file system; its folder must exist.
 * @throws {StorageError} when it could not be written; then what stood there before still stands, unless it is `fatal`.
 * @example await writeFileAtomically("model.safetensors", await saveModel(model));
 */
export function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  return writeAtomically(nodeFileSystem, dirname(path), basename(path), bytes);
}

async function confirmed(sync: () => Promise<void>, name: string, folder: string): Promise<void> {
  try {
    await sync();
  } catch (cause) {
    throw new StorageError(
      `Cannot rely on ${name} in ${folder}: the disk did not confirm the write (${reasonOf(cause)}), so its contents are unknown. Check the disk, then resume from another folder.`,
      { fatal: true, cause },
    );
  }
}

function failed(name: string, folder: string, cause: unknown): StorageError {
  return new StorageError(
    `Cannot write ${name} in ${folder}: ${reasonOf(cause)}. What was there before is untouched. Free some space, or check that the folder may be written.`,
    { fatal: false, cause },
  );
}

/** "ENOSPC: no space left on device" rather than the whole call. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split(", ")[0] ?? text;
}
