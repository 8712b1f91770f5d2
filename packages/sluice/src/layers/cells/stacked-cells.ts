import { reverse } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { BuildContext, CallContext, Layer, LayerOptions, State, SymbolicShape } from "../layer.ts";
import { processingMask, type SequenceResult } from "../scan.ts";
import { Cell, dropoutAt, noDropout, type SequenceOrder, type StepDropout } from "./cell.ts";
import { gatesWithin } from "./gates.ts";
import { wholeSequence } from "./whole-sequence.ts";

/** Options of `stackedCells`. */
export interface StackedCellsOptions extends LayerOptions {
  readonly cells: readonly Cell[];
}

/**
 * Several cells as one: each reads what the one below it shows, within the same time step. The state lists the parts of all
 * cells, named by position: "0/hiddenState", "0/cellState", "1/hiddenState". `rnn([…])` makes it; it is not a layer of its own.
 */
export class StackedCells extends Cell<StackedCellsOptions> {
  readonly type: string = "StackedCells";
  readonly cells: readonly Cell[];

  constructor(options: StackedCellsOptions) {
    super(options, "stackedCells");
    this.cells = options.cells;
  }

  get stateShapes(): Readonly<Record<string, Shape>> {
    return Object.fromEntries(
      this.cells.flatMap((cell, k) => Object.entries<Shape>(cell.stateShapes).map(([name, shape]) => [`${k}/${name}`, shape])),
    );
  }

  override get sublayers(): readonly Layer[] {
    return this.cells;
  }

  override get inputRank(): number {
    return this.cells[0]?.inputRank ?? 2;
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    return this.cells.reduce<SymbolicShape>((x, cell) => cell.outputShape([x]), inputs[0] as SymbolicShape);
  }

  protected override buildParameters(inputs: readonly SymbolicShape[], context: BuildContext): void {
    this.cells.reduce<SymbolicShape>((x, cell, k) => {
      cell.build([x], { ...context, path: `${context.path}/${k}` });
      return cell.outputShape([x]);
    }, inputs[0] as SymbolicShape);
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    let shape = x;
    const inner = this.cells.map((cell) => {
      const drawn = cell.drawDropout(shape, context);
      shape = cell.outputShape([shape]) as Shape;
      return drawn;
    });
    if (!inner.some(({ at }) => at)) return { ...noDropout, inner };
    return { ...noDropout, inner, at: (t) => ({ ...noDropout, inner: inner.map((each) => dropoutAt(each, t)) }) };
  }

  override initialState(x: Pick<Tensor, "shape" | "backend">): State {
    return joined(this.cells.map((cell) => cell.initialState(x)));
  }

  step(x: Tensor, state: State, dropout: StepDropout = noDropout): State {
    let below = x;
    const next = this.cells.map((cell, k) => {
      const read = below;
      const after = gatesWithin(k, () => cell.step(read, partOf(state, k), dropout.inner?.[k]));
      below = cell.output(after);
      return after;
    });
    return joined(next);
  }

  /** Cell by cell: each over the whole sequence that the one below it shows. */
  override sequence(
    x: Tensor,
    state: State,
    mask: Tensor | null,
    { inner = [] }: StepDropout,
    { goBackwards = false, returnSequences = false }: SequenceOrder,
  ): SequenceResult<State> {
    const seen = goBackwards ? reverse(x, 1) : x;
    const uses = mask && processingMask(mask, goBackwards);
    let below = seen;
    const last = this.cells.map((cell, k) => {
      const order = { returnSequences: returnSequences || k + 1 < this.cells.length };
      const run = wholeSequence(cell, below, partOf(state, k), uses, inner[k] ?? noDropout, order);
      below = run.output;
      return run.state;
    });
    return { output: below, state: joined(last) };
  }

  override output(state: State): Tensor {
    const top = this.cells.length - 1;
    return (this.cells[top] as Cell).output(partOf(state, top));
  }
}

/** The states of all cells as one, names numbered by cell. */
function joined(states: readonly State[]): State {
  return Object.fromEntries(states.flatMap((state, k) => Object.entries(state).map(([name, part]) => [`${k}/${name}`, part])));
}

/** The state of cell k, under its own names. */
function partOf(state: State, k: number): State {
  const prefix = `${k}/`;
  return Object.fromEntries(
    Object.entries(state).flatMap(([name, part]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), part]] : [])),
  );
}
