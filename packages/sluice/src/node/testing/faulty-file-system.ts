import { type FileSystem, nodeFileSystem } from "../file-system.ts";

export type Fault =
  /** The call fails with this code, once. */
  | { readonly kind: "fails"; readonly code: string; readonly at: number }
  /** The process dies in this call: a write leaves half its bytes, and nothing after it happens. */
  | { readonly kind: "dies"; readonly at: number };

export interface FaultyFileSystem extends FileSystem {
  /** Calls so far, by name. */
  readonly calls: readonly string[];
}

export class Died extends Error {}

/** Node's file system, of which one call goes wrong. `at` counts all calls from 0. */
export function faultyFileSystem(fault: Fault | null): FaultyFileSystem {
  const calls: string[] = [];
  const call = async <T>(
    name: string,
    run: () => Promise<T>,
    half: () => Promise<unknown> = async () => undefined,
  ): Promise<T> => {
    const now = calls.push(name) - 1;
    if (fault?.kind === "dies" && now >= fault.at) {
      if (now === fault.at) await half();
      throw new Died(`died in ${name}`);
    }
    if (fault?.kind === "fails" && now === fault.at)
      throw Object.assign(new Error(`${fault.code}: made to fail, ${name}`), { code: fault.code });
    return run();
  };
  return {
    calls,
    makeFolder: (path) => call("makeFolder", () => nodeFileSystem.makeFolder(path)),
    list: (path) => call("list", () => nodeFileSystem.list(path)),
    read: (path) => call("read", () => nodeFileSystem.read(path)),
    async create(path) {
      const writer = await call("create", () => nodeFileSystem.create(path));
      return {
        write: (bytes) =>
          call(
            "write",
            () => writer.write(bytes),
            () => writer.write(bytes.subarray(0, bytes.length / 2)),
          ),
        sync: () => call("sync", () => writer.sync()),
        close: () => writer.close().then(() => call("close", async () => undefined)), // closed in any case, so that no handle is left
      };
    },
    rename: (from, to) => call("rename", () => nodeFileSystem.rename(from, to)),
    remove: (path) => call("remove", () => nodeFileSystem.remove(path)),
    syncFolder: (path) => call("syncFolder", () => nodeFileSystem.syncFolder(path)),
  };
}
