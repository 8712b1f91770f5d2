import type { Storage } from "../backend/backend.ts";
import type { Cell, FusedStep } from "../layers/cells/cell.ts";
import type { StackedCells } from "../layers/cells/stacked-cells.ts";
import type { State } from "../layers/layer.ts";
import type { RecurrentLayer } from "../layers/recurrent-layer.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import { cannotStream, type PlanBuilder, type StepLayer, type StepValue } from "./plan-builder.ts";
import { type CellPart, type CellStep, gruStep, lstmStep, planSequence, rnnStep } from "./recurrent-forms.ts";
import { stepLayerOf } from "./step-layer.ts";

/** A recurrent layer: its cell once, with a state that goes on. */
export function planRecurrent(layer: RecurrentLayer, inputs: readonly StepValue[], builder: PlanBuilder): readonly StepValue[] {
  return planSequence(layer, inputs, (x) => planCell(layer.cell, layer.name, x, builder));
}

/** Adds one step of a cell; gives the parts of its state in their order. */
function planCell(cell: Cell, path: string, x: StepValue, builder: PlanBuilder): readonly CellPart[] {
  if (cell.type === "StackedCells") return planStack(cell as StackedCells, path, x, builder); // by type: an app without stacks carries none
  const parts = cellParts(cell.stateShapes, path, builder);
  const states = new Map(parts.map(([name, { storage }]) => [name, storage]));
  const step = cell.fusedStep && fusedSteps[cell.fusedStep];
  const call = step?.(stepLayerOf(cell) as StepLayer<never>, x, (name) => states.get(name) as Storage, builder);
  if (call) builder.calls.push(call);
  else planAnyCell(cell, x, parts, builder);
  return parts.map(([, part]) => part);
}

/** Memory for the parts of a cell's state. */
function cellParts(shapes: Readonly<Record<string, Shape>>, path: string, builder: PlanBuilder): [string, CellPart][] {
  return Object.entries(shapes).map(([name, shape]) => {
    const width = sizeOf(shape);
    const storage = builder.state(`${path}/${name}`, width);
    return [name, { storage, shape, width, sequence: true, shown: name === "hiddenState" }];
  });
}

/** By name, so that a model carries the cells it has. */
const fusedSteps: Readonly<Record<FusedStep, CellStep>> = { lstm: lstmStep, gru: gruStep, simpleRnn: rnnStep };

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
