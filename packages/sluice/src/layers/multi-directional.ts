import { add, multiply } from "../autograd/ops/elementwise.ts";
import { concat } from "../autograd/ops/shape.ts";
import { ValueError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  addPenalties,
  type BuildContext,
  type CallContext,
  type CallResult,
  Layer,
  type LayerOptions,
  type SymbolicShape,
} from "./layer.ts";
import { MDLSTM } from "./md-lstm.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import { checkChoice } from "./window-options.ts";

/** Options of `multiDirectional`. */
export interface MultiDirectionalOptions extends LayerOptions {
  /** The layer to run from every corner of the grid. It is cloned: its own weights are not used. */
  readonly layer: MDLSTM;
  /** How the outputs become one. Default "concat": along the last axis, in the order of the corners. */
  readonly mergeMode?: "concat" | "sum" | "ave";
}

const multiDirectionalNames: NamesOf<MultiDirectionalOptions> = { ...layerNames, layer: true, mergeMode: true };

/**
 * A multi-dimensional LSTM from all 2ⁿ corners of its grid, so that every position sees the whole of it [Graves, Fernández &
 * Schmidhuber 2007, arXiv:0705.2011]. Corner k reads axis j + 1 from its end where bit n − 1 − j of k is set: "00", "01", "10", "11".
 * Weights: "00/kernel", "01/kernel", …; outputs stand in the order of the input.
 */
export class MultiDirectional extends Layer<MultiDirectionalOptions> {
  readonly type: string = "MultiDirectional";
  readonly corners: readonly MDLSTM[];

  constructor(options: MultiDirectionalOptions) {
    super(options, "multiDirectional");
    const { layer, mergeMode = "concat" } = options;
    if (!(layer instanceof MDLSTM)) {
      const type = String((layer as Layer | undefined)?.type);
      throw new ValueError(`Cannot make MultiDirectional of ${type}: it wraps a layer over a grid, mdLstm({ units: 16 }).`);
    }
    checkChoice(mergeMode, ["concat", "sum", "ave"], "MultiDirectional", "mergeMode");
    this.corners = cornersOf(layer.dimensions).map((bits) =>
      layer.clone({ name: bits, goBackwards: [...bits].map((bit) => bit === "1") }),
    );
  }

  override get sublayers(): readonly Layer[] {
    return this.corners;
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    const one = (this.corners[0] as MDLSTM).outputShape(inputs);
    const { mergeMode = "concat" } = this.options;
    return mergeMode === "concat" ? [...one.slice(0, -1), this.corners.length * (one.at(-1) as number)] : one;
  }

  protected override buildParameters(inputs: readonly SymbolicShape[], context: BuildContext): void {
    for (const corner of this.corners) corner.build(inputs, { ...context, path: `${context.path}/${corner.name}` });
  }

  call(inputs: readonly Tensor[], context: CallContext): CallResult {
    const { mergeMode = "concat" } = this.options;
    const results = this.corners.map((corner) => corner.run(inputs, context));
    const outputs = results.map((result) => result.outputs[0] as Tensor);
    const sum = (): Tensor => outputs.reduce((total, output) => add(total, output));
    const merged = { concat: () => concat(outputs), sum, ave: () => multiply(sum(), 1 / outputs.length) };
    return {
      outputs: [merged[mergeMode]()],
      masks: [results[0]?.masks[0] ?? null],
      penalty: results.reduce<Tensor | null>((total, { penalty = null }) => addPenalties(total, penalty), null),
    };
  }
}

/** "00", "01", "10", "11" for two axes. */
function cornersOf(dimensions: number): string[] {
  return Array.from({ length: 2 ** dimensions }, (_, k) => k.toString(2).padStart(dimensions, "0"));
}

/**
 * A multi-dimensional LSTM from every corner: [B, height, width, I] → [B, height, width, 4H] by "concat".
 * @throws {ValueError} for a layer of another kind, or an unknown mergeMode.
 * @example multiDirectional(mdLstm({ units: 16, peepholes: true }), { mergeMode: "sum" })
 */
export function multiDirectional(layer: MDLSTM, options: Omit<MultiDirectionalOptions, "layer"> = {}): MultiDirectional {
  return new MultiDirectional(knownOptions("MultiDirectional", { layer, ...options }, multiDirectionalNames));
}
