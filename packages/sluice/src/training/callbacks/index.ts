export type { Callback, CallbackContext, CallbackState } from "./callback.ts";
export { csvLogger } from "./csv-logger.ts";
export { type EarlyStoppingOptions, earlyStopping } from "./early-stopping.ts";
export { learningRateScheduler } from "./learning-rate-scheduler.ts";
export { type ModelCheckpointOptions, modelCheckpoint } from "./model-checkpoint.ts";
export type { MonitorOptions } from "./monitor.ts";
export { type ReduceOnPlateauOptions, reduceLROnPlateau } from "./reduce-on-plateau.ts";
export { terminateOnNaN } from "./terminate-on-nan.ts";
