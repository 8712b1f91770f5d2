import { ShapeError, ValueError } from "../errors.ts";
import type { Network } from "../models/network.ts";
import { type Shape, sameShape, showShape } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import { checkFinite, listOf } from "./arrays.ts";
import type { Batch, NumericArray } from "./dataset.ts";

/** Factor of each class in the loss, by class number. Classes left out count 1. */
export type ClassWeight = Readonly<Record<number, number>>;

/** A batch that has been checked against its model. */
export interface CheckedBatch {
  readonly x: readonly NumericArray[];
  /** Empty when targets were not asked for. */
  readonly y: readonly NumericArray[];
  /** [B] or [B, T]. */
  readonly weights: NumericArray | null;
  /** [B, T]. */
  readonly mask: NumericArray | null;
  /** Number of examples. */
  readonly size: number;
}

/** What of a batch is checked before it is used. */
export interface BatchChecks {
  readonly targets: boolean;
  readonly classWeight?: ClassWeight | undefined;
}

/**
 * Checks one batch, and makes the model's weights if this is the first it sees.
 * @throws {ShapeError} when arrays do not fit the model or one another; {NumericError} for NaN or infinity outside masked steps;
 * {ValueError} when arrays are missing.
 */
export function checkBatch(network: Network, batch: Batch, { targets, classWeight }: BatchChecks): CheckedBatch {
  if (!network.built) network.build(toList(batch.x).map(({ shape }) => [null, ...shape.slice(1)]));
  const { inputs, outputs } = network.graph;
  const x = listOf(batch.x, inputs.length, "inputs x");
  network.checkInputs(x.map(({ shape }) => shape));
  if (targets && batch.y === undefined)
    throw new ValueError("Cannot train or evaluate without targets: the batch has no y. Let the data give y beside x.");
  const y = targets && batch.y !== undefined ? listOf(batch.y, outputs.length, "targets y") : [];
  const mask = batch.mask ?? null;
  const size = x[0]?.shape[0] ?? 0;
  for (const { shape } of y) if (shape[0] !== size) throw unequal("targets", shape, size);
  if (mask && (mask.shape.length !== 2 || mask.shape[0] !== size)) throw unequal("a mask [batch, time]", mask.shape, size);
  if (mask && !x.some(({ shape }) => hasSteps(shape, mask))) {
    throw new ShapeError(
      `Cannot use a mask of shape ${showShape(mask.shape)}: no input has its axes [batch, time]; they are ${x.map(({ shape }) => showShape(shape)).join(", ")}. ` +
        "Give 1 or 0 for each step of an input.",
    );
  }
  if (batch.sampleWeight && batch.sampleWeight.shape[0] !== size) throw unequal("sample weights", batch.sampleWeight.shape, size);
  x.forEach((array, k) => {
    checkFinite(array, x.length > 1 ? `input x ${k}` : "input x", mask);
  });
  y.forEach((array, k) => {
    checkFinite(array, y.length > 1 ? `target y ${k}` : "target y", mask);
  });
  return { x, y, weights: weightsOf(batch.sampleWeight ?? null, classWeight, y, outputs[0]?.shape ?? []), mask, size };
}

/** Whether the mask [B, T] is one for the steps of an array of this shape. */
function hasSteps(shape: Shape, mask: NumericArray): boolean {
  return shape.length > 1 && sameShape(shape.slice(0, 2), mask.shape);
}

function toList(x: Batch["x"]): readonly NumericArray[] {
  return "data" in x ? [x] : x;
}

function unequal(what: string, shape: Shape, size: number): ShapeError {
  return new ShapeError(
    `Cannot use ${what} of shape ${showShape(shape)} with ${size} examples: axis 0 counts the examples of the batch.`,
  );
}

/** Sample weights times class weights. */
function weightsOf(
  sample: NumericArray | null,
  classWeight: ClassWeight | undefined,
  y: readonly NumericArray[],
  output: readonly (number | null)[],
): NumericArray | null {
  if (!classWeight) return sample;
  const [target, ...more] = y;
  if (!target || more.length > 0)
    throw new ValueError(
      `Cannot use classWeight with ${y.length} targets: it is for models with one output. Give sampleWeight instead.`,
    );
  const byClass = classFactors(target, classWeight, output);
  if (!sample) return byClass;
  if (!sameShape(sample.shape, byClass.shape) && !sameShape(sample.shape, byClass.shape.slice(0, 1))) {
    throw new ShapeError(
      `Cannot combine sample weights ${showShape(sample.shape)} with class weights ${showShape(byClass.shape)}: give one for each example, or for each example and step.`,
    );
  }
  const repeat = byClass.data.length / sample.data.length;
  return {
    shape: byClass.shape,
    data: byClass.data.map((factor, k) => factor * (sample.data[Math.floor(k / repeat)] as number)),
  };
}

/** One factor for each class number, or for each one-hot row: those have as many axes as the model's output, and its last size. */
function classFactors(
  { shape, data }: NumericArray,
  classWeight: ClassWeight,
  output: readonly (number | null)[],
): NumericArray & { data: Float64Array } {
  const width = shape.length === output.length ? (shape.at(-1) ?? 1) : 1;
  const factors = new Float64Array(data.length / width);
  for (let row = 0; row < factors.length; row++) {
    const scores = data.subarray(row * width, (row + 1) * width);
    const label = width > 1 ? scores.indexOf(Math.max(...scores)) : (scores[0] as number);
    factors[row] = classWeight[label] ?? 1;
  }
  return { shape: shape.length === output.length ? shape.slice(0, -1) : shape, data: factors };
}

/** A checked batch as tensors; made inside the step that reads them. */
export interface BatchTensors {
  readonly x: readonly Tensor[];
  readonly y: readonly Tensor[];
  readonly weights: Tensor | null;
  /** The given mask, for each input that has its axes. */
  readonly masks: readonly (Tensor | null)[];
}

/** A batch as tensors of the running step. */
export function toTensors(network: Network, { x, y, weights, mask }: CheckedBatch): BatchTensors {
  const { backend } = network;
  const upload = ({ data, shape }: NumericArray): Tensor => {
    const made = allocate(shape, backend);
    backend.write(made.storage, data);
    return made;
  };
  const maskTensor = mask && upload(mask);
  return {
    x: x.map(upload),
    y: y.map(upload),
    weights: weights && upload(weights),
    masks: x.map(({ shape }) => (mask && hasSteps(shape, mask) ? maskTensor : null)),
  };
}
