import { matmul } from "../../autograd/ops/matmul.ts";
import { concat, reshape, split, transpose } from "../../autograd/ops/shape.ts";
import { ValueError } from "../../errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { dropped } from "./cell.ts";
import { checkCount } from "./cell-options.ts";

/** Where biases of forget gates start: evenly spaced from the first number to the second, unit by unit or head by head. */
export type BiasRange = readonly [number, number];

/** @throws {ValueError} unless heads is a whole number ≥ 1 that divides units. */
export function checkHeads(heads: number, units: number, type: string): void {
  checkCount(heads, type, "heads");
  if (units % heads !== 0) {
    throw new ValueError(
      `Cannot make ${type} with ${heads} heads of ${units} units: heads share the units evenly. Take a divisor.`,
    );
  }
}

/**
 * h R with R block-diagonal by head; with masks, the block of gate k reads h ⊙ mask_k.
 * h [B, n · d], R [n, d, G · d] → [B, G · n · d], blocks side by side as without heads.
 */
export function headwiseProduct(h: Tensor, R: Tensor, masks: readonly Tensor[] = []): Tensor {
  if (masks.length > 0) return concat(split(R, masks.length).map((block, k) => headwiseProduct(dropped(h, masks[k]), block)));
  const B = h.shape[0] as number;
  const [n, d, width] = R.shape as [number, number, number];
  if (n === 1) return matmul(h, reshape(R, [d, width]));
  const byHead = transpose(reshape(h, [B, n, d]), [1, 0, 2]);
  const products = reshape(matmul(byHead, R), [n, B, width / d, d]);
  return reshape(transpose(products, [1, 2, 0, 3]), [B, width * n]);
}

/** Fills entries from … to − 1 with numbers evenly spaced over the range. */
export function fillRange(values: Float64Array, from: number, to: number, [low, high]: BiasRange): void {
  const count = to - from;
  for (let k = 0; k < count; k++) values[from + k] = low + (count > 1 ? (k / (count - 1)) * (high - low) : 0);
}
