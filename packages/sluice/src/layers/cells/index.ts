export * from "./augmented-lstm.ts";
export * from "./canonical-rnn.ts";
export {
  ConvLSTM1DCell,
  ConvLSTM2DCell,
  ConvLSTM3DCell,
  type ConvLSTMCellOptions,
  convLstm1dCell,
  convLstm2dCell,
  convLstm3dCell,
} from "./conv-lstm-cell.ts";
export * from "./dilated.ts";
export * from "./grid-lstm.ts";
export type { BiasRange } from "./heads.ts";
export {
  type InceptionBranches,
  InceptionLSTM,
  InceptionLSTMCell,
  type InceptionLSTMCellOptions,
  type InceptionLSTMOptions,
  inceptionLstm,
  inceptionLstmCell,
} from "./inception-lstm.ts";
export * from "./ind-rnn.ts";
export * from "./learned-state.ts";
export { MLSTMCell, type MLSTMCellOptions, type MLSTMState, mLstmCell } from "./m-lstm.ts";
export * from "./m-lstm-block.ts";
export * from "./mgu.ts";
export * from "./min-gru.ts";
export * from "./min-lstm.ts";
export * from "./mut.ts";
export type { CandidateActivation } from "./positive.ts";
export { PredNetCell, type PredNetCellOptions, predNetCell } from "./pred-net-cell.ts";
export { QRNNCell, type QRNNCellOptions, type QRNNState, qrnnCell } from "./qrnn.ts";
export { SLSTM, SLSTMCell, type SLSTMCellOptions, type SLSTMOptions, type SLSTMState, sLstm, sLstmCell } from "./s-lstm.ts";
export * from "./s-lstm-block.ts";
export * from "./sru.ts";
export type { XLSTMBlockOptions } from "./xlstm-block.ts";
