import { ValueError } from "../errors.ts";
import type { Network } from "../models/network.ts";
import { type ArrayInput, type ArrayInputs, listOf, toNumericArray, toNumericArrays } from "./arrays.ts";
import { checkBatch } from "./batch.ts";
import type { Batch, BatchStream, Dataset } from "./dataset.ts";
import type { EvaluateOptions, FitOptions, LabelledData, PredictOptions } from "./fit-options.ts";
import type { TruncatedOptions, Truncation } from "./long-sequences/truncation.ts";
import {
  type ArrayData,
  ArrayDataset,
  type BatchSource,
  checkCount,
  datasetPart,
  datasetSource,
  isDataset,
  isStream,
  type OrderOptions,
  streamSource,
} from "./source.ts";

/** What `fit`, `evaluate` and `predict` may be given as examples. */
export type Examples = ArrayInputs | Dataset | BatchStream;

interface Extras {
  readonly sampleWeight?: ArrayInput;
  readonly mask?: ArrayInput;
}

/** The data, its validation part, and facts that a resumed run must find unchanged. */
export interface TrainingData {
  readonly source: BatchSource;
  readonly validation: BatchSource | null;
  /** The examples to train on; null for a stream. */
  readonly dataset: Dataset | null;
  /** All that was given, before a validation part is split off. */
  readonly given: { readonly examples: Dataset | BatchStream; readonly validation: Dataset | BatchStream | null };
  readonly options: FitOptions;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  /** How long sequences are cut; null when they are not. */
  readonly truncation: Truncation | null;
}

/** Sorts out the arguments of `fit`. @throws {ValueError} for options outside their rules. */
export async function trainingData(
  network: Network,
  x: Examples,
  second?: ArrayInputs | FitOptions,
  third?: FitOptions,
): Promise<TrainingData> {
  const options = optionsOf(x, second, third);
  const {
    batchSize = 32,
    seed = network.seed,
    validationSplit = 0,
    validationData,
    epochs = 1,
    stepsPerEpoch,
    validationSteps,
  } = options;
  checkCount(batchSize, "batchSize");
  checkCount(epochs, "epochs");
  if (stepsPerEpoch !== undefined) checkCount(stepsPerEpoch, "stepsPerEpoch");
  if (validationSteps !== undefined) checkCount(validationSteps, "validationSteps");
  if (!(validationSplit >= 0 && validationSplit < 1))
    throw new ValueError(`Cannot use validationSplit ${validationSplit}: it is a share in [0, 1).`);
  const whole = isStream(x) ? null : await datasetOf(network, x, second as ArrayInputs, options);
  await buildFromFirst(
    network,
    whole ? datasetSource(whole, { batchSize: 1, shuffle: false, seed }) : streamSource(x as BatchStream),
  );
  const truncation = options.truncated ? await truncationFor(network, options.truncated) : null;
  const { stateful } = network;
  if (stateful && options.shuffle) {
    throw new ValueError(
      `Cannot shuffle the examples of stateful model "${network.name}": its rows go on from batch to batch. Leave shuffle out, or give false.`,
    );
  }
  const shuffle = options.shuffle ?? !stateful;
  const held = validationData ? await validationExamples(network, validationData) : null;
  const heldSource = held && sourceOf(held, { batchSize, shuffle: false, seed: 0 });
  if (!whole) {
    if (validationSplit > 0)
      throw new ValueError("Cannot split validation data from a stream: its length is not known. Give validationData.");
    return {
      source: streamSource(x as BatchStream),
      validation: heldSource,
      dataset: null,
      given: { examples: x as BatchStream, validation: held },
      options,
      batchSize,
      shuffle,
      seed,
      truncation,
    };
  }
  const cut = held ? whole.length : Math.floor(whole.length * (1 - validationSplit));
  if (cut < 1)
    throw new ValueError(
      `Cannot train on ${whole.length} examples with validationSplit ${validationSplit}: none is left to train on.`,
    );
  const dataset = cut < whole.length ? datasetPart(whole, 0, cut) : whole;
  if (stateful && cut % batchSize !== 0) {
    throw new ValueError(
      `Cannot train stateful model "${network.name}" on ${cut} examples in batches of ${batchSize}: every batch must have the same rows. Choose a batchSize that divides the number of examples.`,
    );
  }
  const rest =
    cut < whole.length ? datasetSource(datasetPart(whole, cut, whole.length), { batchSize, shuffle: false, seed }) : null;
  return {
    source: datasetSource(dataset, { batchSize, shuffle, seed }),
    validation: heldSource ?? rest,
    dataset,
    given: { examples: whole, validation: held },
    options,
    batchSize,
    shuffle,
    seed,
    truncation,
  };
}

/** Loaded where it is asked for: it knows every kind of layer. */
async function truncationFor(network: Network, options: TruncatedOptions): Promise<Truncation> {
  const { truncationOf } = await import("./long-sequences/truncation.ts");
  return truncationOf(network, options);
}

/** Makes the weights for the sizes of the first batch, when the model waits for them. */
async function buildFromFirst(network: Network, source: BatchSource): Promise<void> {
  if (network.built) return;
  for await (const batch of source.batches(0, 0)) {
    checkBatch(network, batch, { targets: false });
    return;
  }
}

function optionsOf<O extends object>(x: Examples, second: ArrayInputs | O | undefined, third: O | undefined): O {
  return ((isDataset(x) || isStream(x) ? second : third) ?? {}) as O;
}

async function datasetOf(
  network: Network,
  x: ArrayInputs | Dataset,
  y: ArrayInputs | undefined,
  extras: Extras,
): Promise<Dataset> {
  if (isDataset(x)) {
    if (extras.sampleWeight !== undefined || extras.mask !== undefined) {
      throw new ValueError("Cannot use sampleWeight or mask beside a dataset: let its batches give them.");
    }
    return x;
  }
  if (y === undefined) throw new ValueError("Cannot train or evaluate on x alone: give the targets y as second argument.");
  return new ArrayDataset(await arrayData(network, x, y, extras));
}

async function arrayData(network: Network, x: ArrayInputs, y: ArrayInputs | undefined, extras: Extras): Promise<ArrayData> {
  const { inputs, outputs } = network.built ? network.graph : { inputs: [0], outputs: [0] };
  return {
    x: await toNumericArrays(x, inputs.length, "inputs x"),
    y: y === undefined ? [] : await toNumericArrays(y, outputs.length, "targets y"),
    sampleWeight: extras.sampleWeight === undefined ? null : await toNumericArray(extras.sampleWeight, "sampleWeight"),
    mask: extras.mask === undefined ? null : await toNumericArray(extras.mask, "mask"),
  };
}

async function validationExamples(network: Network, data: LabelledData): Promise<Dataset | BatchStream> {
  if (isStream(data) || isDataset(data)) return data;
  const [x, y, sampleWeight] = data;
  return datasetOf(network, x, y, sampleWeight === undefined ? {} : { sampleWeight });
}

function sourceOf(examples: Dataset | BatchStream, order: OrderOptions): BatchSource {
  return isStream(examples) ? streamSource(examples) : datasetSource(examples, order);
}

/** Sorts out the arguments of `evaluate`. */
export async function labelledSource(
  network: Network,
  x: Examples,
  second?: ArrayInputs | EvaluateOptions,
  third?: EvaluateOptions,
): Promise<{ source: BatchSource; options: EvaluateOptions }> {
  const options = optionsOf(x, second, third);
  const { batchSize = 32 } = options;
  checkCount(batchSize, "batchSize");
  if (isStream(x)) return { source: streamSource(x), options };
  const dataset = await datasetOf(network, x, second as ArrayInputs, options);
  return { source: datasetSource(dataset, { batchSize, shuffle: false, seed: 0 }), options };
}

/** Sorts out the arguments of `predict`. */
export async function inputSource(network: Network, x: Examples, { batchSize = 32, mask }: PredictOptions): Promise<BatchSource> {
  checkCount(batchSize, "batchSize");
  const order = { batchSize, shuffle: false, seed: 0 };
  if (isStream(x) || isDataset(x)) return sourceOf(x, order);
  return datasetSource(new ArrayDataset(await arrayData(network, x, undefined, mask === undefined ? {} : { mask })), order);
}

/** Arrays as one batch. */
export async function arraysToBatch(network: Network, x: ArrayInputs, y?: ArrayInputs): Promise<Batch> {
  const data = await arrayData(network, x, y, {});
  return { x: listOf(data.x, data.x.length, "inputs x"), ...(y !== undefined && { y: data.y }) };
}
