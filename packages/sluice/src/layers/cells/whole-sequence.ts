import type { Tensor } from "../../tensor/tensor.ts";
import type { State } from "../layer.ts";
import { type SequenceResult, scan } from "../scan.ts";
import { type Cell, dropoutAt, runSequence, type SequenceOrder, type StepDropout } from "./cell.ts";

/** A cell over a sequence in processing order: in its own fast way, else step by step. */
export function wholeSequence(
  cell: Cell,
  x: Tensor,
  state: State,
  mask: Tensor | null,
  dropout: StepDropout,
  { returnSequences = false }: Pick<SequenceOrder, "returnSequences">,
): SequenceResult<State> {
  const whole = runSequence(cell, x, state, mask, dropout, { returnSequences });
  if (whole) return whole;
  const step = (xt: Tensor, before: State, t: number): State => cell.step(xt, before, dropoutAt(dropout, t));
  return scan(step, state, x, { mask, output: (after) => cell.output(after), returnSequences });
}
