import { ValueError } from "../errors.ts";
import { Embedding } from "../layers/embedding.ts";
import type { Graph } from "../models/graph.ts";
import type { Model } from "../models/model.ts";
import type { ArrayInput } from "../training/arrays.ts";
import { checkCount } from "../training/source.ts";

/** Options of `decode` and `beamSearch`. */
export interface DecodeOptions {
  /** The token that the decoder reads first. */
  readonly start: number;
  /** The token that ends a sequence. */
  readonly stop: number;
  /** Most tokens of a sequence, without the start and the stop token. */
  readonly maxLength: number;
  /** K, the hypotheses kept at each step. Default 1: greedy. */
  readonly beams?: number;
  /**
   * α of the length penalty ((5 + n) / 6)^α, by which the logarithm of a probability is divided when hypotheses of n tokens, the stop
   * token included, are ranked [Wu et al. 2016, arXiv:1609.08144]; above 0 it favours long ones. Default 0.
   */
  readonly lengthPenalty?: number;
  /** The token that stands for padding, which never comes out; null when there is none. Default: 0 where the decoder masks it by `maskZero`. */
  readonly pad?: number | null;
  /** [N, T] of the source, 1 = use the step. Layers that mask by themselves (`embedding` with `maskZero`, `masking`) need none. */
  readonly mask?: ArrayInput;
  /** Whether the model gives raw scores instead of probabilities. Default: as the cross-entropy it was compiled with has it. */
  readonly fromLogits?: boolean;
  /** Give where the attention layers looked for each token. Default false. */
  readonly attention?: boolean;
  /** Sources at a time. Default 32. */
  readonly batchSize?: number;
}

/** `DecodeOptions`, every default filled in. */
export type DecodeSettings = Required<Omit<DecodeOptions, "mask">>;

/** @throws {ValueError} for options outside their rules. */
export function decodeSettings(model: Model, options: DecodeOptions): DecodeSettings {
  const {
    start,
    stop,
    maxLength,
    beams = 1,
    lengthPenalty = 0,
    pad = paddingOf(model.graph),
    attention = false,
    batchSize = 32,
  } = options;
  checkCount(maxLength, "maxLength");
  checkCount(beams, "beams");
  checkCount(batchSize, "batchSize");
  const classes = model.graph.outputs[0]?.shape.at(-1) ?? 0;
  for (const [name, token] of Object.entries({ start, stop, ...(pad !== null && { pad }) })) {
    if (!Number.isInteger(token) || token < 0)
      throw new ValueError(`Cannot decode with ${name} ${token}: it is a token, a whole number from 0 up.`);
  }
  if (stop >= classes || stop === pad) {
    throw new ValueError(
      `Cannot decode with stop ${stop}: it is a token that may come out, from 0 to ${classes - 1} and other than padding.`,
    );
  }
  if (start === paddingOf(model.graph)) {
    throw new ValueError(`Cannot decode with start ${start}: the decoder masks it as padding (maskZero). Take another token.`);
  }
  if (!Number.isFinite(lengthPenalty)) {
    throw new ValueError(`Cannot decode with lengthPenalty ${lengthPenalty}: it is a finite number, 0 for none.`);
  }
  const fromLogits = options.fromLogits ?? compiledFrom(model);
  return { start, stop, maxLength, beams, lengthPenalty, pad, attention, batchSize, fromLogits };
}

/** The token that the decoder takes for padding. */
function paddingOf({ inputs, nodes }: Graph): number | null {
  const reads = nodes.filter((node) => node.inputs.some((x) => x.node === inputs.at(-1)?.node));
  return reads.some(({ layer }) => layer instanceof Embedding && layer.options.maskZero) ? 0 : null;
}

/** Whether the loss that the model was compiled with takes raw scores. */
function compiledFrom(model: Model): boolean {
  const loss = model.compileSpec?.loss[0];
  const spec = typeof loss === "string" ? { type: loss } : loss;
  if (spec?.type !== "sparseCategoricalCrossentropy" && spec?.type !== "categoricalCrossentropy") {
    throw new ValueError(
      `Cannot tell whether model "${model.name}" gives raw scores or probabilities: it is not compiled with a cross-entropy over classes. ` +
        "Give fromLogits: true where no softmax ends it, else false.",
    );
  }
  return "fromLogits" in spec && spec.fromLogits === true;
}
