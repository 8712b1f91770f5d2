/**
 * sluice/inference: models that are trained, and nothing else. A program names the kinds of layers its model has and carries those;
 * training, losses, optimizers and all other layers stay out of it.
 */
export type { WeightType } from "./backend/weight-types.ts";
export * from "./errors.ts";
export { InferenceModel, type InferencePredictOptions, type LoadOptions, loadModel } from "./inference/model.ts";
export { gru, lstm, simpleRnn } from "./streaming/recurrent-forms.ts";
export {
  activation,
  add,
  batchNormalization,
  concatenate,
  dense,
  dropout,
  embedding,
  layerNormalization,
  type StepForm as LayerForm,
} from "./streaming/step-forms.ts";
export { Stream, type StreamOptions } from "./streaming/stream.ts";
export type { NumericArray } from "./training/dataset.ts";
