import { activation } from "./activation.ts";
import { add } from "./add.ts";
import { attentionKinds } from "./attention/kinds.ts";
import { batchNormalization } from "./batch-normalization.ts";
import { type BidirectionalOptions, bidirectional } from "./bidirectional.ts";
import { gruCell } from "./cells/gru-cell.ts";
import { furtherKinds } from "./cells/kinds.ts";
import { lstmCell } from "./cells/lstm-cell.ts";
import { memoryBlocksCell } from "./cells/memory-blocks-cell.ts";
import { simpleRnnCell } from "./cells/simple-rnn-cell.ts";
import { type ConcatenateOptions, concatenate } from "./concatenate.ts";
import { convolutionKinds } from "./convolution-kinds.ts";
import { dense } from "./dense.ts";
import { dropout } from "./dropout.ts";
import { embedding } from "./embedding.ts";
import { flatten } from "./flatten.ts";
import { gru } from "./gru.ts";
import { InputLayer, type InputOptions, inputNames } from "./input.ts";
import { layerNormalization } from "./layer-normalization.ts";
import { lstm } from "./lstm.ts";
import { masking } from "./masking.ts";
import { memoryBlocks } from "./memory-blocks.ts";
import { knownOptions } from "./option-names.ts";
import type { LayerKind } from "./registry.ts";
import { repeatVector } from "./repeat-vector.ts";
import { reshape } from "./reshape.ts";
import { type RNNOptions, rnn } from "./rnn.ts";
import { simpleRnn } from "./simple-rnn.ts";
import { type TimeDistributedOptions, timeDistributed } from "./time-distributed.ts";

/** Every kind of layer and cell that comes with the library; `registerLayer` adds others. */
export const builtInKinds: readonly LayerKind[] = [
  { type: "Input", create: (options: InputOptions) => new InputLayer(knownOptions("Input", options, inputNames)) },
  { type: "LSTM", create: lstm, recurrent: true },
  { type: "GRU", create: gru, recurrent: true },
  { type: "SimpleRNN", create: simpleRnn, recurrent: true },
  { type: "RNN", create: ({ cells, ...options }: RNNOptions) => rnn(cells, options), holds: ["cells"] },
  { type: "LSTMCell", create: lstmCell },
  { type: "MemoryBlocks", create: memoryBlocks, recurrent: true },
  { type: "MemoryBlocksCell", create: memoryBlocksCell },
  { type: "GRUCell", create: gruCell },
  { type: "SimpleRNNCell", create: simpleRnnCell },
  ...furtherKinds,
  ...convolutionKinds,
  ...attentionKinds,
  {
    type: "Bidirectional",
    create: ({ layer, ...options }: BidirectionalOptions) => bidirectional(layer, options),
    holds: ["layer", "backwardLayer"],
  },
  {
    type: "TimeDistributed",
    create: ({ layer, ...options }: TimeDistributedOptions) => timeDistributed(layer, options),
    holds: ["layer"],
    stepwise: true,
  },
  { type: "Dense", create: dense, stepwise: true },
  { type: "Embedding", create: embedding, stepwise: true },
  { type: "Dropout", create: dropout, stepwise: true },
  { type: "Activation", create: activation, stepwise: true },
  { type: "Masking", create: masking, stepwise: true },
  { type: "Flatten", create: flatten },
  { type: "Reshape", create: reshape },
  { type: "RepeatVector", create: repeatVector },
  {
    type: "Concatenate",
    create: concatenate,
    stepwise: ({ axis = -1 }: ConcatenateOptions) => axis === -1 || axis > 1,
  },
  { type: "Add", create: add, stepwise: true },
  { type: "LayerNormalization", create: layerNormalization, stepwise: true },
  { type: "BatchNormalization", create: batchNormalization },
];
