import { ValueError } from "../errors.ts";
import { addPenalties, type CallResult, type Layer, type State } from "../layers/layer.ts";
import type { GraphNode, SymbolicTensor } from "../layers/symbolic.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What a model computes: uses of layers, in an order in which each stands behind those it reads. */
export interface Graph {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  /** Without the inputs themselves. */
  readonly nodes: readonly GraphNode[];
  /** Each layer once, in the order of its first use. */
  readonly layers: readonly Layer[];
}

/**
 * Walks back from the outputs to the inputs.
 * @throws {ValueError} when an output reads an input that is not listed, or an input is listed that no output reads.
 */
export function traceGraph(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): Graph {
  const nodes: GraphNode[] = [];
  const inputNodes = new Set(inputs.map(({ node }) => node));
  const seen = new Set<GraphNode>();
  const visit = (node: GraphNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (inputNodes.has(node)) return;
    if (node.inputs.length === 0) {
      throw new ValueError(
        `Cannot make a model: its outputs read the input ${showShape(node.outputShapes[0] ?? [])}, which is not among \`inputs\`. Add it there.`,
      );
    }
    for (const { node: source } of node.inputs) visit(source);
    nodes.push(node);
  };
  for (const { node } of outputs) visit(node);
  const unread = inputs.findIndex(({ node }) => !seen.has(node));
  if (unread >= 0) throw new ValueError(`Cannot make a model: no output reads input ${unread}. Leave it out, or connect it.`);
  return { inputs, outputs, nodes, layers: [...new Set(nodes.map(({ layer }) => layer))] };
}

/** What a run of the graph is told. */
export interface GraphRun {
  readonly training: boolean;
  /** One mask [B, T] for each input; null where there is none. */
  readonly masks: readonly (Tensor | null)[];
  /** Which random draw: the training step. */
  readonly step: number;
  /** What uses of recurrent layers start from, instead of zeros or of what a stateful layer kept. */
  readonly states?: ReadonlyMap<GraphNode, State>;
  /** Called with what each use of a layer gave, in order. */
  readonly observe?: (node: GraphNode, result: CallResult) => void;
}

/** What a run of the graph gives. */
export interface GraphResult {
  readonly outputs: readonly Tensor[];
  /** The mask that goes with each output. */
  readonly masks: readonly (Tensor | null)[];
  /** The sum of all activity penalties, a scalar. */
  readonly penalty: Tensor | null;
}

/** Runs every node once, masks along with the numbers. Call it inside a step. */
export function runGraph(
  graph: Graph,
  inputs: readonly Tensor[],
  { training, masks, step, states, observe }: GraphRun,
): GraphResult {
  const results = new Map<GraphNode, CallResult>();
  graph.inputs.forEach(({ node }, k) => {
    results.set(node, { outputs: [inputs[k] as Tensor], masks: [masks[k] ?? null] });
  });
  const valueAt = ({ node, index }: SymbolicTensor): Tensor => (results.get(node) as CallResult).outputs[index] as Tensor;
  const maskAt = ({ node, index }: SymbolicTensor): Tensor | null => (results.get(node) as CallResult).masks[index] ?? null;
  let penalty: Tensor | null = null;
  for (const node of graph.nodes) {
    const state = states?.get(node) ?? null;
    const result = node.layer.run(node.inputs.map(valueAt), { training, masks: node.inputs.map(maskAt), state, step });
    penalty = addPenalties(penalty, result.penalty ?? null);
    results.set(node, result);
    observe?.(node, result);
  }
  return { outputs: graph.outputs.map(valueAt), masks: graph.outputs.map(maskAt), penalty };
}
