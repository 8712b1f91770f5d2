import { ValueError } from "../../errors.ts";
import { Embedding } from "../../layers/embedding.ts";
import { isStepwise } from "../../layers/layer-from-config.ts";
import { RecurrentLayer } from "../../layers/recurrent-layer.ts";
import type { GraphNode, SymbolicTensor } from "../../layers/symbolic.ts";
import type { Graph } from "../../models/graph.ts";

/** What is cut when a model reads sequences piece by piece. */
export interface GraphCuts {
  /** For each input whether it is a sequence [B, T, …]; the others go whole into every piece. */
  readonly inputs: readonly boolean[];
  /** Whether the outputs are sequences, or values of the last step. */
  readonly everyStep: boolean;
  /** Uses of recurrent layers whose state goes from piece to piece. */
  readonly carried: ReadonlyMap<GraphNode, RecurrentLayer>;
}

/**
 * Follows the time axis through a model: a sequence may be cut where each layer computes every step for itself or carries a
 * state forward.
 * @throws {ValueError} naming the layer that needs the sequence whole.
 */
export function cutGraph(model: string, graph: Graph): GraphCuts {
  const refuse = (why: string): ValueError =>
    new ValueError(`Cannot train model "${model}" with truncated backpropagation: ${why}.`);
  const sequences = new Set<string>();
  const carried = new Map<GraphNode, RecurrentLayer>();
  const ids = new Map([...graph.inputs.map(({ node }) => node), ...graph.nodes].map((node, k) => [node, k]));
  const idOf = ({ node, index }: Pick<SymbolicTensor, "node" | "index">): string => `${ids.get(node)}/${index}`;
  const isSequence = (x: SymbolicTensor): boolean => sequences.has(idOf(x));
  const inputs = graph.inputs.map((x) => {
    const readers = graph.nodes.filter((node) => node.inputs.some((each) => idOf(each) === idOf(x)));
    const cut = x.shape.length > 2 || (x.shape.length === 2 && readers.every(({ layer }) => layer instanceof Embedding));
    if (cut) sequences.add(idOf(x));
    return cut;
  });
  if (!inputs.includes(true)) throw refuse("it reads no sequence [batch, time, …]");
  for (const node of graph.nodes) {
    const { layer } = node;
    if (!node.inputs.some(isSequence)) continue;
    if (layer instanceof RecurrentLayer) {
      if (layer.options.goBackwards) throw refuse(`layer "${layer.name}" reads sequences from their end (goBackwards)`);
      if (node.inputs.length > 1) throw refuse(`layer "${layer.name}" starts from a state that another layer gives`);
      carried.set(node, layer);
      if (layer.options.returnSequences) sequences.add(idOf({ node, index: 0 }));
    } else if (isStepwise(layer)) node.outputShapes.forEach((_, index) => void sequences.add(idOf({ node, index })));
    else {
      throw refuse(
        `layer "${layer.name}" (${layer.type}) reads the sequence as a whole. Train without \`truncated\`, with \`recompute: true\` in ` +
          "the recurrent layers if memory is short",
      );
    }
  }
  const outputs = graph.outputs.map(isSequence);
  if (new Set(outputs).size > 1) throw refuse("some of its outputs are sequences and others are not; give one kind");
  return { inputs, everyStep: outputs.includes(true), carried };
}
