import { FormatError } from "../errors.ts";
import { verifyChecksum } from "./checksum.ts";

/** Where checkpoints are kept. `checkpointFolder` in "sluice/node" keeps files; a page may write its own over IndexedDB. */
export interface CheckpointStore {
  /**
   * Keeps the file, whole or not at all, and forgets what is neither among the newest nor the best.
   * @throws {StorageError}; when it is not `fatal`, what was kept before is still there and training goes on.
   */
  save(file: Uint8Array, about: CheckpointAbout): Promise<void>;
  /** The newest sound checkpoint; null when there is none at all. @throws {FormatError} when there are some and none is sound. */
  load(): Promise<LoadedCheckpoint | null>;
}

/** What a store is told about a checkpoint. */
export interface CheckpointAbout {
  readonly step: number;
  readonly epoch: number;
  /** The best so far by the loss that is watched. */
  readonly best: boolean;
}

/** The newest checkpoint that is whole, and those that were passed over. */
export interface LoadedCheckpoint {
  readonly name: string;
  readonly file: Uint8Array;
  /** Newer ones that were not sound, with the reason. */
  readonly skipped: readonly SkippedCheckpoint[];
}

/** A checkpoint that was not whole, and why. */
export interface SkippedCheckpoint {
  readonly name: string;
  readonly reason: string;
}

/** A checkpoint could not be written or read. */
export class StorageError extends Error {
  override readonly name: string = "StorageError";
  /** What was written may not be what the disk holds: nothing more must be built on it. */
  readonly fatal: boolean;

  constructor(message: string, { fatal, cause }: { fatal: boolean; cause?: unknown }) {
    super(message, { cause });
    this.fatal = fatal;
  }
}

/**
 * The first candidate whose checksum fits.
 * @param candidates newest first.
 * @throws {FormatError} when there are candidates and none fits.
 */
export async function newestSound(
  candidates: readonly { readonly name: string; readonly read: () => Promise<Uint8Array> }[],
): Promise<LoadedCheckpoint | null> {
  const skipped: SkippedCheckpoint[] = [];
  for (const { name, read } of candidates) {
    try {
      const file = await read();
      await verifyChecksum(file);
      return { name, file, skipped };
    } catch (error) {
      skipped.push({ name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  if (skipped.length === 0) return null;
  throw new FormatError(
    `Cannot resume: no checkpoint is sound. ${skipped.map(({ name, reason }) => `${name}: ${reason}`).join(" ")} Train from the start, without resume.`,
  );
}

/** Keeps the last two checkpoints and the best in memory: for pages and tests. They are gone with the process. */
export function memoryCheckpoints(): CheckpointStore {
  let kept: { name: string; file: Uint8Array; about: CheckpointAbout }[] = [];
  return {
    async save(file, about) {
      const others = kept
        .filter((each) => each.about.step !== about.step)
        .map((each) => (about.best ? { ...each, about: { ...each.about, best: false } } : each));
      const all = [...others, { name: `step ${about.step}`, file: file.slice(), about }];
      kept = all.filter((each, k) => k >= all.length - 2 || each.about.best);
    },
    load: () => newestSound(kept.toReversed().map(({ name, file }) => ({ name, read: async () => file }))),
  };
}
