import { ContextWindow, type ContextWindowOptions } from "../context-window.ts";
import { GridLSTMND, type GridLSTMNDOptions } from "../grid-lstm-nd.ts";
import { Highway, type HighwayOptions } from "../highway.ts";
import { MLSTM, type MLSTMOptions } from "../m-lstm.ts";
import { MDLSTM, type MDLSTMOptions } from "../md-lstm.ts";
import { MultiDirectional, type MultiDirectionalOptions } from "../multi-directional.ts";
import { QRNN, type QRNNOptions } from "../qrnn.ts";
import type { LayerKind } from "../registry.ts";
import { Residual, type ResidualOptions } from "../residual.ts";
import { AugmentedLSTM, AugmentedLSTMCell, type AugmentedLSTMCellOptions, type AugmentedLSTMOptions } from "./augmented-lstm.ts";
import { CanonicalRNN, CanonicalRNNCell, type CanonicalRNNCellOptions, type CanonicalRNNOptions } from "./canonical-rnn.ts";
import { DilatedCell, type DilatedCellOptions } from "./dilated.ts";
import { gridKinds } from "./grid-kinds.ts";
import { GridLSTM, GridLSTMCell, type GridLSTMCellOptions, type GridLSTMOptions } from "./grid-lstm.ts";
import { IndRNN, IndRNNCell, type IndRNNCellOptions, type IndRNNOptions } from "./ind-rnn.ts";
import { LearnedStateCell, type LearnedStateCellOptions } from "./learned-state.ts";
import { MLSTMCell, type MLSTMCellOptions } from "./m-lstm.ts";
import { MLSTMBlock, MLSTMBlockCell, type MLSTMBlockCellOptions, type MLSTMBlockOptions } from "./m-lstm-block.ts";
import { MGU, MGUCell, type MGUCellOptions, type MGUOptions } from "./mgu.ts";
import { MinGRU, MinGRUCell, type MinGRUCellOptions, type MinGRUOptions } from "./min-gru.ts";
import { MinLSTM, MinLSTMCell, type MinLSTMCellOptions, type MinLSTMOptions } from "./min-lstm.ts";
import { MUT, MUTCell, type MUTCellOptions, type MUTOptions } from "./mut.ts";
import { QRNNCell, type QRNNCellOptions } from "./qrnn.ts";
import { SLSTM, SLSTMCell, type SLSTMCellOptions, type SLSTMOptions } from "./s-lstm.ts";
import { SLSTMBlock, SLSTMBlockCell, type SLSTMBlockCellOptions, type SLSTMBlockOptions } from "./s-lstm-block.ts";
import { SRU, SRUCell, type SRUCellOptions, type SRUOptions } from "./sru.ts";

/** The recurrent kinds beside LSTM, GRU and the simple RNN, with their cells, and what wraps layers and cells. */
export const furtherKinds: readonly LayerKind[] = [
  { type: "MGU", create: (options: MGUOptions) => new MGU(options), recurrent: true },
  { type: "MUT", create: (options: MUTOptions) => new MUT(options), recurrent: true },
  { type: "IndRNN", create: (options: IndRNNOptions) => new IndRNN(options), recurrent: true },
  { type: "SRU", create: (options: SRUOptions) => new SRU(options), recurrent: true },
  { type: "QRNN", create: (options: QRNNOptions) => new QRNN(options), recurrent: true },
  { type: "MinGRU", create: (options: MinGRUOptions) => new MinGRU(options), recurrent: true },
  { type: "MinLSTM", create: (options: MinLSTMOptions) => new MinLSTM(options), recurrent: true },
  { type: "SLSTM", create: (options: SLSTMOptions) => new SLSTM(options), recurrent: true },
  { type: "MLSTM", create: (options: MLSTMOptions) => new MLSTM(options), recurrent: true },
  { type: "SLSTMBlock", create: (options: SLSTMBlockOptions) => new SLSTMBlock(options), recurrent: true },
  { type: "MLSTMBlock", create: (options: MLSTMBlockOptions) => new MLSTMBlock(options), recurrent: true },
  { type: "SLSTMBlockCell", create: (options: SLSTMBlockCellOptions) => new SLSTMBlockCell(options) },
  { type: "MLSTMBlockCell", create: (options: MLSTMBlockCellOptions) => new MLSTMBlockCell(options) },
  { type: "CanonicalRNN", create: (options: CanonicalRNNOptions) => new CanonicalRNN(options), recurrent: true },
  { type: "AugmentedLSTM", create: (options: AugmentedLSTMOptions) => new AugmentedLSTM(options), recurrent: true },
  { type: "GridLSTM", create: (options: GridLSTMOptions) => new GridLSTM(options), recurrent: true },
  { type: "GridLSTMND", create: (options: GridLSTMNDOptions) => new GridLSTMND(options) },
  { type: "MDLSTM", create: (options: MDLSTMOptions) => new MDLSTM(options) },
  { type: "MultiDirectional", create: (options: MultiDirectionalOptions) => new MultiDirectional(options), holds: ["layer"] },
  { type: "DilatedCell", create: (options: DilatedCellOptions) => new DilatedCell(options), holds: ["cell"] },
  ...gridKinds,
  { type: "LearnedStateCell", create: (options: LearnedStateCellOptions) => new LearnedStateCell(options), holds: ["cell"] },
  { type: "Residual", create: (options: ResidualOptions) => new Residual(options), holds: ["layer"] },
  { type: "Highway", create: (options: HighwayOptions) => new Highway(options), holds: ["layer"] },
  { type: "ContextWindow", create: (options: ContextWindowOptions) => new ContextWindow(options) },
  { type: "CanonicalRNNCell", create: (options: CanonicalRNNCellOptions) => new CanonicalRNNCell(options) },
  { type: "AugmentedLSTMCell", create: (options: AugmentedLSTMCellOptions) => new AugmentedLSTMCell(options) },
  { type: "GridLSTMCell", create: (options: GridLSTMCellOptions) => new GridLSTMCell(options) },
  { type: "SLSTMCell", create: (options: SLSTMCellOptions) => new SLSTMCell(options) },
  { type: "MLSTMCell", create: (options: MLSTMCellOptions) => new MLSTMCell(options) },
  { type: "MGUCell", create: (options: MGUCellOptions) => new MGUCell(options) },
  { type: "MUTCell", create: (options: MUTCellOptions) => new MUTCell(options) },
  { type: "IndRNNCell", create: (options: IndRNNCellOptions) => new IndRNNCell(options) },
  { type: "SRUCell", create: (options: SRUCellOptions) => new SRUCell(options) },
  { type: "QRNNCell", create: (options: QRNNCellOptions) => new QRNNCell(options) },
  { type: "MinGRUCell", create: (options: MinGRUCellOptions) => new MinGRUCell(options) },
  { type: "MinLSTMCell", create: (options: MinLSTMCellOptions) => new MinLSTMCell(options) },
];
