import { ValueError } from "../../errors.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";

/**
 * Rows of a table by index.   table [V, D], indices [...] → [..., D].
 * Indices are whole numbers in [0, V), kept as floats (exact up to 2²⁴ in float32); `checkIndices` says so for host data.
 */
export const gatherRows: (table: Tensor, indices: Tensor) => Tensor = defineOp({
  name: "gatherRows",
  forward: (table: Tensor, indices: Tensor) => {
    const width = table.shape[1] as number;
    const output = allocate([...indices.shape, width], table.backend);
    table.backend.kernels.gatherRows(table.storage, indices.storage, output.storage, indices.size, width);
    return { output, saved: { table, indices } };
  },
  backward: (dy, { table, indices }) => {
    const dTable = allocate(table.shape, table.backend);
    const { kernels } = table.backend;
    kernels.fill(dTable.storage, 0);
    kernels.scatterAddRows(dy.storage, indices.storage, dTable.storage, indices.size, table.shape[1] as number);
    return [dTable, null];
  },
});

/** @throws {ValueError} naming the first entry that is not a whole number in [0, rows). */
export function checkIndices(indices: ArrayLike<number>, rows: number, attempted: string): void {
  for (let k = 0; k < indices.length; k++) {
    const index = indices[k] as number;
    if (!Number.isInteger(index) || index < 0 || index >= rows) {
      throw new ValueError(
        `Cannot ${attempted} with index ${index} at position ${k}: indices are whole numbers from 0 to ${rows - 1}.`,
      );
    }
  }
}
