import { ValueError } from "../errors.ts";
import { input } from "../layers/input.ts";
import type { Layer, SymbolicShape } from "../layers/layer.ts";
import { type Graph, traceGraph } from "./graph.ts";
import { Model } from "./model.ts";
import type { ModelOptions } from "./network.ts";

/**
 * Layers one behind the other. With `inputShape` on the first layer the weights are made at once; otherwise when the model
 * first sees data, for exactly the sizes of that data (the batch stays free).
 * @throws {ValueError} for an empty list or a layer that stands twice; {ShapeError} when layers do not fit one another.
 * @example
 * const model = sequential([lstm({ units: 32, inputShape: [null, 3] }), dense({ units: 1 })], { seed: 7 });
 */
export function sequential(layers: readonly Layer[], options: ModelOptions = {}): Model {
  const [first] = layers;
  if (!first) throw new ValueError("Cannot make a sequential model of no layers: give at least one.");
  if (new Set(layers).size !== layers.length) {
    throw new ValueError(
      "Cannot make a sequential model in which a layer stands twice: use model({ inputs, outputs }) to share weights.",
    );
  }
  const named = { name: "sequential", ...options };
  const { inputShape } = first.options;
  return new Model(inputShape ? chain(layers, inputShape) : (shapes) => chain(layers, shapes[0]?.slice(1) ?? []), named);
}

function chain(layers: readonly Layer[], shape: SymbolicShape): Graph {
  const start = input({ shape });
  const end = layers.reduce((x, layer) => layer.apply(x), start);
  return traceGraph([start], [end]);
}
