/** sluice: train, understand and ship recurrent sequence models. Everything here runs in Node, browsers and workers. */

// Numbers
/** Functions of tensors, each with its gradient: `ops.matmul(a, b)`. */
export * as ops from "./autograd/ops/index.ts";
export { defineOp, type OpDefinition, valueAndGradients } from "./autograd/tape.ts";
export type { Backend, BackendName, HostArray, MemoryReport } from "./backend/backend.ts";
export { defaultBackend, getBackend, type InitOptions, init, loadReference, shutdown } from "./backend/index.ts";
export type { ActivationName, GateActivationName } from "./backend/kernels.ts";
export type { RejectedVariant, WasmBackend, WasmReport } from "./backend/wasm/wasm-backend.ts";
// Streams and small weights
export type { WeightType } from "./backend/weight-types.ts";
// Output sequences, token by token
export { beamSearch, type Decoded, decode } from "./decoding/decode.ts";
export type { DecodeOptions } from "./decoding/options.ts";
// Errors
export * from "./errors.ts";
// Files
export { type LoadModelOptions, loadModel, modelMetadata } from "./formats/safetensors/load-model.ts";
export { readSafetensors, type SafetensorsContent, writeSafetensors } from "./formats/safetensors/safetensors.ts";
export { type SaveModelOptions, saveModel } from "./formats/safetensors/save-model.ts";
// Layers and models
export type { Constraint, ConstraintSpec } from "./initializers/constraints.ts";
export type { InitializerName, InitializerSpec } from "./initializers/initializers.ts";
export type { Regularizer, RegularizerSpec } from "./initializers/regularizers.ts";
// Looking inside
/** What a trained network does: gates and states over time, how far errors and inputs reach: `inspect.trace(model, x)`. */
export * as inspect from "./inspect/index.ts";
export * from "./layers/index.ts";
// Training
export type { LossAlias, LossFunction, LossName, LossSpec } from "./losses/losses.ts";
export { type Loss, makeLoss } from "./losses/losses.ts";
export { memory } from "./memory.ts";
export {
  type Metric,
  type MetricAlias,
  type MetricBatch,
  type MetricName,
  type MetricSpec,
  makeMetric,
} from "./metrics/metrics.ts";
export { type Images, type SsimOptions, ssim } from "./metrics/ssim.ts";
export type { ModelConfig, ValueRef } from "./models/config.ts";
export { type FromConfigOptions, modelFromConfig } from "./models/from-config.ts";
export { type FunctionalOptions, model } from "./models/functional.ts";
export { Model } from "./models/model.ts";
export type { ModelForwardOptions, ModelOptions, Network } from "./models/network.ts";
export { type Seq2SeqOptions, seq2seq } from "./models/seq2seq.ts";
export { sequential } from "./models/sequential.ts";
export type { LayerSummary, ModelSummary } from "./models/summary.ts";
export { makeOptimizer, type Optimizer, type OptimizerState } from "./optimizers/optimizers.ts";
export type { OptimizerName, OptimizerSpec } from "./optimizers/rules.ts";
export { type LearningRateSchedule, learningRateAt } from "./optimizers/schedules.ts";
export { type RandomKey, RandomStream, streamId } from "./random/philox.ts";
export { type QuantizeOptions, quantize } from "./streaming/quantize.ts";
export { Stream, type StreamOptions } from "./streaming/stream.ts";
export { PooledStream, type PoolStep, StreamPool, type StreamPoolOptions } from "./streaming/stream-pool.ts";
export type { Shape } from "./tensor/shape.ts";
export {
  full,
  inStep,
  type NestedNumbers,
  ones,
  Tensor,
  type TensorData,
  type TensorOptions,
  tensor,
  zeros,
} from "./tensor/tensor.ts";
export type { ArrayInput, ArrayInputs } from "./training/arrays.ts";
export type { ClassWeight } from "./training/batch.ts";
export * from "./training/callbacks/index.ts";
export {
  type CheckpointAbout,
  type CheckpointStore,
  type LoadedCheckpoint,
  memoryCheckpoints,
  type SkippedCheckpoint,
  StorageError,
} from "./training/checkpoint-store.ts";
export { verifyChecksum } from "./training/checksum.ts";
export type { CompileOptions, CompileSpec } from "./training/compile.ts";
export type { Batch, BatchStream, Dataset, NumericArray, NumericArrays } from "./training/dataset.ts";
export type { CheckpointOptions, EvaluateOptions, FitOptions, LabelledData, PredictOptions } from "./training/fit-options.ts";
export type { History } from "./training/history.ts";
export type { TruncatedOptions } from "./training/long-sequences/truncation.ts";
export type { Logs } from "./training/meter.ts";
export { padTokens, type TeacherForcing, type TokenSequences, teacherForcing } from "./training/token-sequences.ts";
export { TruncatedRtrl, truncatedRtrl } from "./training/truncated-rtrl.ts";
export { VERSION } from "./version.ts";
