import type { HostArray } from "../backend/backend.ts";
import { FormatError, ValueError } from "../errors.ts";
import { CHECKPOINT_PREFIX, checkFormat, parseJson } from "../formats/safetensors/model-texts.ts";
import type { SafetensorsContent } from "../formats/safetensors/safetensors.ts";
import { modelContent } from "../formats/safetensors/save-model.ts";
import type { Model } from "../models/model.ts";
import { VERSION } from "../version.ts";
import type { Callback } from "./callbacks/callback.ts";
import { readSealed, writeSealed } from "./checksum.ts";
import type { NumericArray } from "./dataset.ts";
import type { TrainingRun } from "./run.ts";

/** What must be the same in the process that goes on, or the bits would differ. */
export interface RunSettings {
  readonly seed: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly stepsPerEpoch: number | null;
  /** Steps between updates and steps a gradient flows back; null when sequences are not cut. */
  readonly truncated: string | null;
  /** Hash of the examples; null for a stream. */
  readonly data: string | null;
}

/** What a checkpoint holds beside the model file's own: plain data in the text "sluice.training". */
interface TrainingRecord {
  readonly settings: RunSettings;
  readonly epoch: number;
  readonly stepInEpoch: number;
  readonly trainingSteps: number;
  readonly seconds: number;
  readonly stopped: string | null;
  readonly best: number | null;
  readonly optimizer: { readonly iterations: number; readonly accumulated: number; readonly learningRateScale: number };
  /** One for each callback, null where it has no memory. */
  readonly callbacks: readonly ({ readonly name: string; readonly data: unknown } | null)[];
  /** Which kernels ran. */
  readonly kernels: string;
  readonly version: string;
}

/** Who takes part in training. */
export interface Training {
  readonly model: Model;
  readonly run: TrainingRun;
  readonly settings: RunSettings;
  readonly callbacks: readonly Callback[];
}

/**
 * The whole state of training as one sealed safetensors file. The model stands in it as in a model file, so `loadModel`
 * reads it too; beside it @optimizer/…, @state/… (kept by stateful layers), @callback/k/…, @history/…, @meter, and the
 * SHA-256 of all that at the end.
 */
export async function writeCheckpoint(training: Training, metadata: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const { model, run, settings, callbacks } = training;
  const { optimizer } = model;
  const content = await modelContent(model, metadata);
  const tensors = new Map(content.tensors);
  const put = (name: string, array: NumericArray): void => void tensors.set(CHECKPOINT_PREFIX + name, array);
  const numbers = (values: readonly number[]): NumericArray => ({ shape: [values.length], data: Float64Array.from(values) });
  for (const [name, slot] of optimizer.slots()) put(`optimizer/${name}`, { shape: slot.shape, data: await slot.data() });
  for (const [name, state] of model.keptStates()) put(`state/${name}`, { shape: state.shape, data: await state.data() });
  for (const [name, values] of run.curves.entries) put(`history/${name}`, numbers(values));
  put("meter", numbers(run.meter.state()));
  const remembered: TrainingRecord["callbacks"][number][] = [];
  for (const [k, callback] of callbacks.entries()) {
    const state = await callback.state?.();
    for (const [name, array] of state?.arrays ?? []) put(`callback/${k}/${name}`, array);
    remembered.push(state ? { name: callback.name ?? "", data: state.data } : null);
  }
  const record: TrainingRecord = {
    settings,
    epoch: run.epoch,
    stepInEpoch: run.stepInEpoch,
    trainingSteps: model.trainingSteps,
    seconds: run.seconds,
    stopped: run.stopped,
    best: run.best,
    optimizer: {
      iterations: optimizer.iterations,
      accumulated: optimizer.accumulated,
      learningRateScale: optimizer.learningRateScale,
    },
    callbacks: remembered,
    kernels: kernelsOf(model),
    version: VERSION,
  };
  return writeSealed({ metadata: new Map([...content.metadata, ["sluice.training", JSON.stringify(record)]]), tensors });
}

function kernelsOf({ backend }: Model): string {
  return `${backend.name} ${backend.variant}`;
}

/**
 * Puts everything back.
 * @returns sentences about what will not be the same, such as another build of the kernels.
 * @throws {FormatError} when the file is damaged; {ValueError} when it belongs to another model, other data or other settings.
 */
export async function restoreCheckpoint(file: Uint8Array, { model, run, settings, callbacks }: Training): Promise<string[]> {
  const content = await readSealed(file);
  checkFormat(content.metadata);
  const record = readRecord(parseJson(content.metadata, "sluice.training"));
  checkSame(content, record, model, settings, callbacks);
  const weights = [...content.tensors].filter(([name]) => !name.startsWith(CHECKPOINT_PREFIX));
  model.setWeights(new Map(weights));
  model.restoreStates(under(content, "state/"));
  model.optimizer.restore({ ...record.optimizer, slots: slotsOf(content) }, model.parameters);
  model.trainingSteps = record.trainingSteps;
  run.epoch = record.epoch;
  run.stepInEpoch = record.stepInEpoch;
  run.stopped = record.stopped;
  run.best = record.best;
  run.secondsBefore = record.seconds;
  for (const [name, { data }] of under(content, "history/")) run.curves.list(name).push(...data);
  run.meter.restore([...(content.tensors.get(`${CHECKPOINT_PREFIX}meter`)?.data ?? [])]);
  for (const [k, saved] of record.callbacks.entries()) {
    if (saved) await callbacks[k]?.restore?.({ data: saved.data, arrays: under(content, `callback/${k}/`) });
  }
  const kernels = kernelsOf(model);
  if (record.kernels === kernels) return [];
  return [
    `The checkpoint was written by the kernels "${record.kernels}" and training goes on with "${kernels}": results will differ in the last bits.`,
  ];
}

/** A checkpoint's own tensors whose names begin with `prefix`, by the rest of their names. */
function under({ tensors }: SafetensorsContent, prefix: string): Map<string, NumericArray> {
  const whole = CHECKPOINT_PREFIX + prefix;
  return new Map(
    [...tensors].filter(([name]) => name.startsWith(whole)).map(([name, array]) => [name.slice(whole.length), array]),
  );
}

function slotsOf(content: SafetensorsContent): Map<string, HostArray> {
  return new Map(
    [...under(content, "optimizer/")].map(([name, { data }]) => {
      if (data instanceof Float32Array || data instanceof Float64Array) return [name, data];
      throw damaged(`optimizer slot "${name}" holds whole numbers`);
    }),
  );
}

function checkSame(
  { metadata }: SafetensorsContent,
  record: TrainingRecord,
  model: Model,
  settings: RunSettings,
  callbacks: readonly Callback[],
): void {
  const refuse = (what: string): ValueError =>
    new ValueError(
      `Cannot resume training of model "${model.name}": ${what}. Resume with what the run was started with, or train from the start without resume.`,
    );
  if (metadata.get("sluice.model") !== JSON.stringify(model.toConfig()))
    throw refuse("the checkpoint is of a model with other layers or options");
  if ((metadata.get("sluice.compile") ?? null) !== (model.compileSpec && JSON.stringify(model.compileSpec))) {
    throw refuse("the checkpoint was compiled with another optimizer, loss or metrics");
  }
  for (const key of ["seed", "batchSize", "shuffle", "stepsPerEpoch", "truncated"] as const) {
    if ((record.settings[key] ?? null) !== settings[key])
      throw refuse(`the checkpoint was trained with ${key} ${record.settings[key]} and this call has ${settings[key]}`);
  }
  if (record.settings.data !== settings.data) throw refuse("the examples are not those the checkpoint was trained on");
  const kinds = (list: readonly (string | null)[]): string => list.map((name) => name ?? "a hook").join(", ") || "none";
  const saved = record.callbacks.map((callback) => callback?.name ?? null);
  const given = callbacks.map((callback) => (callback.state ? (callback.name ?? "") : null));
  if (kinds(saved) !== kinds(given))
    throw refuse(`the checkpoint was trained with the callbacks ${kinds(saved)} and this call has ${kinds(given)}`);
}

/** @throws {FormatError} when the plain data does not have the form of a record. */
function readRecord(value: unknown): TrainingRecord {
  const record = value as TrainingRecord;
  const whole = (number: unknown): boolean => Number.isSafeInteger(number) && (number as number) >= 0;
  const sound =
    isRecord(value) &&
    isRecord(record.settings) &&
    isRecord(record.optimizer) &&
    [record.epoch, record.stepInEpoch, record.trainingSteps, record.optimizer.iterations, record.optimizer.accumulated].every(
      whole,
    ) &&
    [record.seconds, record.optimizer.learningRateScale].every(Number.isFinite) &&
    (record.stopped === null || typeof record.stopped === "string") &&
    (record.best === null || typeof record.best === "number") &&
    Array.isArray(record.callbacks) &&
    record.callbacks.every((callback) => callback === null || (isRecord(callback) && typeof callback.name === "string"));
  if (!sound) throw damaged("the state of training is not of the form it must have");
  return record;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function damaged(what: string): FormatError {
  return new FormatError(`Cannot resume: ${what}. The checkpoint is damaged; an older one may be sound.`);
}
