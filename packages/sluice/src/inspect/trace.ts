import { GridLayer } from "../layers/grid-layer.ts";
import { sizeOf } from "../tensor/shape.ts";
import { inStep, type Tensor } from "../tensor/tensor.ts";
import {
  callOf,
  type InspectOptions,
  type PlainArray,
  ready,
  recurrentLayer,
  type StepSeen,
  type Subject,
  type SubjectInputs,
  seenOnGrid,
  steppedLayers,
  unchanged,
  unrolled,
} from "./subject.ts";

/** Options of `trace`. */
export interface TraceOptions extends InspectOptions {
  /** Path of the layer ("lstm", "bidirectional/forward"). Default: the only recurrent one. */
  readonly layer?: string;
}

/**
 * Everything a recurrent layer held at each step, as plain data. Step t is position t on the time axis of its input; of an `mdLstm`
 * or a `gridLstmNd` it is a position of the grid, counted row by row.
 */
export interface Trace {
  /** Path of the layer. */
  readonly layer: string;
  /** Its kind: "LSTM". */
  readonly type: string;
  readonly rows: number;
  readonly steps: number;
  /**
   * Gates and candidates by name, each [B, T, …]: of an LSTM inputGate, forgetGate, cellCandidate, outputGate (i f g o), of a
   * GRU updateGate, resetGate, hiddenCandidate (z r h); of other cells what their step names by `reportGates`, of several cells
   * within a step as "part/name". NaN at masked steps.
   */
  readonly gates: Readonly<Record<string, PlainArray>>;
  /** Parts of the state after each step by name, each [B, T, …]; at masked steps as held, 0 in a grid. */
  readonly states: Readonly<Record<string, PlainArray>>;
  /** [B · T], 1 = the step was used; null when all were. */
  readonly mask: readonly number[] | null;
}

/**
 * Gates and states of a recurrent layer of any kind for every row, step and unit, in inference. The layer runs step by step for this one
 * call, its first in the model; nothing is left behind in the model, and runs that are not traced pay nothing.
 * @param subject a model, or a layer on its own. @param x its input, or a list of them.
 * @throws {ValueError} when the layer is not named and there are several, or none has the name.
 * @example
 * const { gates, states } = inspect.trace(model, x, { layer: "lstm" });
 * gates.forgetGate; // { shape: [B, T, H], data }
 */
export function trace(subject: Subject, x: SubjectInputs, { layer: path, mask = null }: TraceOptions = {}): Trace {
  const inputs = ready(subject, x);
  const layer = recurrentLayer(subject, path, steppedLayers(subject));
  return inStep(subject.backend, () => {
    const call = callOf(subject, layer, inputs, mask);
    const { shape } = call.inputs[0] as Tensor;
    const [rows = 0] = shape;
    const steps = sizeOf(layer instanceof GridLayer ? shape.slice(1, -1) : shape.slice(1, 2));
    const gates = new Series(rows, steps);
    const states = new Series(rows, steps);
    const run = () => unchanged(layer, () => layer.run(call.inputs, call.context));
    const given = call.context.masks[0] ?? null;
    const uses = (layer instanceof GridLayer ? layer.maskOver(shape, given) : given)?.dataSync() ?? null;
    const isUsed = (row: number, t: number): boolean => uses === null || uses[row * steps + t] !== 0;
    const see = ({ t, gates: now, before, after }: StepSeen): undefined => {
      for (const [name, gate] of Object.entries(now)) gates.write(name, t, gate, (row) => (isUsed(row, t) ? gate : null));
      for (const [name, part] of Object.entries(after)) {
        states.write(name, t, part, (row) => (isUsed(row, t) ? part : (before[name] as Tensor)));
      }
    };
    if (layer instanceof GridLayer) seenOnGrid(layer, see, run);
    else unrolled(layer, see, run);
    return {
      layer: layer.path,
      type: layer.type,
      rows,
      steps,
      gates: gates.arrays,
      states: states.arrays,
      mask: uses && Array.from(uses),
    };
  });
}

/** Tensors [B, …] of single steps, gathered by name into [B, T, …]. */
class Series {
  private readonly rows: number;
  private readonly steps: number;
  private readonly named = new Map<string, { readonly shape: readonly number[]; readonly data: number[] }>();

  constructor(rows: number, steps: number) {
    this.rows = rows;
    this.steps = steps;
  }

  get arrays(): Readonly<Record<string, PlainArray>> {
    return Object.fromEntries(this.named);
  }

  /** Row b of step t from the tensor that `source` gives for it, NaN where it gives null. */
  write(name: string, t: number, like: Tensor, source: (row: number) => Tensor | null): void {
    const { rows, steps } = this;
    const rest = like.shape.slice(1);
    const width = like.size / Math.max(1, rows);
    let entry = this.named.get(name);
    if (!entry) {
      entry = { shape: [rows, steps, ...rest], data: new Array<number>(rows * steps * width).fill(Number.NaN) };
      this.named.set(name, entry);
    }
    const read = new Map<Tensor, ArrayLike<number>>();
    for (let row = 0; row < rows; row++) {
      const from = source(row);
      if (!from) continue;
      const numbers = read.get(from) ?? from.dataSync();
      read.set(from, numbers);
      for (let k = 0; k < width; k++) entry.data[(row * steps + t) * width + k] = numbers[row * width + k] as number;
    }
  }
}
