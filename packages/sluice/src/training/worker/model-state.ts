import type { Model } from "../../models/model.ts";
import type { OptimizerState } from "../../optimizers/optimizers.ts";
import { copyTensors } from "../arrays.ts";
import type { NumericArray } from "../dataset.ts";

/** All of a model that training changes, as plain data. */
export interface ModelState {
  /** By path. */
  readonly weights: ReadonlyMap<string, NumericArray>;
  /** Paths of the weights that optimizers leave alone. */
  readonly frozen: readonly string[];
  /** What `stateful` layers keep, by path. */
  readonly kept: ReadonlyMap<string, NumericArray>;
  readonly optimizer: OptimizerState;
  readonly trainingSteps: number;
}

/** Copies the state out of a compiled model. */
export async function readState(model: Model): Promise<ModelState> {
  const { optimizer, parameters, trainingSteps } = model;
  const { iterations, accumulated, learningRateScale } = optimizer;
  const slots = await copyTensors(optimizer.slots());
  return {
    weights: await model.weights(),
    frozen: parameters.filter(({ trainable }) => !trainable).map(({ path }) => path),
    kept: await copyTensors(model.keptStates()),
    optimizer: { iterations, accumulated, learningRateScale, slots: new Map([...slots].map(([name, { data }]) => [name, data])) },
    trainingSteps,
  };
}

/** Puts a state into a model of the same configuration, compiled alike. */
export function writeState(model: Model, { weights, frozen, kept, optimizer, trainingSteps }: ModelState): void {
  model.setWeights(weights);
  for (const parameter of model.parameters) parameter.trainable = !frozen.includes(parameter.path);
  model.restoreStates(kept);
  model.optimizer.restore(optimizer, model.parameters);
  model.trainingSteps = trainingSteps;
}

/** Whether two states of one model are the same, bit for bit. */
export function sameState(a: ModelState, b: ModelState): boolean {
  const facts = ({ frozen, optimizer, trainingSteps, ...rest }: ModelState): string => {
    const { iterations, accumulated, learningRateScale, slots } = optimizer;
    return JSON.stringify([
      frozen,
      iterations,
      accumulated,
      learningRateScale,
      trainingSteps,
      [...slots.keys()],
      [...rest.kept.keys()],
    ]);
  };
  if (facts(a) !== facts(b)) return false;
  const [one, other] = [arraysOf(a), arraysOf(b)];
  return one.every((data, k) => sameBytes(data, other[k] as NumericArray["data"]));
}

/** The memory of a state, to hand it over to another thread. */
export function buffersOf(state: ModelState): ArrayBuffer[] {
  return arraysOf(state).map(({ buffer }) => buffer as ArrayBuffer);
}

function arraysOf({ weights, kept, optimizer }: ModelState): NumericArray["data"][] {
  return [...[...weights.values(), ...kept.values()].map(({ data }) => data), ...optimizer.slots.values()];
}

/** Of floating-point numbers, whole words, so that NaN and −0 count as what they are. */
function sameBytes(a: NumericArray["data"], b: NumericArray["data"]): boolean {
  if (a.byteLength !== b.byteLength) return false;
  const words = ({ buffer, byteOffset, byteLength }: NumericArray["data"]): Int32Array =>
    new Int32Array(buffer, byteOffset, byteLength / 4);
  const [one, other] = [words(a), words(b)];
  return one.every((word, k) => word === other[k]);
}
