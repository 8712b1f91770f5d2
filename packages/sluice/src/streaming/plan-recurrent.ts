import type { HostArray, Storage } from "../backend/backend.ts";
import type { Cell, FusedStep } from "../layers/cells/cell.ts";
import type { StackedCells } from "../layers/cells/stacked-cells.ts";
import type { State } from "../layers/layer.ts";
import type { RecurrentLayer } from "../layers/recurrent-layer.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { allocate, inStep, type Tensor } from "../tensor/tensor.ts";
import { cannotStream, type PlanBuilder, type StepLayer, type StepValue } from "./plan-builder.ts";
import { type CellStep, gruStep, lstmStep, type PlannedCell, planSequence, rnnStep } from "./recurrent-forms.ts";
import { stepLayerOf } from "./step-layer.ts";

/** A recurrent layer: its cell once, with a state that goes on. */
export function planRecurrent(layer: RecurrentLayer, inputs: readonly StepValue[], builder: PlanBuilder): readonly StepValue[] {
  return planSequence(layer, inputs, (x) => planCell(layer.cell, layer.name, x, builder));
}

/** Adds one step of a cell. */
function planCell(cell: Cell, path: string, x: StepValue, builder: PlanBuilder): PlannedCell {
  if (cell.type === "StackedCells") return planStack(cell as StackedCells, path, x, builder); // by type: an app without stacks carries none
  const states = new Map(
    Object.entries<Shape>(cell.stateShapes).map(([name, shape]) => {
      const width = sizeOf(shape);
      const start = cell.fusedStep ? undefined : () => startOfCell(cell, name); // a fused cell starts from zeros
      const storage = builder.state(`${path}/${name}`, width, start);
      return [name, { storage, shape, width, sequence: false }];
    }),
  );
  const step = cell.fusedStep && fusedSteps[cell.fusedStep];
  const call = step?.(stepLayerOf(cell) as StepLayer<never>, x, (name) => (states.get(name) as StepValue).storage, builder);
  if (call) builder.calls.push(call);
  const output = call ? (states.get("hiddenState") as StepValue) : planAnyCell(cell, x, states, builder);
  return { output, states: [...states.values()] };
}

/** One part of the state that a row begins with. */
function startOfCell(cell: Cell, name: string): HostArray {
  const { backend } = cell;
  return inStep(backend, () => (cell.initialState({ shape: [1], backend })[name] as Tensor).dataSync());
}

/** By name, so that a model carries the cells it has. */
const fusedSteps: Readonly<Record<FusedStep, CellStep>> = { lstm: lstmStep, gru: gruStep, simpleRnn: rnnStep };

/** Each cell reads what the one below it shows. */
function planStack({ cells }: StackedCells, path: string, x: StepValue, builder: PlanBuilder): PlannedCell {
  let output = x;
  const states = cells.flatMap((cell, k) => {
    const own = planCell(cell, `${path}/${k}`, output, builder);
    output = own.output;
    return own.states;
  });
  return { output, states };
}

/** Any other cell, by its own `step` on tensors: with the model's own weights, and with memory taken in each step. */
function planAnyCell(cell: Cell, x: StepValue, parts: ReadonlyMap<string, StepValue>, builder: PlanBuilder): StepValue {
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
  const output = builder.value(cell.outputShape([[1, ...x.shape]]).slice(1) as Shape, false);
  const run = (rows: number): void =>
    backend.step(() => {
      const before: State = Object.fromEntries(Array.from(parts, ([name, part]) => [name, tensorOf(part, rows)]));
      const after: State = cell.step(tensorOf(x, rows), before);
      for (const [name, { storage, width }] of parts) copy((after[name] as Tensor).storage, storage, rows * width);
      copy(cell.output(after).storage, output.storage, rows * output.width);
    });
  builder.calls.push({ run, holds: [cell] });
  return output;
}
