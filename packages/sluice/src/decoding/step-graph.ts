import { ShapeError, ValueError } from "../errors.ts";
import { input } from "../layers/input.ts";
import { isStepwise } from "../layers/layer-from-config.ts";
import type { RecurrentLayer } from "../layers/recurrent-layer.ts";
import { recurrentIn } from "../layers/skip-connection.ts";
import { type GraphNode, SymbolicTensor } from "../layers/symbolic.ts";
import type { Graph } from "../models/graph.ts";
import { showShape } from "../tensor/shape.ts";

/** A use of a recurrent layer, whose state goes from step to step. */
export interface CarriedUse {
  readonly node: GraphNode;
  readonly layer: RecurrentLayer;
  /** Which outputs of `once` its state begins with, part by part; none where it begins by itself. */
  readonly start: readonly number[];
}

/** A model cut in two: what does not follow from its last input runs once, the rest for each step of that input. */
export interface StepGraph {
  /** From the inputs before the last to whatever the steps and their first states take from there. */
  readonly once: Graph;
  /** From one step of the last input, then those outputs of `once` that `reads` lists, to one step of the model's output. */
  readonly step: Graph;
  readonly reads: readonly number[];
  readonly carried: readonly CarriedUse[];
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
  const reads = new Map<number, SymbolicTensor>();
  const steps = new Map<GraphNode, GraphNode>([[target.node, target.node]]);
  const inStep = (x: SymbolicTensor): SymbolicTensor => {
    const node = steps.get(x.node);
    if (node) return new SymbolicTensor(node, x.index);
    const place = placeOf(x);
    const given = reads.get(place) ?? input({ shape: x.shape.slice(1) });
    reads.set(place, given);
    return given;
  };
  const carried: CarriedUse[] = [];
  for (const node of nodes.filter((each) => dependent.has(each))) {
    const refusal = stepRefusal(node, follows);
    if (refusal !== null) throw refuse(refusal);
    const [x, ...start] = node.inputs as [SymbolicTensor, ...SymbolicTensor[]];
    const layer = recurrentIn(node.layer);
    const now: GraphNode = { ...node, inputs: (layer ? [x] : node.inputs).map(inStep) };
    if (layer) carried.push({ node: now, layer, start: start.map(placeOf) });
    steps.set(node, now);
  }
  return {
    once: graphOf(
      inputs.slice(0, -1),
      taken,
      nodes.filter((node) => !dependent.has(node)),
    ),
    step: graphOf([target, ...reads.values()], [inStep(output)], [...steps.values()].slice(1)),
    reads: [...reads.keys()],
    carried,
  };
}

function graphOf(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[], nodes: readonly GraphNode[]): Graph {
  return { inputs, outputs, nodes, layers: [...new Set(nodes.map(({ layer }) => layer))] };
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
  if (!isStepwise(layer)) {
    return `layer "${layer.name}" (${layer.type}) needs more than the newest step of what comes out; use layers that read it in order, such as lstm`;
  }
  return inputs.every(follows) ? null : `layer "${layer.name}" joins what comes out with a sequence that does not follow from it`;
}
