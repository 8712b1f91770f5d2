import { join } from "node:path";
import { type CheckpointStore, newestSound } from "../training/checkpoint-store.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import { TEMPORARY, writeAtomically } from "./write-atomically.ts";

/** How many of the newest checkpoints are kept beside the best. */
const KEPT = 2;
const MANIFEST = "checkpoints.json";
const NAME = /^checkpoint-(\d{12})\.safetensors$/;

/** One checkpoint that was written whole. */
interface ManifestEntry {
  readonly name: string;
  readonly step: number;
  readonly epoch: number;
  readonly best: boolean;
}

/** Options of `checkpointFolder`. */
export interface CheckpointFolderOptions {
  /** For tests; by default the file system of the host. */
  readonly fileSystem?: FileSystem;
}

/**
 * Checkpoints as files of a folder: the last two and the best, and `checkpoints.json`, which names those that were written
 * whole. Every file appears whole or not at all (temporary file, fsync, rename, fsync of the folder), so a process may be
 * killed at any moment. Loading takes the newest whose checksum fits, whatever the manifest says.
 * @param folder is made when it does not exist.
 * @example await model.fit(x, y, { epochs: 100, checkpoint: { store: checkpointFolder("run/checkpoints") }, resume: true });
 */
export function checkpointFolder(folder: string, { fileSystem = nodeFileSystem }: CheckpointFolderOptions = {}): CheckpointStore {
  /** @returns names of checkpoint files, newest first; none when the folder does not exist. */
  const names = async (): Promise<string[]> => {
    const all = await fileSystem.list(folder).catch((error: unknown) => {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    });
    return all
      .filter((name) => NAME.test(name))
      .sort()
      .reverse();
  };
  return {
    async save(file, { step, epoch, best }) {
      const name = `checkpoint-${String(step).padStart(12, "0")}.safetensors`;
      await fileSystem.makeFolder(folder).catch(() => undefined); // writing says what is wrong with it
      await writeAtomically(fileSystem, folder, name, file);
      const before = (await readManifest(fileSystem, folder)).filter((entry) => entry.step < step);
      const all = [...before.map((entry) => (best ? { ...entry, best: false } : entry)), { name, step, epoch, best }];
      const kept = all.filter((entry, k) => k >= all.length - KEPT || entry.best);
      const manifest = `${JSON.stringify({ version: 1, checkpoints: kept }, null, 2)}\n`;
      await writeAtomically(fileSystem, folder, MANIFEST, new TextEncoder().encode(manifest));
      await forget(fileSystem, folder, new Set(kept.map((entry) => entry.name)));
    },
    async load() {
      const found = await names();
      return newestSound(found.map((name) => ({ name: join(folder, name), read: () => fileSystem.read(join(folder, name)) })));
    },
  };
}

/** What was written whole so far; empty when there is no manifest, or none that can be read. */
async function readManifest(fileSystem: FileSystem, folder: string): Promise<readonly ManifestEntry[]> {
  try {
    const parsed = JSON.parse(new TextDecoder().decode(await fileSystem.read(join(folder, MANIFEST)))) as {
      checkpoints: ManifestEntry[];
    };
    return parsed.checkpoints.filter(
      ({ name, step, epoch }) => NAME.test(name) && Number.isInteger(step) && Number.isInteger(epoch),
    );
  } catch {
    return [];
  }
}

/** Removes checkpoints the manifest does not name, and what killed processes left. What cannot be removed does no harm. */
async function forget(fileSystem: FileSystem, folder: string, kept: ReadonlySet<string>): Promise<void> {
  const all = await fileSystem.list(folder).catch(() => []);
  for (const name of all) {
    const ours = NAME.test(name.endsWith(TEMPORARY) ? name.slice(0, -TEMPORARY.length) : name) || name === MANIFEST + TEMPORARY;
    if (ours && !kept.has(name)) await fileSystem.remove(join(folder, name)).catch(() => undefined);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
