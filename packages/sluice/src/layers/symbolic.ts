import { showShape } from "../tensor/shape.ts";
import type { Layer, SymbolicShape } from "./layer.ts";

/** One use of a layer in a graph. A layer used twice has two nodes and one set of weights. */
export interface GraphNode {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
  /** Shapes of what the layer gives there, batch axis included. */
  readonly outputShapes: readonly SymbolicShape[];
}

/** A tensor of the functional form: it has a shape and a place in the graph, and no numbers. */
export class SymbolicTensor {
  readonly shape: SymbolicShape;
  readonly node: GraphNode;
  /** Which output of the node. */
  readonly index: number;

  constructor(node: GraphNode, index: number) {
    this.node = node;
    this.index = index;
    this.shape = node.outputShapes[index] as SymbolicShape;
  }

  toString(): string {
    return `output ${this.index} of layer "${this.node.layer.name}", ${showShape(this.shape)}`;
  }
}
