import { log } from "../autograd/ops/elementwise.ts";
import { gatherRows } from "../autograd/ops/gather.ts";
import { reshape, squeeze } from "../autograd/ops/shape.ts";
import { logSoftmax } from "../autograd/ops/softmax.ts";
import type { Backend, HostArray } from "../backend/backend.ts";
import type { AttentionMemory } from "../layers/attention/attention-layer.ts";
import type { State } from "../layers/layer.ts";
import type { RecurrentLayer } from "../layers/recurrent-layer.ts";
import type { GraphNode, SymbolicTensor } from "../layers/symbolic.ts";
import { runGraph } from "../models/graph.ts";
import type { Model } from "../models/model.ts";
import type { StepGraph } from "../models/step-graph.ts";
import { inStep, type Tensor, tensor } from "../tensor/tensor.ts";
import { type CheckedBatch, toTensors } from "../training/batch.ts";
import type { NumericArray } from "../training/dataset.ts";

/** One row of a step: an output sequence that grows. */
export interface StepRow {
  /** The example of the source it answers. */
  readonly example: number;
  /** The row of the step before that it goes on from; in the first step its example. */
  readonly parent: number;
  /** The token to read. */
  readonly token: number;
}

/** What a step gives. */
export interface StepScores {
  /** ln p of what comes next, [rows, classes]. */
  readonly scores: HostArray;
  /** Where each attention layer looked, [rows, …, S]; empty unless asked for. */
  readonly weights: readonly NumericArray[];
}

/** What a `StepRun` is told. */
export interface StepSettings {
  /** Whether the model gives raw scores instead of probabilities. */
  readonly fromLogits: boolean;
  /** Give where the attention layers looked. */
  readonly attention: boolean;
}

/** A batch of sources that has been read once, and the decoder's states, which each step takes further. */
export class StepRun {
  private readonly cuts: StepGraph;
  private readonly backend: Backend;
  private readonly settings: StepSettings;
  /** Number of sources. */
  private readonly size: number;
  /** Number of rows of the last step. */
  private rows: number;
  /** What each use of an attention layer looks at; null for others. */
  private readonly memories: readonly (AttentionMemory | null)[];
  /** The state of each use of a recurrent layer, one row for each row of the last step; null for others. */
  private states: readonly (State | null)[];

  /**
   * Reads the sources.
   * @param batch the model's inputs, of which the last is not read, and the mask.
   */
  constructor(cuts: StepGraph, model: Model, batch: CheckedBatch, settings: StepSettings) {
    this.cuts = cuts;
    this.backend = model.backend;
    this.settings = settings;
    this.size = batch.size;
    this.rows = batch.size;
    const { memories, states } = inStep(model.backend, () => {
      const { x, masks } = toTensors(model, batch);
      const read = runGraph(cuts.once, x.slice(0, -1), { training: false, masks: masks.slice(0, -1), step: 0 });
      const taken = cuts.steps.map(({ takes }) => takes.map((place) => read.outputs[place] as Tensor));
      return {
        memories: cuts.steps.map(({ attention, takes: [place = 0] }, k) => {
          const [values, keys = values] = taken[k] as [Tensor, Tensor?];
          return attention ? attention.remember(values, keys, read.masks[place] ?? null) : null;
        }),
        states: cuts.steps.map(({ recurrent }, k) => recurrent && this.firstState(recurrent, taken[k] as Tensor[])),
      };
    });
    this.memories = memories;
    this.states = states;
  }

  private firstState(layer: RecurrentLayer, parts: readonly Tensor[]): State {
    if (parts.length === 0) return layer.startingState(this.size);
    return Object.fromEntries(Object.keys(layer.cell.stateShapes).map((name, k) => [name, parts[k] as Tensor]));
  }

  /** One step of every row. */
  step(rows: readonly StepRow[]): StepScores {
    const { cuts, backend } = this;
    const { fromLogits, attention: isSeen } = this.settings;
    const { scores, weights, states } = inStep(backend, () => {
      const column = (values: readonly number[]): Tensor => tensor(values, [values.length], { backend });
      const choice = (count: number, pick: (row: StepRow) => number): Choice => {
        const indices = rows.map(pick);
        return { indices: isAll(indices, count) ? null : column(indices), count };
      };
      const parents = choice(this.rows, ({ parent }) => parent);
      const examples = choice(this.size, ({ example }) => example);
      const tokens = reshape(column(rows.map(({ token }) => token)), [rows.length, 1]);
      const results = new Map<GraphNode, readonly Tensor[]>([[cuts.target.node, [tokens]]]);
      const valueAt = ({ node, index }: SymbolicTensor): Tensor => results.get(node)?.[index] as Tensor;
      const looks: Tensor[] = [];
      const after = cuts.steps.map(({ node, recurrent, attention }, k): State | null => {
        const [state = null, memory = null] = [this.states[k], this.memories[k]];
        const [x] = node.inputs as [SymbolicTensor];
        if (attention && memory) {
          const own = mapTensors(memory, (part) => rowsOf(part, examples));
          const { context, weights: look } = attention.attend(valueAt(x), own);
          results.set(node, [context, look]);
          if (isSeen) looks.push(squeeze(look, -2));
          return null;
        }
        const inputs = (recurrent ? [x] : node.inputs).map(valueAt);
        const before = state && mapTensors(state, (part) => rowsOf(part, parents));
        const result = node.layer.run(inputs, { training: false, masks: inputs.map(() => null), state: before, step: 0 });
        results.set(node, result.outputs);
        return recurrent ? { ...result.state } : null;
      });
      const output = valueAt(cuts.output);
      return { scores: fromLogits ? logSoftmax(output) : log(output), weights: looks, states: after };
    });
    this.states = states;
    this.rows = rows.length;
    return { scores: scores.dataSync(), weights: weights.map((x) => ({ shape: x.shape, data: x.dataSync() })) };
  }
}

/** Which rows are taken. */
interface Choice {
  /** Null: all, in their order. */
  readonly indices: Tensor | null;
  /** How many there are to choose from. */
  readonly count: number;
}

function isAll(indices: readonly number[], count: number): boolean {
  return indices.length === count && indices.every((index, k) => index === k);
}

/** What x holds of the chosen rows; each has one entry along axis 0, or as many as it has heads. */
function rowsOf(x: Tensor, { indices, count }: Choice): Tensor {
  if (!indices) return x;
  const [entries, ...rest] = x.shape as [number, ...number[]];
  const rows = gatherRows(reshape(x, [count, x.size / count]), indices);
  return reshape(rows, [(entries / count) * indices.size, ...rest]);
}

/** An object of tensors with each of them changed; null stays. */
function mapTensors<T extends State | AttentionMemory>(parts: T, change: (part: Tensor) => Tensor): T {
  return Object.fromEntries(
    Object.entries<Tensor | null>({ ...parts }).map(([name, part]) => [name, part && change(part)]),
  ) as unknown as T;
}
