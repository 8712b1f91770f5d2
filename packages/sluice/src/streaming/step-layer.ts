import type { Layer, LayerOptions } from "../layers/layer.ts";
import type { StepLayer } from "./plan-builder.ts";

/** A layer of a model that is built, as a plan sees it. */
export function stepLayerOf<O extends LayerOptions>(layer: Layer<O>): StepLayer<O> {
  const { type, name, options, backend } = layer;
  return {
    ...{ type, name, options },
    weight(short) {
      const path = `${layer.path}/${short}`;
      const parameter = layer.parameters.find((each) => each.path === path);
      if (!parameter) throw new Error(`internal: layer "${name}" has no weight "${path}".`);
      const { tensor } = parameter;
      return { path, shape: tensor.shape, numbers: () => backend.readSync(tensor.storage) };
    },
  };
}
