import { createReadStream, existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readCsv } from "../csv.ts";
import type { Table } from "../table.ts";

const root = fileURLToPath(new URL("../../../../../shared/data/", import.meta.url));

/** Whether the folder of real data sets lies beside the repository; tests that read it say so when they are skipped. */
export const haveRealFiles: boolean = existsSync(root);

/** A real data set as a table, by its path inside that folder. */
export function readReal(path: string): Promise<Table> {
  return readCsv(createReadStream(root + path), { name: path });
}
