import { broadcastTo, expandDims } from "../autograd/ops/shape.ts";
import { ShapeError } from "../errors.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkCount } from "./cells/cell-options.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";

/** Options of `repeatVector`. */
export interface RepeatVectorOptions extends LayerOptions {
  /** Number of time steps to make. */
  readonly n: number;
}

const repeatVectorNames: NamesOf<RepeatVectorOptions> = { ...layerNames, n: true };

/** The same vector at each of n time steps: [B, I] → [B, n, I]. */
export class RepeatVector extends Layer<RepeatVectorOptions> {
  readonly type: string = "RepeatVector";

  constructor(options: RepeatVectorOptions) {
    super(options, "repeatVector");
    checkCount(options.n, "RepeatVector", "n");
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const [batch = null, features = null] = x;
    if (x.length !== 2) {
      throw new ShapeError(
        `Cannot run RepeatVector "${this.name}" on shape ${showShape(x)}: it reads [batch, features]. A recurrent layer before it gives that without returnSequences.`,
      );
    }
    return [batch, this.options.n, features];
  }

  call([input]: readonly Tensor[], _context: CallContext): CallResult {
    const x = input as Tensor;
    const [B, I] = x.shape as [number, number];
    return oneOutput(broadcastTo(expandDims(x, 1), [B, this.options.n, I]));
  }
}

/** Turns a vector into a sequence of n equal steps, between an encoder and a decoder. @example repeatVector({ n: 24 }) */
export function repeatVector(options: RepeatVectorOptions): RepeatVector {
  return new RepeatVector(knownOptions("RepeatVector", options, repeatVectorNames));
}
