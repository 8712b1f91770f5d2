import { concat, expandDims, reshape, reverse, slice, squeeze, transpose } from "../../autograd/ops/shape.ts";
import { ValueError } from "../../errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import { type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import type { LayerOptions, State } from "../layer.ts";
import { knownOptions, layerNames, type NamesOf } from "../option-names.ts";
import { type RNN, type RNNOptions, rnn } from "../rnn.ts";
import type { SequenceResult } from "../scan.ts";
import { type Cell, noDropout, type SequenceOrder, type StepDropout } from "./cell.ts";
import { CellAround } from "./cell-around.ts";
import { checkCount } from "./cell-options.ts";
import { wholeSequence } from "./whole-sequence.ts";

/** Options of the dilated cell. */
export interface DilatedCellOptions extends LayerOptions {
  readonly cell: Cell;
  /** d: the cell goes on from the state d steps ago. */
  readonly dilation: number;
}

const dilatedCellNames: NamesOf<DilatedCellOptions> = { ...layerNames, cell: true, dilation: true };

/**
 * A cell that skips through time [Chang et al. 2017, "Dilated recurrent neural networks", arXiv:1710.02224]:
 *
 *     s_t = cell(x_t, s_{t−d})
 *
 * A whole sequence runs as d interleaved ones side by side, in ⌈T / d⌉ steps, by the cell's kernel where it has one.
 * Its weights are the cell's. The state holds the last d states of the cell, the oldest first: each part [B, d, …].
 */
export class DilatedCell extends CellAround<DilatedCellOptions> {
  readonly type: string = "DilatedCell";
  constructor(options: DilatedCellOptions) {
    super(options, "dilatedCell");
    checkCount(options.dilation, "DilatedCell", "dilation");
  }

  get stateShapes(): Readonly<Record<string, Shape>> {
    const { dilation } = this.options;
    return Object.fromEntries(Object.entries<Shape>(this.cell.stateShapes).map(([name, shape]) => [name, [dilation, ...shape]]));
  }

  override initialState(x: Pick<Tensor, "shape" | "backend">): State {
    const { dilation } = this.options;
    return mapState(this.cell.initialState(x), (part) => concat(new Array(dilation).fill(expandDims(part, 1)), { axis: 1 }));
  }

  step(x: Tensor, state: State, dropout: StepDropout = noDropout): State {
    const { dilation } = this.options;
    const next = this.cell.step(x, mapState(state, oldest), dropout);
    return mapState(next, (part, name) =>
      concat([slice(state[name] as Tensor, 1, dilation, { axis: 1 }), expandDims(part, 1)], { axis: 1 }),
    );
  }

  /** The d interleaved sequences as d rows of one batch, so that T steps become ⌈T / d⌉. A masked step would shift the ones that follow: it steps. */
  override sequence(
    x: Tensor,
    state: State,
    mask: Tensor | null,
    dropout: StepDropout,
    { goBackwards = false, returnSequences = false }: SequenceOrder,
  ): SequenceResult<State> | null {
    const d = this.options.dilation;
    const [B, T] = x.shape as [number, number];
    if (mask || T === 0 || dropout.inner || dropout.output) return null; // those masks have B rows
    const rows = Math.ceil(T / d);
    const inOrder = goBackwards ? reverse(x, 1) : x;
    const begin = mapState(state, (part) => reshape(part, [B * d, ...part.shape.slice(2)]));
    const thinned: StepDropout = { ...dropout, input: null };
    const run = wholeSequence(this.cell, apart(inOrder, d), begin, inside(B, T, d, x), thinned, { returnSequences: true });
    const [, , ...shown] = run.output.shape;
    const together = reshape(swapped(reshape(run.output, [B, d, rows, ...shown])), [B, rows * d, ...shown]);
    const output = returnSequences ? slice(together, 0, T, { axis: 1 }) : squeeze(slice(together, T - 1, T, { axis: 1 }), 1);
    return { output, state: mapState(run.state, (part) => oldestFirst(reshape(part, [B, d, ...part.shape.slice(1)]), T % d)) };
  }

  override output(state: State): Tensor {
    const { dilation } = this.options;
    return this.cell.output(mapState(state, (part) => oldest(slice(part, dilation - 1, dilation, { axis: 1 }))));
  }
}

/** x [B, T, …] as the d sequences of every d-th step: [B · d, ⌈T / d⌉, …], with zeros at the end. */
function apart(x: Tensor, d: number): Tensor {
  const [B, T, ...features] = x.shape as [number, number, ...number[]];
  const rows = Math.ceil(T / d);
  const missing = rows * d - T;
  const whole = missing > 0 ? concat([x, zeros([B, missing, ...features], { backend: x.backend })], { axis: 1 }) : x;
  return reshape(swapped(reshape(whole, [B, rows, d, ...features])), [B * d, rows, ...features]);
}

/** Which of these steps are inside the sequence; null when all are. */
function inside(B: number, T: number, d: number, { backend }: Tensor): Tensor | null {
  const rows = Math.ceil(T / d);
  if (rows * d === T) return null;
  const uses = Float32Array.from({ length: B * d * rows }, (_, k) => {
    const [phase, row] = [Math.floor(k / rows) % d, k % rows];
    return row * d + phase < T ? 1 : 0;
  });
  return tensor(uses, [B * d, rows], { backend });
}

/** Axes 1 and 2 swapped. */
function swapped(x: Tensor): Tensor {
  return transpose(x, [0, 2, 1, ...x.shape.slice(3).map((_, k) => k + 3)]);
}

/** States [B, d, …] by phase, begun with the one that is the oldest. */
function oldestFirst(byPhase: Tensor, phase: number): Tensor {
  if (phase === 0) return byPhase;
  return concat([slice(byPhase, phase, undefined, { axis: 1 }), slice(byPhase, 0, phase, { axis: 1 })], { axis: 1 });
}

function oldest(part: Tensor): Tensor {
  return squeeze(slice(part, 0, 1, { axis: 1 }), 1);
}

function mapState(state: State, change: (part: Tensor, name: string) => Tensor): State {
  return Object.fromEntries(Object.entries(state).map(([name, part]) => [name, change(part, name)]));
}

/** The cell, going on from the state `dilation` steps ago. @example rnn(dilated(gruCell({ units: 32 }), 4)) */
export function dilated(cell: Cell, dilation: number, options: Omit<DilatedCellOptions, "cell" | "dilation"> = {}): DilatedCell {
  return new DilatedCell(knownOptions("DilatedCell", { cell, dilation, ...options }, dilatedCellNames));
}

/** Options of `dilatedRnn`. */
export interface DilatedRNNOptions extends Omit<RNNOptions, "cells"> {
  /** One for each cell. Default 1, 2, 4, 8, … */
  readonly dilations?: readonly number[];
}

/**
 * A stack of dilated cells of any kind, the first nearest to the input.
 * @throws {ValueError} when there is not one dilation for each cell.
 * @example dilatedRnn([gruCell({ units: 32 }), gruCell({ units: 32 })], { dilations: [1, 4], returnSequences: true })
 */
export function dilatedRnn(
  cells: readonly Cell[],
  { dilations = cells.map((_, k) => 2 ** k), ...options }: DilatedRNNOptions = {},
): RNN {
  if (dilations.length !== cells.length) {
    throw new ValueError(
      `Cannot make a dilated RNN of ${cells.length} cells with ${dilations.length} dilations: give one for each cell.`,
    );
  }
  return rnn(
    cells.map((cell, k) => dilated(cell, dilations[k] as number)),
    options,
  );
}
