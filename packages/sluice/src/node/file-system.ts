import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";

/** A file that is being written. */
export interface FileWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Returns when the disk has everything written so far. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What the checkpoint folder asks of a file system, one call a step, so that a test can let any of them fail. */
export interface FileSystem {
  makeFolder(path: string): Promise<void>;
  /** Names in the folder. */
  list(path: string): Promise<readonly string[]>;
  read(path: string): Promise<Uint8Array>;
  /** Makes or empties a file. */
  create(path: string): Promise<FileWriter>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Returns when the disk has the folder's entries. */
  syncFolder(path: string): Promise<void>;
}

/** The one of Node. */
export const nodeFileSystem: FileSystem = {
  makeFolder: async (path) => void (await mkdir(path, { recursive: true })),
  list: (path) => readdir(path),
  read: (path) => readFile(path),
  async create(path) {
    const handle = await open(path, "w");
    return {
      async write(bytes) {
        for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
      },
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  async syncFolder(path) {
    if (process.platform === "win32") return; // Windows opens no folders; its rename is durable by journal
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};
