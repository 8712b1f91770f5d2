export * from "./activation.ts";
export * from "./add.ts";
export * from "./attention/index.ts";
export * from "./batch-normalization.ts";
export * from "./bidirectional.ts";
export type { ActivationSpec, ShapedActivationName } from "./cells/activation-spec.ts";
export { Cell, type HiddenState, type StepDropout } from "./cells/cell.ts";
export type { CellOptions, GatedCellOptions } from "./cells/cell-options.ts";
export type { GateBiasSpec, GateName, GateStart } from "./cells/gate-bias.ts";
export { type Gates, gatesWithin, reportGates } from "./cells/gates.ts";
export { GeneralLSTMCell } from "./cells/general-lstm-cell.ts";
export { GRUCell, type GRUCellOptions, gruCell } from "./cells/gru-cell.ts";
export * from "./cells/index.ts";
export { LSTMCell, type LSTMCellOptions, type LSTMState, lstmCell } from "./cells/lstm-cell.ts";
export type { GeneralLSTMCellOptions, LSTMFormOptions, LSTMVariant } from "./cells/lstm-form.ts";
export {
  type BlockName,
  MemoryBlocksCell,
  type MemoryBlocksCellOptions,
  type MemoryBlocksState,
  memoryBlocksCell,
} from "./cells/memory-blocks-cell.ts";
export { SimpleRNNCell, type SimpleRNNCellOptions, simpleRnnCell } from "./cells/simple-rnn-cell.ts";
export * from "./concatenate.ts";
export * from "./context-window.ts";
export {
  ConvLSTM1D,
  ConvLSTM2D,
  ConvLSTM3D,
  type ConvLSTMOptions,
  convLstm1d,
  convLstm2d,
  convLstm3d,
} from "./conv-lstm.ts";
export {
  Conv1D,
  Conv2D,
  Conv3D,
  type ConvolutionOptions,
  conv1d,
  conv2d,
  conv3d,
} from "./convolution.ts";
export * from "./delay-equation.ts";
export { Dense, type DenseOptions, dense, type OutputActivationName } from "./dense.ts";
export * from "./dropout.ts";
export * from "./embedding.ts";
export * from "./flatten.ts";
export * from "./global-pooling.ts";
export * from "./grid-lstm-nd.ts";
export * from "./gru.ts";
export * from "./highway.ts";
export { InputLayer, type InputOptions, input } from "./input.ts";
export {
  type CallContext,
  type CallResult,
  type ForwardOptions,
  Layer,
  type LayerOptions,
  type LayerResult,
  oneOutput,
  type ParameterOptions,
  type State,
  type SymbolicShape,
} from "./layer.ts";
export { layerFromConfig, layerKinds } from "./layer-from-config.ts";
export * from "./layer-normalization.ts";
export * from "./lstm.ts";
export * from "./m-lstm.ts";
export * from "./margins.ts";
export * from "./masking.ts";
export * from "./md-lstm.ts";
export * from "./memory-blocks.ts";
export * from "./multi-directional.ts";
export type { NormalizationOptions } from "./normalization.ts";
export * from "./parameter.ts";
export * from "./pooling.ts";
export * from "./pred-net.ts";
export * from "./qrnn.ts";
export { RecurrentLayer, type RecurrentOptions } from "./recurrent-layer.ts";
export { configOf, type LayerConfig, type LayerKind, registerLayer } from "./registry.ts";
export * from "./repeat-vector.ts";
export * from "./reshape.ts";
export * from "./residual.ts";
export * from "./rnn.ts";
export { type ScanOptions, type SequenceResult, scan } from "./scan.ts";
export * from "./simple-rnn.ts";
export { SymbolicTensor } from "./symbolic.ts";
export * from "./time-distributed.ts";
export {
  UpSampling1D,
  UpSampling2D,
  type UpSampling2DOptions,
  UpSampling3D,
  type UpSamplingOptions,
  upSampling1d,
  upSampling2d,
  upSampling3d,
} from "./up-sampling.ts";
export type { PerAxis } from "./window-options.ts";
