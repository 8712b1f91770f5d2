import { ValueError } from "../errors.ts";
import { type Layer, mapLayers } from "./layer.ts";

/** A layer as plain data: what stands in model files. */
export interface LayerConfig {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** How one kind of layer is made from its options. */
export interface LayerKind {
  readonly type: string;
  /** Makes a layer. Layers inside the options arrive as layers. */
  readonly create: (options: never) => Layer;
  /** Options that hold a layer, or a list of layers. */
  readonly holds?: readonly string[];
  /** It computes each time step of [B, T, …] for itself, always or with these options, so that a sequence may be cut along T. */
  readonly stepwise?: true | ((options: never) => boolean);
  /** Recurrent kinds run the recurrent laws, and have facts in `testing/facts`. */
  readonly recurrent?: boolean;
}

/**
 * The types of `builtInKinds`, so that a program can write its layers down, and keep their names for them, without carrying the
 * code of all the others; a test compares both lists.
 */
export const BUILT_IN_TYPES: readonly string[] = [
  ...words(
    "Input RNN Bidirectional TimeDistributed Dense Embedding Dropout Activation Masking Flatten Reshape RepeatVector Concatenate Add " +
      "LayerNormalization BatchNormalization GridLSTMND MDLSTM MultiDirectional DilatedCell LearnedStateCell Residual Highway " +
      "ContextWindow PredNetLoss Attention AdditiveAttention MultiHeadAttention AttentionPooling TransformerBlock Positions",
  ),
  ...words(
    "LSTM MemoryBlocks GRU SimpleRNN MGU MUT IndRNN SRU QRNN MinGRU MinLSTM SLSTM MLSTM SLSTMBlock MLSTMBlock CanonicalRNN AugmentedLSTM " +
      "GridLSTM InceptionLSTM PredNet ConvLSTM1D ConvLSTM2D ConvLSTM3D",
  ).flatMap((type) => [type, `${type}Cell`]),
  ...words("Conv MaxPooling AveragePooling GlobalAveragePooling GlobalMaxPooling UpSampling ZeroPadding Cropping").flatMap(
    (type) => [1, 2, 3].map((rank) => `${type}${rank}D`),
  ),
];

function words(text: string): string[] {
  return text.split(" ");
}

/** What `registerLayer` added, by type. */
export const registeredKinds: Map<string, LayerKind> = new Map();

function isKnown(type: string): boolean {
  return registeredKinds.has(type) || BUILT_IN_TYPES.includes(type);
}

/**
 * Adds a kind of layer or cell, so that models with it can be saved and loaded.
 * @throws {ValueError} when the type is taken.
 * @example registerLayer({ type: "LeakyCell", create: (options: LeakyOptions) => new LeakyCell(options) });
 */
export function registerLayer(kind: LayerKind): void {
  if (isKnown(kind.type)) throw new ValueError(`Cannot register layer type "${kind.type}": the name is taken. Choose another.`);
  registeredKinds.set(kind.type, kind);
}

/** The types of a layer, and of layers in its options, that another thread does not have: those that `registerLayer` added. */
export function ownTypes(layer: Layer): readonly string[] {
  const inner: string[] = [];
  mapLayers(layer.options, (each) => inner.push(...ownTypes(each)));
  return BUILT_IN_TYPES.includes(layer.type) ? inner : [layer.type, ...inner];
}

/** The layer as plain data, layers inside its options included. @throws {ValueError} when a type is not registered. */
export function configOf(layer: Layer): LayerConfig {
  if (!isKnown(layer.type)) {
    throw new ValueError(
      `Cannot write layer "${layer.name}" as plain data: its type "${layer.type}" is not registered, so nothing could read it back. Call registerLayer first.`,
    );
  }
  return { type: layer.type, options: { ...mapLayers(layer.options, configOf), name: layer.name } };
}
