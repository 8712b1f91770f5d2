import type { Storage } from "../backend/backend.ts";
import type { Cell } from "../layers/cells/cell.ts";
import { isGateActivation } from "../layers/cells/cell-options.ts";
import { GRUCell } from "../layers/cells/gru-cell.ts";
import { LSTMCell } from "../layers/cells/lstm-cell.ts";
import { SimpleRNNCell } from "../layers/cells/simple-rnn-cell.ts";
import { StackedCells } from "../layers/cells/stacked-cells.ts";
import type { State } from "../layers/layer.ts";
import type { RecurrentLayer } from "../layers/recurrent-layer.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import { cannotStream, type PlanBuilder, type StepValue } from "./plan-builder.ts";

/** A recurrent layer: its cell once, with a state that goes on. */
export function planRecurrent(layer: RecurrentLayer, inputs: readonly StepValue[], builder: PlanBuilder): readonly StepValue[] {
  const { goBackwards = false, returnSequences = false, returnState = false } = layer.options;
  const x = inputs[0] as StepValue;
  if (goBackwards) throw cannotStream(layer, "it begins at the end of the sequence (goBackwards), which a stream never sees.");
  if (inputs.length > 1) throw cannotStream(layer, "its initial state is an input of its own.");
  if (!x.sequence) throw cannotStream(layer, "it reads a sequence that the model makes inside.");
  const states = planCell(layer.cell, layer.name, x, builder).map((state) => ({ ...state, sequence: false }));
  const [output] = states.filter(({ shown }) => shown) as [CellPart];
  return [{ ...output, sequence: returnSequences }, ...(returnState ? states : [])];
}

/** One part of a cell's state; the one that is its output is `shown`. */
interface CellPart extends StepValue {
  readonly shown: boolean;
}

/** Adds one step of a cell; gives the parts of its state in their order. */
function planCell(cell: Cell, path: string, x: StepValue, builder: PlanBuilder): CellPart[] {
  if (cell instanceof StackedCells) return planStack(cell, path, x, builder);
  const parts = Object.entries<Shape>(cell.stateShapes).map(([name, shape]): [string, CellPart] => {
    const width = sizeOf(shape);
    const storage = builder.state(`${path}/${name}`, width);
    return [name, { storage, shape, width, sequence: true, shown: name === "hiddenState" }];
  });
  const states = new Map(parts.map(([name, { storage }]) => [name, storage]));
  if (!planKnownCell(cell, x.storage, states, builder)) planAnyCell(cell, x, parts, builder);
  return parts.map(([, part]) => part);
}

/** Each cell reads what the one below it shows. */
function planStack({ cells }: StackedCells, path: string, x: StepValue, builder: PlanBuilder): CellPart[] {
  let below = x;
  const parts = cells.map((cell, k) => {
    const own = planCell(cell, `${path}/${k}`, below, builder);
    below = own.find(({ shown }) => shown) as StepValue;
    return own;
  });
  return parts.flatMap((own, k) => own.map((part) => ({ ...part, shown: part.shown && k === cells.length - 1 })));
}

/** The cells with fused steps; false for others, classes built on them included, and for activations that the fused steps do not have. */
function planKnownCell(cell: Cell, x: Storage, states: ReadonlyMap<string, Storage>, builder: PlanBuilder): boolean {
  const hidden = states.get("hiddenState") as Storage;
  const { calls, steps, capacity } = builder;
  if (cell instanceof LSTMCell && cell.constructor === LSTMCell) {
    const { activation, recurrentActivation } = cell.settings;
    if (!isGateActivation(activation) || !isGateActivation(recurrentActivation)) return false;
    const [kernel, recurrentKernel] = [builder.matrix(cell.kernel), builder.matrix(cell.recurrentKernel)];
    const bias = builder.numbersOf(cell.bias);
    const memory = { hidden, cell: states.get("cellState") as Storage };
    calls.push(steps.lstm({ x, kernel, recurrentKernel, bias, activation, recurrentActivation, ...memory }, capacity));
    return true;
  }
  if (cell instanceof GRUCell && cell.constructor === GRUCell) {
    const { units } = cell.settings;
    const activations = cell.plainActivations;
    if (!activations) return false;
    const kernel = builder.matrix(cell.kernel);
    const gateKernel = builder.matrix(cell.recurrentKernel, 0, 2 * units);
    const candidateKernel = builder.matrix(cell.recurrentKernel, 2 * units);
    const [bias, recurrentBias] = [builder.numbersOf(cell.bias), builder.numbersOf(cell.recurrentBias)];
    const weights = { kernel, gateKernel, candidateKernel, bias, recurrentBias };
    const { resetAfter } = cell;
    calls.push(steps.gru({ x, ...weights, hidden, ...activations, resetAfter }, capacity));
    return true;
  }
  if (cell instanceof SimpleRNNCell && cell.constructor === SimpleRNNCell) {
    const activation = cell.plainActivation;
    if (!activation) return false;
    const [kernel, recurrentKernel] = [builder.matrix(cell.kernel), builder.matrix(cell.recurrentKernel)];
    calls.push(steps.rnn({ x, kernel, recurrentKernel, bias: builder.numbersOf(cell.bias), hidden, activation }, capacity));
    return true;
  }
  return false;
}

/** Any other cell, by its own `step` on tensors: with the model's own weights, and with memory taken in each step. */
function planAnyCell(cell: Cell, x: StepValue, parts: readonly [string, CellPart][], builder: PlanBuilder): void {
  if (builder.weights !== "float32") {
    throw cannotStream(
      cell,
      `its step is not one of the fused ones, so its weights cannot be ${builder.weights}; stream with weights "float32".`,
    );
  }
  const { backend } = builder;
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
