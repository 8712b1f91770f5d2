import { log } from "../autograd/ops/elementwise.ts";
import { gatherRows } from "../autograd/ops/gather.ts";
import { reshape } from "../autograd/ops/shape.ts";
import { logSoftmax } from "../autograd/ops/softmax.ts";
import type { Backend, HostArray } from "../backend/backend.ts";
import type { State } from "../layers/layer.ts";
import type { GraphNode } from "../layers/symbolic.ts";
import { runGraph } from "../models/graph.ts";
import { inStep, type Tensor, tensor } from "../tensor/tensor.ts";
import type { StepGraph } from "./step-graph.ts";

/** One row of a step: an output sequence that grows. */
export interface StepRow {
  /** The example of the source it answers. */
  readonly example: number;
  /** The row of the step before that it goes on from. */
  readonly parent: number;
  /** The token to read. */
  readonly token: number;
}

/** A batch of sources that has been read once, and the decoder's states, which each step takes further. */
export class StepRun {
  private readonly cuts: StepGraph;
  private readonly backend: Backend;
  private readonly fromLogits: boolean;
  private readonly given: readonly Tensor[];
  private readonly masks: readonly (Tensor | null)[];
  private states: readonly State[];

  /**
   * Reads the sources.
   * @param sources the model's inputs before the last, B rows each, with their masks.
   */
  constructor(
    cuts: StepGraph,
    backend: Backend,
    sources: readonly Tensor[],
    masks: readonly (Tensor | null)[],
    fromLogits: boolean,
  ) {
    this.cuts = cuts;
    this.backend = backend;
    this.fromLogits = fromLogits;
    const size = sources[0]?.shape[0] as number;
    const { given, uses, states } = inStep(backend, () => {
      const read = runGraph(cuts.once, sources, { training: false, masks, step: 0 });
      const start = cuts.carried.map(({ layer, start: places }) => {
        if (places.length === 0) return layer.startingState(size);
        const names = Object.keys(layer.cell.stateShapes);
        return Object.fromEntries(names.map((name, k) => [name, read.outputs[places[k] as number] as Tensor]));
      });
      return {
        given: cuts.reads.map((place) => read.outputs[place] as Tensor),
        uses: cuts.reads.map((place) => read.masks[place] ?? null),
        states: start,
      };
    });
    this.given = given;
    this.masks = uses;
    this.states = states;
  }

  /** One step of every row: the natural logarithms of the probabilities of what comes next, [rows, classes]. */
  step(rows: readonly StepRow[]): HostArray {
    const { cuts, backend } = this;
    const { scores, states } = inStep(backend, () => {
      const column = (values: readonly number[]): Tensor => tensor(values, [values.length], { backend });
      const parents = column(rows.map(({ parent }) => parent));
      const examples = column(rows.map(({ example }) => example));
      const before = this.states.map((state) => mapParts(state, (part) => rowsOf(part, parents)));
      const after = new Map<GraphNode, State>();
      const tokens = reshape(column(rows.map(({ token }) => token)), [rows.length, 1]);
      const { outputs } = runGraph(cuts.step, [tokens, ...this.given.map((x) => rowsOf(x, examples))], {
        training: false,
        masks: [null, ...this.masks.map((mask) => mask && rowsOf(mask, examples))],
        step: 0,
        states: new Map(cuts.carried.map(({ node }, k) => [node, before[k] as State])),
        observe: (node, { state }) => {
          if (state) after.set(node, state);
        },
      });
      const output = outputs[0] as Tensor;
      return {
        scores: this.fromLogits ? logSoftmax(output) : log(output),
        states: cuts.carried.map(({ node }) => ({ ...after.get(node) })),
      };
    });
    this.states = states;
    return scores.dataSync();
  }
}

/** Entries of x along axis 0, by index. */
function rowsOf(x: Tensor, indices: Tensor): Tensor {
  const [count, ...rest] = x.shape as [number, ...number[]];
  return reshape(gatherRows(reshape(x, [count, x.size / Math.max(1, count)]), indices), [indices.size, ...rest]);
}

function mapParts(state: State, change: (part: Tensor) => Tensor): State {
  return Object.fromEntries(Object.entries(state).map(([name, part]) => [name, change(part)]));
}
