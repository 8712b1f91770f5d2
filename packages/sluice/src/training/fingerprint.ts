import { listOf } from "./arrays.ts";
import { sha256 } from "./checksum.ts";
import type { Batch, Dataset, NumericArray } from "./dataset.ts";

/** Examples that are looked at, from the first to the last at even distances. */
const LOOKED_AT = 64;

/** A short hash of how many examples there are and of some of them: tells a resumed run whether its data changed. */
export async function fingerprint(dataset: Dataset | null): Promise<string | null> {
  if (!dataset || dataset.length === 0) return null;
  const count = Math.min(LOOKED_AT, dataset.length);
  const step = count > 1 ? (dataset.length - 1) / (count - 1) : 0;
  const batch = await dataset.batch(Int32Array.from({ length: count }, (_, k) => Math.round(k * step)));
  const digests: number[] = [];
  for (const { shape, data } of arraysOf(batch)) {
    digests.push(...new TextEncoder().encode(`[${shape.join(",")}]`));
    digests.push(...(await sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))));
  }
  digests.push(...new TextEncoder().encode(String(dataset.length)));
  return hex(await sha256(Uint8Array.from(digests)));
}

function arraysOf({ x, y, sampleWeight, mask }: Batch): NumericArray[] {
  const lists = [x, y ?? [], sampleWeight ?? [], mask ?? []];
  return lists.flatMap((each) => ("data" in each ? [each] : listOf(each, each.length, "data")));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
