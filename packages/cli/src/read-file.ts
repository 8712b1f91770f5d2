import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename, resolve } from "node:path";
import type { Table } from "@sluice/data";
import type { Context } from "./define-command.ts";

/** A data file as a table, and what is needed to know it again. */
export interface ReadFile {
  readonly table: Table;
  /** Absolute; null for stdin. */
  readonly path: string | null;
  /** Of the bytes as they lie there, before any gunzip; hex. */
  readonly sha256: string;
}

/**
 * Reads a CSV, plain or gzipped; `-` is stdin. The file streams through: it is hashed and parsed in one pass.
 * @throws {DataError} when it cannot be opened or is no table.
 */
export async function readTable(file: string, { host, output }: Context): Promise<ReadFile> {
  const path = file === "-" ? null : resolve(host.cwd, file);
  const name = path === null ? "stdin" : basename(path);
  output.log(path === null ? "Reading stdin …" : `Reading ${file} …`, output.dim);
  const { DataError, readCsv } = await import("@sluice/data");
  const hash = createHash("sha256");
  const source = path === null ? host.stdin : createReadStream(path, { highWaterMark: 1 << 18 });
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      const piece = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
      hash.update(piece);
      yield piece;
    }
  }
  try {
    const table = await readCsv(bytes(), { name });
    return { table, path, sha256: hash.digest("hex") };
  } catch (cause) {
    const reason = unreadable(cause);
    if (reason === null) throw cause;
    throw new DataError(
      `Cannot read ${file}: ${reason}. Give the path of a CSV file, plain or gzipped, or - for stdin.`,
      {},
      { cause },
    );
  }
}

/** Why a path cannot be read, in words; null when the error is of another kind. */
export function unreadable(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file",
    EISDIR: "it is a folder",
    EACCES: "this user may not read it",
    EPERM: "this user may not read it",
    EIO: "the disk reports an error",
  };
  return reasons[String(error.code)] ?? null;
}
