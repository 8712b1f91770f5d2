import type { Storage } from "../backend/backend.ts";
import type { StepCall } from "../backend/step-kernels.ts";
import type { Cell } from "../layers/cells/cell.ts";
import { GRUCell } from "../layers/cells/gru-cell.ts";
import { LSTMCell } from "../layers/cells/lstm-cell.ts";
import { SimpleRNNCell } from "../layers/cells/simple-rnn-cell.ts";
import { StackedCells } from "../layers/cells/stacked-cells.ts";
import type { State } from "../layers/layer.ts";
import type { RecurrentLayer } from "../layers/recurrent-layer.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import { cannotStream, type PlanBuilder, type StepValue } from "./plan-builder.ts";
import { type CellPart, cellParts, gruStep, lstmStep, planSequence, rnnStep } from "./recurrent-forms.ts";
import { stepLayerOf } from "./step-layer.ts";

/** A recurrent layer: its cell once, with a state that goes on. */
export function planRecurrent(layer: RecurrentLayer, inputs: readonly StepValue[], builder: PlanBuilder): readonly StepValue[] {
  return planSequence(layer, inputs, (x) => planCell(layer.cell, layer.name, x, builder));
}

/** Adds one step of a cell; gives the parts of its state in their order. */
function planCell(cell: Cell, path: string, x: StepValue, builder: PlanBuilder): readonly CellPart[] {
  if (cell instanceof StackedCells) return planStack(cell, path, x, builder);
  const parts = cellParts(cell.stateShapes, path, builder);
  const states = new Map(parts.map(([name, { storage }]) => [name, storage]));
  const call = fusedStep(cell, x, (name) => states.get(name) as Storage, builder);
  if (call) builder.calls.push(call);
  else planAnyCell(cell, x, parts, builder);
  return parts.map(([, part]) => part);
}

function fusedStep(cell: Cell, x: StepValue, state: (name: string) => Storage, builder: PlanBuilder): StepCall | null {
  if (cell instanceof LSTMCell) return lstmStep(stepLayerOf(cell), x, state, builder);
  if (cell instanceof GRUCell) return gruStep(stepLayerOf(cell), x, state, builder);
  if (cell instanceof SimpleRNNCell) return rnnStep(stepLayerOf(cell), x, state, builder);
  return null;
}

/** Each cell reads what the one below it shows. */
function planStack({ cells }: StackedCells, path: string, x: StepValue, builder: PlanBuilder): readonly CellPart[] {
  let below = x;
  const parts = cells.map((cell, k) => {
    const own = planCell(cell, `${path}/${k}`, below, builder);
    below = own.find(({ shown }) => shown) as StepValue;
    return own;
  });
  return parts.flatMap((own, k) => own.map((part) => ({ ...part, shown: part.shown && k === cells.length - 1 })));
}

/** Any other cell, by its own `step` on tensors: with the model's own weights, and with memory taken in each step. */
function planAnyCell(cell: Cell, x: StepValue, parts: readonly [string, CellPart][], builder: PlanBuilder): void {
  if (builder.weights !== "float32") {
    throw cannotStream(
      cell,
      `its step is not one of the fused ones, so its weights cannot be ${builder.weights}; stream with weights "float32".`,
    );
  }
  const { backend } = cell;
  const copy = (from: Storage, to: Storage, n: number): void => {
    const dense = { offset: 0, strides: [1] };
    backend.kernels.copy(from, dense, to, dense, [n], false);
  };
  const tensorOf = ({ storage, shape, width }: StepValue, rows: number): Tensor => {
    const tensor = allocate([rows, ...shape], backend);
    copy(storage, tensor.storage, rows * width);
    return tensor;
  };
  const run = (rows: number): void =>
    backend.step(() => {
      const before: State = Object.fromEntries(parts.map(([name, part]) => [name, tensorOf(part, rows)]));
      const after: State = cell.step(tensorOf(x, rows), before);
      for (const [name, { storage, width }] of parts) copy((after[name] as Tensor).storage, storage, rows * width);
    });
  builder.calls.push({ run, holds: [cell] });
}
