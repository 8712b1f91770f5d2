import { holdingChanges } from "../layers/own-changes.ts";
import type { Network } from "../models/network.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CheckedBatch, toTensors } from "./batch.ts";

/**
 * Where NaN or infinity enters: the first weight that holds one, else the first layer that gives one for this batch, else
 * the loss itself. A sentence for people.
 */
export async function traceNonFinite(network: Network, batch: CheckedBatch, step: number, loss: number): Promise<string> {
  const what = `the loss of training step ${step} is ${loss}`;
  for (const { path, tensor } of network.parameters) {
    if (!allFinite(await tensor.data())) {
      return `${what}: weight "${path}" is no longer finite. Lower the learning rate, or clip gradients (globalClipNorm: 1).`;
    }
  }
  const found = network.backend.step(() => {
    const { x, masks } = toTensors(network, batch);
    let name: string | null = null;
    const observe = (node: { layer: { name: string } }, { outputs }: { outputs: readonly Tensor[] }): void => {
      if (name === null && !outputs.every((output) => allFinite(output.dataSync()))) name = node.layer.name;
    };
    holdingChanges(() => network.run(x, { training: true, masks, step, observe })); // looks, and changes nothing
    return name;
  });
  return found === null
    ? `${what}, though every layer's output is finite: look at the loss and its targets, weights and penalties.`
    : `${what}: layer "${found}" is the first whose output is not finite. Scale the inputs, or clip gradients (globalClipNorm: 1).`;
}

function allFinite(data: ArrayLike<number>): boolean {
  for (let k = 0; k < data.length; k++) if (!Number.isFinite(data[k])) return false;
  return true;
}
