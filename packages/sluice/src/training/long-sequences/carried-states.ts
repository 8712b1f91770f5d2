import type { CallResult, State } from "../../layers/layer.ts";
import type { RecurrentLayer } from "../../layers/recurrent-layer.ts";
import { KeptState } from "../../layers/state.ts";
import type { GraphNode } from "../../layers/symbolic.ts";

/** The state of each use of a recurrent layer. */
export type CarriedState = ReadonlyMap<GraphNode, State>;

/** The states from which the next piece of a sequence goes on, as values that outlive steps. All calls run inside a step. */
export class CarriedStates {
  private readonly layers: ReadonlyMap<GraphNode, RecurrentLayer>;
  private readonly kept: ReadonlyMap<GraphNode, KeptState>;
  private size = 0;

  constructor(layers: ReadonlyMap<GraphNode, RecurrentLayer>) {
    this.layers = layers;
    this.kept = new Map([...layers.keys()].map((node) => [node, new KeptState()]));
  }

  /** The state in which sequences begin, for a batch of so many rows. */
  start(size: number): void {
    this.size = size;
    this.keep(new Map([...this.layers].map(([node, layer]) => [node, layer.startingState(size)])));
  }

  /** Copies for the running step. */
  copy(): CarriedState {
    return new Map([...this.layers].map(([node, layer]) => [node, this.kept.get(node)?.read(layer, this.size) as State]));
  }

  keep(states: CarriedState): void {
    for (const [node, state] of states) this.kept.get(node)?.keep(state);
  }

  /** Collects the states with which a run of the model ends. */
  catcher(): { readonly after: CarriedState; readonly observe: (node: GraphNode, result: CallResult) => void } {
    const after = new Map<GraphNode, State>();
    const observe = (node: GraphNode, { state }: CallResult): void => {
      if (state && this.kept.has(node)) after.set(node, state);
    };
    return { after, observe };
  }
}
