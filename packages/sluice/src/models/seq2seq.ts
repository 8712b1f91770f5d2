import { ShapeError, ValueError } from "../errors.ts";
import type { AttentionLayer } from "../layers/attention/attention-layer.ts";
import { Bidirectional } from "../layers/bidirectional.ts";
import { Concatenate } from "../layers/concatenate.ts";
import { Embedding } from "../layers/embedding.ts";
import { input } from "../layers/input.ts";
import type { Layer, SymbolicShape } from "../layers/layer.ts";
import type { RecurrentLayer, RecurrentOptions } from "../layers/recurrent-layer.ts";
import { recurrentIn, SkipConnection } from "../layers/skip-connection.ts";
import type { SymbolicTensor } from "../layers/symbolic.ts";
import { type Shape, sameShape, showShape } from "../tensor/shape.ts";
import { model } from "./functional.ts";
import type { Model } from "./model.ts";
import type { ModelOptions } from "./network.ts";
import { cutIntoSteps } from "./step-graph.ts";

/** Options of `seq2seq`. */
export interface Seq2SeqOptions extends ModelOptions {
  /**
   * Layers over the source, one behind the other; recurrent ones may be bidirectional. The first is an `embedding` of tokens [B, S], or
   * has the `inputShape` of what it reads.
   */
  readonly encoder: readonly Layer[];
  /** Layers over the target [B, T], the first an `embedding`, the last with one score for each token: `dense({ units: V })`. */
  readonly decoder: readonly Layer[];
  /**
   * Looks at all outputs of the encoder from each output h of the decoder's last recurrent layer. The layers behind read [context, h];
   * with `dense({ units, activation: "tanh" })` first among them this is Luong's global attention [Luong et al. 2015,
   * arXiv:1508.04025]. Default none: all that is known of the source goes through the state.
   */
  readonly attention?: AttentionLayer;
}

/**
 * An encoder–decoder [Sutskever et al. 2014, arXiv:1409.3215; Cho et al. 2014, arXiv:1406.1078]: a sequence of any length in, another of
 * any length out. The k-th recurrent layer of the decoder starts from the state in which the k-th of the encoder ends; behind a
 * bidirectional one the parts of both directions stand side by side, so it has twice the units. Recurrent layers are cloned, with
 * `returnSequences` and `returnState` as they are needed here.
 *
 * The model reads [source, target so far] and gives scores [B, T, V] for what comes next; `teacherForcing` makes such data, and
 * `decode` answers sources alone. Padding is inert where the layers mask it (`embedding` with `maskZero`, `masking`). It is an
 * ordinary model: losses, callbacks, checkpoints and files know nothing of its form.
 * @throws {ValueError} when encoder and decoder do not pair; {ShapeError} when a decoder's layer cannot start from its encoder's state.
 * @example
 * const net = seq2seq({
 *   encoder: [embedding({ inputDim: 20, outputDim: 16, maskZero: true }), lstm({ units: 64 })],
 *   decoder: [embedding({ inputDim: 20, outputDim: 16, maskZero: true }), lstm({ units: 64 }), dense({ units: 20 })],
 * });
 * net.compile({ optimizer: "adam", loss: { type: "sparseCategoricalCrossentropy", fromLogits: true } });
 * await net.fit([source, input], target, { epochs: 20 });
 * const [{ tokens }] = await decode(net, source, { start: 1, stop: 2, maxLength: 30 });
 */
export function seq2seq({ encoder, decoder, attention, ...options }: Seq2SeqOptions): Model {
  const source = input({ name: "source", shape: shapeRead(encoder, "encoder") });
  const target = input({ name: "target", shape: shapeRead(decoder, "decoder") });
  const { memory, states } = encode(encoder, source, attention !== undefined);
  const look =
    attention && ((h: SymbolicTensor) => new Concatenate({}).apply([attention.applyAll([h, memory])[0] as SymbolicTensor, h]));
  const net = model({
    inputs: [source, target],
    outputs: decodeFrom(decoder, target, states, look),
    name: "seq2seq",
    ...options,
  });
  cutIntoSteps(net.name, net.graph); // what could not be decoded is refused before it is trained
  return net;
}

/** What stands at one level of a stack: the state in which a recurrent layer ends, part by part. */
type EndState = readonly SymbolicTensor[];

/** What the decoder knows of the source. */
interface Encoded {
  /** The outputs of the last layer. */
  readonly memory: SymbolicTensor;
  /** The state in which each recurrent layer ends. */
  readonly states: readonly EndState[];
}

function encode(layers: readonly Layer[], source: SymbolicTensor, attended: boolean): Encoded {
  const last = layers.findLastIndex(isRecurrent);
  if (last < 0) {
    throw new ValueError(
      "Cannot make seq2seq of an encoder without a recurrent layer: the state in which one ends is where the decoder starts. Add one, such as lstm({ units }).",
    );
  }
  const behind = layers[last + 1];
  if (behind && !attended) {
    throw new ValueError(
      `Cannot make seq2seq with "${behind.name}" behind the last recurrent layer of the encoder: only states go on to the decoder. Leave it out, or give \`attention\`.`,
    );
  }
  const states: EndState[] = [];
  const memory = layers.reduce((x, layer, k) => {
    if (!isRecurrent(layer)) return named(layer, "encoder").apply(x);
    const returnSequences = attended || k < last || layer instanceof SkipConnection;
    const [output, ...ends] = named(withStates(layer, { returnSequences, returnState: true }), "encoder").applyAll(x);
    states.push(layer instanceof Bidirectional ? sideBySide(ends) : ends);
    return output as SymbolicTensor;
  }, source);
  return { memory, states };
}

function decodeFrom(
  layers: readonly Layer[],
  target: SymbolicTensor,
  states: readonly EndState[],
  look?: (h: SymbolicTensor) => SymbolicTensor,
): SymbolicTensor {
  const levels = layers.filter(isRecurrent).length;
  if (levels !== states.length) {
    throw new ValueError(
      `Cannot make seq2seq of an encoder with ${states.length} recurrent layers and a decoder with ${levels}: each of the decoder's starts from ` +
        "the state of one of the encoder's. Give both as many.",
    );
  }
  const left = [...states];
  return layers.reduce((x, layer) => {
    if (!isRecurrent(layer)) return named(layer, "decoder").apply(x);
    const start = left.shift() as EndState;
    checkStart(layer, start);
    const h = named(withStates(layer, { returnSequences: true, returnState: false }), "decoder").apply([x, ...start]);
    return look && left.length === 0 ? look(h) : h;
  }, target);
}

function isRecurrent(layer: Layer): boolean {
  return layer instanceof Bidirectional || recurrentIn(layer) !== null;
}

/** The layer, its default name said to be that of a part of the model; one that both parts share is the encoder's. */
function named(layer: Layer, part: "encoder" | "decoder"): Layer {
  const isFree = layer.options.name === undefined && !layer.built && !layer.name.startsWith("encoder_");
  if (isFree) layer.name = `${part}_${layer.name}`;
  return layer;
}

/** A layer of the same kind that gives what is asked for. */
function withStates(layer: Layer, changes: Pick<RecurrentOptions, "returnSequences" | "returnState">): Layer {
  if (layer instanceof SkipConnection) return layer.clone({ layer: withStates(layer.options.layer, changes) });
  if (!(layer instanceof Bidirectional)) return (layer as RecurrentLayer).clone(changes);
  const { layer: forward, backwardLayer } = layer.options;
  return layer.clone({ layer: forward.clone(changes), ...(backwardLayer && { backwardLayer: backwardLayer.clone(changes) }) });
}

/** The states of both directions as one: the forward layer's parts come first, then the backward one's. */
function sideBySide(ends: EndState): EndState {
  const parts = ends.length / 2;
  return ends.slice(0, parts).map((forward, k) => new Concatenate({}).apply([forward, ends[parts + k] as SymbolicTensor]));
}

/** @throws {ShapeError} unless the layer can start from the state; {ValueError} for a bidirectional one. */
function checkStart(layer: Layer, start: EndState): void {
  const recurrent = recurrentIn(layer);
  if (!recurrent) {
    throw new ValueError(
      `Cannot make seq2seq with bidirectional layer "${layer.name}" in the decoder: it would read what is still to come. Use its layer alone.`,
    );
  }
  const wanted = Object.entries<Shape>(recurrent.cell.stateShapes);
  const given = start.map(({ shape }) => shape.slice(1));
  if (wanted.length === given.length && wanted.every(([, shape], k) => sameShape(shape, given[k] as Shape))) return;
  throw new ShapeError(
    `Cannot make seq2seq: layer "${layer.name}" of the decoder starts from { ${wanted.map(([name, shape]) => `${name} ${showShape(shape)}`).join(", ")} }, ` +
      `and the encoder's at its level ends in ${given.map(showShape).join(", ")}. Give both the same kind and units, behind a bidirectional one twice the units.`,
  );
}

/** The shape that the first of some layers reads, without the batch axis. */
function shapeRead([first]: readonly Layer[], part: "encoder" | "decoder"): SymbolicShape {
  const shape = first?.options.inputShape ?? (first instanceof Embedding ? [null] : null);
  if (shape) return shape;
  throw new ValueError(
    `Cannot make seq2seq: its ${part} ${first ? `begins with "${first.name}", which does not say what it reads` : "has no layers"}. ` +
      "Begin with an embedding, or give the first layer an inputShape such as [null, 3].",
  );
}
