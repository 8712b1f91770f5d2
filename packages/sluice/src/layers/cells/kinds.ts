import { contextWindow } from "../context-window.ts";
import { gridLstmNd } from "../grid-lstm-nd.ts";
import { type HighwayOptions, highway } from "../highway.ts";
import { mLstm } from "../m-lstm.ts";
import { mdLstm } from "../md-lstm.ts";
import { type MultiDirectionalOptions, multiDirectional } from "../multi-directional.ts";
import { qrnn } from "../qrnn.ts";
import type { LayerKind } from "../registry.ts";
import { type ResidualOptions, residual } from "../residual.ts";
import { augmentedLstm, augmentedLstmCell } from "./augmented-lstm.ts";
import { canonicalRnn, canonicalRnnCell } from "./canonical-rnn.ts";
import { type DilatedCellOptions, dilated } from "./dilated.ts";
import { gridKinds } from "./grid-kinds.ts";
import { gridLstm, gridLstmCell } from "./grid-lstm.ts";
import { indRnn, indRnnCell } from "./ind-rnn.ts";
import { type LearnedStateCellOptions, learnedState } from "./learned-state.ts";
import { mLstmCell } from "./m-lstm.ts";
import { mLstmBlock, mLstmBlockCell } from "./m-lstm-block.ts";
import { mgu, mguCell } from "./mgu.ts";
import { minGru, minGruCell } from "./min-gru.ts";
import { minLstm, minLstmCell } from "./min-lstm.ts";
import { mut, mutCell } from "./mut.ts";
import { qrnnCell } from "./qrnn.ts";
import { sLstm, sLstmCell } from "./s-lstm.ts";
import { sLstmBlock, sLstmBlockCell } from "./s-lstm-block.ts";
import { sru, sruCell } from "./sru.ts";

/** The recurrent kinds beside LSTM, GRU and the simple RNN, with their cells, and what wraps layers and cells. */
export const furtherKinds: readonly LayerKind[] = [
  { type: "MGU", create: mgu, recurrent: true },
  { type: "MUT", create: mut, recurrent: true },
  { type: "IndRNN", create: indRnn, recurrent: true },
  { type: "SRU", create: sru, recurrent: true },
  { type: "QRNN", create: qrnn, recurrent: true },
  { type: "MinGRU", create: minGru, recurrent: true },
  { type: "MinLSTM", create: minLstm, recurrent: true },
  { type: "SLSTM", create: sLstm, recurrent: true },
  { type: "MLSTM", create: mLstm, recurrent: true },
  { type: "SLSTMBlock", create: sLstmBlock, recurrent: true },
  { type: "MLSTMBlock", create: mLstmBlock, recurrent: true },
  { type: "SLSTMBlockCell", create: sLstmBlockCell },
  { type: "MLSTMBlockCell", create: mLstmBlockCell },
  { type: "CanonicalRNN", create: canonicalRnn, recurrent: true },
  { type: "AugmentedLSTM", create: augmentedLstm, recurrent: true },
  { type: "GridLSTM", create: gridLstm, recurrent: true },
  { type: "GridLSTMND", create: gridLstmNd },
  { type: "MDLSTM", create: mdLstm },
  {
    type: "MultiDirectional",
    create: ({ layer, ...options }: MultiDirectionalOptions) => multiDirectional(layer, options),
    holds: ["layer"],
  },
  {
    type: "DilatedCell",
    create: ({ cell, dilation, ...options }: DilatedCellOptions) => dilated(cell, dilation, options),
    holds: ["cell"],
  },
  ...gridKinds,
  {
    type: "LearnedStateCell",
    create: ({ cell, ...options }: LearnedStateCellOptions) => learnedState(cell, options),
    holds: ["cell"],
  },
  { type: "Residual", create: ({ layer, ...options }: ResidualOptions) => residual(layer, options), holds: ["layer"] },
  { type: "Highway", create: ({ layer, ...options }: HighwayOptions) => highway(layer, options), holds: ["layer"] },
  { type: "ContextWindow", create: contextWindow },
  { type: "CanonicalRNNCell", create: canonicalRnnCell },
  { type: "AugmentedLSTMCell", create: augmentedLstmCell },
  { type: "GridLSTMCell", create: gridLstmCell },
  { type: "SLSTMCell", create: sLstmCell },
  { type: "MLSTMCell", create: mLstmCell },
  { type: "MGUCell", create: mguCell },
  { type: "MUTCell", create: mutCell },
  { type: "IndRNNCell", create: indRnnCell },
  { type: "SRUCell", create: sruCell },
  { type: "QRNNCell", create: qrnnCell },
  { type: "MinGRUCell", create: minGruCell },
  { type: "MinLSTMCell", create: minLstmCell },
];
