import { broadcastTo, expandDims } from "../../autograd/ops/shape.ts";
import { ValueError } from "../../errors.ts";
import type { InitializerSpec } from "../../initializers/initializers.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { BuildContext, LayerOptions, State, SymbolicShape } from "../layer.ts";
import { knownOptions, layerNames, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import type { SequenceResult } from "../scan.ts";
import { Cell, noDropout, type SequenceOrder, type StepDropout } from "./cell.ts";
import { CellAround } from "./cell-around.ts";

/** Options of `learnedStateCell`. */
export interface LearnedStateCellOptions extends LayerOptions {
  readonly cell: Cell;
  /** Which parts of the state are learned, by name; the others start as the cell starts them. Default all. */
  readonly parts?: readonly string[];
  /** Default "zeros". */
  readonly stateInitializer?: InitializerSpec;
}

const learnedStateCellNames: NamesOf<LearnedStateCellOptions> = {
  ...layerNames,
  cell: true,
  parts: true,
  stateInitializer: true,
};

/**
 * Any cell, with a learned state to start from: one for all rows, used where no state is given. Its weights are the cell's, and
 * "initial/hiddenState" and so on, each of the shape of that part without the batch.
 */
export class LearnedStateCell extends CellAround<LearnedStateCellOptions> {
  readonly type: string = "LearnedStateCell";
  private readonly initial = new Map<string, Parameter>();

  constructor(options: LearnedStateCellOptions) {
    super(options, "learnedStateCell");
    if (!(this.cell instanceof Cell)) {
      throw new ValueError(
        "Cannot make LearnedStateCell without a cell: give one, such as learnedState(gruCell({ units: 32 })).",
      );
    }
  }

  get stateShapes(): Readonly<Record<string, Shape>> {
    return this.cell.stateShapes;
  }

  protected override buildParameters(inputs: readonly SymbolicShape[], context: BuildContext): void {
    super.buildParameters(inputs, context);
    const { parts = Object.keys(this.stateShapes), stateInitializer = "zeros" } = this.options;
    for (const name of parts) {
      const shape = this.stateShapes[name];
      if (!shape) {
        throw new ValueError(
          `Cannot learn the initial ${name} of cell "${this.cell.name}": its state is { ${Object.keys(this.stateShapes).join(", ")} }.`,
        );
      }
      this.initial.set(name, this.addParameter(`initial/${name}`, shape, { initializer: stateInitializer }));
    }
  }

  override initialState(x: Pick<Tensor, "shape" | "backend">): State {
    const start = this.cell.initialState(x);
    const learned = [...this.initial].map(([name, { tensor }]) => [
      name,
      broadcastTo(expandDims(tensor, 0), (start[name] as Tensor).shape),
    ]);
    return { ...start, ...Object.fromEntries(learned) };
  }

  step(x: Tensor, state: State, dropout: StepDropout = noDropout): State {
    return this.cell.step(x, state, dropout);
  }

  /** The cell's own way through the sequence: the learned state stands in `state` where none was given. */
  override sequence(
    x: Tensor,
    state: State,
    mask: Tensor | null,
    dropout: StepDropout,
    order: SequenceOrder,
  ): SequenceResult<State> | null {
    return this.cell.sequence(x, state, mask, dropout, order);
  }

  override output(state: State): Tensor {
    return this.cell.output(state);
  }
}

/**
 * The cell, with a learned state to start from.
 * @example rnn(learnedState(lstmCell({ units: 32 })))
 * @example rnn(learnedState(lstmCell({ units: 32 }), { parts: ["cellState"] }))
 */
export function learnedState(cell: Cell, options: Omit<LearnedStateCellOptions, "cell"> = {}): LearnedStateCell {
  return new LearnedStateCell(knownOptions("LearnedStateCell", { cell, ...options }, learnedStateCellNames));
}
