import { ShapeError, ValueError } from "../errors.ts";
import { AttentionLayer } from "../layers/attention/attention-layer.ts";
import { isStepwise } from "../layers/layer-from-config.ts";
import type { RecurrentLayer } from "../layers/recurrent-layer.ts";
import { recurrentIn } from "../layers/skip-connection.ts";
import type { GraphNode, SymbolicTensor } from "../layers/symbolic.ts";
import { showShape } from "../tensor/shape.ts";
import type { Graph } from "./graph.ts";

/** One use of a layer in a step. */
export interface StepUse {
  readonly node: GraphNode;
  /** The recurrent layer whose state goes from step to step; null for other layers. */
  readonly recurrent: RecurrentLayer | null;
  /** The layer that looks at what `once` gives; null for other layers. */
  readonly attention: AttentionLayer | null;
  /** Which outputs of `once` it takes: parts of its first state, or what it looks at; a recurrent layer may begin by itself. */
  readonly takes: readonly number[];
}

/** A model cut in two: what does not follow from its last input runs once, the rest for each step of that input. */
export interface StepGraph {
  /** From the inputs before the last to whatever the steps take from there. */
  readonly once: Graph;
  readonly target: SymbolicTensor;
  /** In an order in which each use stands behind those it reads. */
  readonly steps: readonly StepUse[];
  readonly output: SymbolicTensor;
}

/**
 * Follows the last input through a model that is to produce its output one step after the other, each read again by the next.
 * @throws {ValueError} naming the layer that needs more than the newest step; {ShapeError} when the output is no sequence of scores.
 */
export function cutIntoSteps(model: string, { inputs, outputs, nodes }: Graph): StepGraph {
  const refuse = (why: string): ValueError => new ValueError(`Cannot decode with model "${model}": ${why}.`);
  const target = inputs.at(-1) as SymbolicTensor;
  if (inputs.length < 2) throw refuse("it has one input; decoding needs the source, and as the last input what came out so far");
  if (target.shape.length !== 2)
    throw refuse(`its last input reads ${showShape(target.shape)}; decoding gives it tokens [batch, time]`);
  const dependent = new Set<GraphNode>([target.node]);
  const follows = ({ node }: SymbolicTensor): boolean => dependent.has(node);
  for (const node of nodes) if (node.inputs.some(follows)) dependent.add(node);
  const [output] = outputs;
  if (outputs.length !== 1 || !output || !follows(output))
    throw refuse("it must have one output, which follows from its last input");
  if (output.shape.length !== 3) {
    throw new ShapeError(
      `Cannot decode with model "${model}": its output is ${showShape(output.shape)}, and decoding reads scores [batch, time, classes]. ` +
        "Give the recurrent layers before it returnSequences.",
    );
  }

  const taken: SymbolicTensor[] = [];
  const placeOf = (x: SymbolicTensor): number => {
    const place = taken.findIndex(({ node, index }) => node === x.node && index === x.index);
    return place >= 0 ? place : taken.push(x) - 1;
  };
  const steps = nodes
    .filter((node) => dependent.has(node))
    .map((node): StepUse => {
      const refusal = stepRefusal(node, follows);
      if (refusal !== null) throw refuse(refusal);
      return {
        node,
        recurrent: recurrentIn(node.layer),
        attention: node.layer instanceof AttentionLayer ? node.layer : null,
        takes: node.inputs.filter((x) => !follows(x)).map(placeOf),
      };
    });
  const rest = nodes.filter((node) => !dependent.has(node));
  const once = { inputs: inputs.slice(0, -1), outputs: taken, nodes: rest, layers: [...new Set(rest.map(({ layer }) => layer))] };
  return { once, target, steps, output };
}

/** Why one step is not enough for this use of a layer; null where it is. */
function stepRefusal({ layer, inputs }: GraphNode, follows: (x: SymbolicTensor) => boolean): string | null {
  const [x, ...others] = inputs as [SymbolicTensor, ...SymbolicTensor[]];
  const recurrent = recurrentIn(layer);
  if (recurrent) {
    const { goBackwards, returnSequences } = recurrent.options;
    if (goBackwards) return `layer "${layer.name}" reads what comes out from its end (goBackwards)`;
    if (!returnSequences) return `layer "${layer.name}" needs returnSequences`;
    return follows(x) && !others.some(follows)
      ? null
      : `layer "${layer.name}" must read what came out, from a state that does not`;
  }
  if (layer instanceof AttentionLayer) {
    if (layer.options.causal) {
      return `layer "${layer.name}" is causal, so it would see of the source only as many steps as have come out; leave causal out`;
    }
    const looksBack = others.length > 0 && follows(x) && !others.some(follows);
    return looksBack ? null : `layer "${layer.name}" must look from what comes out at what does not follow from it`;
  }
  if (!isStepwise(layer)) {
    return `layer "${layer.name}" (${layer.type}) needs more than the newest step of what comes out; use layers that read it in order, such as lstm`;
  }
  return inputs.every(follows) ? null : `layer "${layer.name}" joins what comes out with a sequence that does not follow from it`;
}
