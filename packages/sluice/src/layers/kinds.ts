import { Activation, type ActivationOptions } from "./activation.ts";
import { Add, type AddOptions } from "./add.ts";
import { attentionKinds } from "./attention/kinds.ts";
import { Bidirectional, type BidirectionalOptions } from "./bidirectional.ts";
import { GRUCell, type GRUCellOptions } from "./cells/gru-cell.ts";
import { furtherKinds } from "./cells/kinds.ts";
import { lstmCell } from "./cells/lstm-cell.ts";
import type { GeneralLSTMCellOptions } from "./cells/lstm-form.ts";
import { MemoryBlocksCell, type MemoryBlocksCellOptions } from "./cells/memory-blocks-cell.ts";
import { SimpleRNNCell, type SimpleRNNCellOptions } from "./cells/simple-rnn-cell.ts";
import { Concatenate, type ConcatenateOptions } from "./concatenate.ts";
import { convolutionKinds } from "./convolution-kinds.ts";
import { Dense, type DenseOptions } from "./dense.ts";
import { Dropout, type DropoutOptions } from "./dropout.ts";
import { Embedding, type EmbeddingOptions } from "./embedding.ts";
import { Flatten, type FlattenOptions } from "./flatten.ts";
import { GRU, type GRUOptions } from "./gru.ts";
import { InputLayer, type InputOptions } from "./input.ts";
import { LayerNormalization, type LayerNormalizationOptions } from "./layer-normalization.ts";
import { LSTM, type LSTMOptions } from "./lstm.ts";
import { Masking, type MaskingOptions } from "./masking.ts";
import { MemoryBlocks, type MemoryBlocksOptions } from "./memory-blocks.ts";
import type { LayerKind } from "./registry.ts";
import { RepeatVector, type RepeatVectorOptions } from "./repeat-vector.ts";
import { Reshape, type ReshapeOptions } from "./reshape.ts";
import { RNN, type RNNOptions } from "./rnn.ts";
import { SimpleRNN, type SimpleRNNOptions } from "./simple-rnn.ts";
import { TimeDistributed, type TimeDistributedOptions } from "./time-distributed.ts";

/** Every kind of layer and cell that comes with the library; `registerLayer` adds others. */
export const builtInKinds: readonly LayerKind[] = [
  { type: "Input", create: (options: InputOptions) => new InputLayer(options) },
  { type: "LSTM", create: (options: LSTMOptions) => new LSTM(options), recurrent: true },
  { type: "GRU", create: (options: GRUOptions) => new GRU(options), recurrent: true },
  { type: "SimpleRNN", create: (options: SimpleRNNOptions) => new SimpleRNN(options), recurrent: true },
  { type: "RNN", create: (options: RNNOptions) => new RNN(options), holds: ["cells"] },
  { type: "LSTMCell", create: (options: GeneralLSTMCellOptions) => lstmCell(options) },
  { type: "MemoryBlocks", create: (options: MemoryBlocksOptions) => new MemoryBlocks(options), recurrent: true },
  { type: "MemoryBlocksCell", create: (options: MemoryBlocksCellOptions) => new MemoryBlocksCell(options) },
  { type: "GRUCell", create: (options: GRUCellOptions) => new GRUCell(options) },
  { type: "SimpleRNNCell", create: (options: SimpleRNNCellOptions) => new SimpleRNNCell(options) },
  ...furtherKinds,
  ...convolutionKinds,
  ...attentionKinds,
  {
    type: "Bidirectional",
    create: (options: BidirectionalOptions) => new Bidirectional(options),
    holds: ["layer", "backwardLayer"],
  },
  {
    type: "TimeDistributed",
    create: (options: TimeDistributedOptions) => new TimeDistributed(options),
    holds: ["layer"],
    stepwise: true,
  },
  { type: "Dense", create: (options: DenseOptions) => new Dense(options), stepwise: true },
  { type: "Embedding", create: (options: EmbeddingOptions) => new Embedding(options), stepwise: true },
  { type: "Dropout", create: (options: DropoutOptions) => new Dropout(options), stepwise: true },
  { type: "Activation", create: (options: ActivationOptions) => new Activation(options), stepwise: true },
  { type: "Masking", create: (options: MaskingOptions) => new Masking(options), stepwise: true },
  { type: "Flatten", create: (options: FlattenOptions) => new Flatten(options) },
  { type: "Reshape", create: (options: ReshapeOptions) => new Reshape(options) },
  { type: "RepeatVector", create: (options: RepeatVectorOptions) => new RepeatVector(options) },
  {
    type: "Concatenate",
    create: (options: ConcatenateOptions) => new Concatenate(options),
    stepwise: ({ axis = -1 }: ConcatenateOptions) => axis === -1 || axis > 1,
  },
  { type: "Add", create: (options: AddOptions) => new Add(options), stepwise: true },
  { type: "LayerNormalization", create: (options: LayerNormalizationOptions) => new LayerNormalization(options), stepwise: true },
];
