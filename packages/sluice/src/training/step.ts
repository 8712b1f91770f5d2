import { record } from "../autograd/tape.ts";
import type { HostArray } from "../backend/backend.ts";
import { holdingChanges } from "../layers/own-changes.ts";
import type { Network } from "../models/network.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CheckedBatch, toTensors } from "./batch.ts";
import type { Compiled } from "./compile.ts";
import type { NumericArray } from "./dataset.ts";
import { type Objective, objective } from "./objective.ts";

/** What one batch gave, on the host. */
export interface StepResult {
  readonly loss: number;
  /** Each output's own loss. */
  readonly outputLosses: readonly number[];
  /** Each output with its mask; empty unless asked for. */
  readonly predictions: readonly Prediction[];
}

/** What a forward pass gives. */
export interface Prediction {
  readonly output: NumericArray & { readonly data: HostArray };
  readonly mask: (NumericArray & { readonly data: HostArray }) | null;
}

/** Options of `step`. */
export interface StepOptions {
  /** Training steps so far: which random numbers dropout draws. */
  readonly step: number;
  readonly predictions: boolean;
}

/**
 * One training step: forward, loss, backward, update, in one arena.
 * @param guard leave the weights alone when the loss is not a finite number.
 */
export function trainStep(
  network: Network,
  compiled: Compiled,
  batch: CheckedBatch,
  { step, predictions, guard }: StepOptions & { readonly guard: boolean },
): Promise<StepResult> {
  const { backend } = network;
  return backend.step(() => {
    const tensors = toTensors(network, batch);
    const parameters = network.parameters.filter(({ trainable }) => trainable);
    const wrt = parameters.map(({ tensor }) => tensor);
    const { result: run, make } = holdingChanges(() =>
      record(wrt, () => objective(network, compiled, tensors, { training: true, step })),
    );
    const { result, tape } = run;
    const sound = !guard || Number.isFinite(result.loss.dataSync()[0]);
    if (sound) {
      make();
      compiled.optimizer.apply(parameters, tape.gradients(result.loss));
    }
    return readBack(result, predictions);
  });
}

/** Loss and predictions of one batch, nothing changed. */
export function testStep(
  network: Network,
  compiled: Compiled,
  batch: CheckedBatch,
  { step, predictions }: StepOptions,
): Promise<StepResult> {
  return network.backend.step(() => {
    const result = objective(network, compiled, toTensors(network, batch), { training: false, step });
    return readBack(result, predictions);
  });
}

/** The outputs of one batch. */
export function predictStep(network: Network, batch: CheckedBatch): Promise<readonly Prediction[]> {
  return network.backend.step(() => {
    const { x, masks } = toTensors(network, batch);
    return readPredictions(network.run(x, { training: false, masks, step: 0 }));
  });
}

/** Every read is ordered before the step ends; the numbers arrive when they are computed. */
export async function readBack({ loss, outputLosses, outputs, masks }: Objective, predictions: boolean): Promise<StepResult> {
  const scalars = [loss, ...outputLosses].map((x) => x.data());
  const arrays = predictions ? readPredictions({ outputs, masks }) : Promise.resolve([]);
  const [total = Number.NaN, ...parts] = (await Promise.all(scalars)).map(([value = Number.NaN]) => value);
  return { loss: total, outputLosses: parts, predictions: await arrays };
}

function readPredictions({ outputs, masks }: Pick<Objective, "outputs" | "masks">): Promise<readonly Prediction[]> {
  return Promise.all(
    outputs.map(async (output, k) => {
      const pending = masks[k] ? readArray(masks[k]) : null;
      return { output: await readArray(output), mask: await pending };
    }),
  );
}

async function readArray(x: Tensor): Promise<NumericArray & { readonly data: HostArray }> {
  return { shape: x.shape, data: await x.data() };
}
