import { describe, expect, test } from "vitest";
import { checkGradients, randomTensor } from "../autograd/gradient-check.ts";
import { multiply } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { reshape, slice, stack } from "../autograd/ops/shape.ts";
import { valueAndGradients } from "../autograd/tape.ts";
import { getBackend } from "../backend/index.ts";
import { inStep, type Tensor, tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import type { State } from "./layer.ts";
import { type LSTMOptions, lstm } from "./lstm.ts";
import { type MemoryBlocksOptions, memoryBlocks } from "./memory-blocks.ts";
import type { RecurrentLayer } from "./recurrent-layer.ts";
import { copyWeights, prepared, weightOf } from "./testing/recurrent-samples.ts";

const backend = getBackend("reference");
const random = (shape: readonly number[], seed = 1): Tensor => randomTensor(shape, { seed, like: { backend } });
const [B, T, I] = [2, 5, 2];
const x = random([B, T, I], 3);

/** Gradients of Σ w · output, w random, with respect to x and the weights. */
function gradientsOf(layer: RecurrentLayer, options: { mask?: Tensor } = {}): Tensor[] {
  const loss = () => {
    const { output } = layer.forward(x, { training: true, step: 4, ...options });
    return sum(multiply(output, random(output.shape, 9)));
  };
  return valueAndGradients(loss, [x, ...layer.parameters.map((each) => each.tensor)]).gradients;
}

function expectEqual(found: readonly Tensor[], wanted: readonly Tensor[], atol = 1e-12): void {
  found.forEach((gradient, k) => {
    expectClose(gradient.dataSync(), (wanted[k] as Tensor).dataSync(), { atol });
  });
}

/** Whether two lists of gradients differ somewhere by more than rounding. */
function differ(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  return a.some((gradient, k) =>
    gradient.dataSync().some((v, at) => Math.abs(v - ((b[k] as Tensor).dataSync()[at] ?? 0)) > 1e-6),
  );
}

/** A layer with the truncated gradient, and one with the same weights without. */
function pair<O extends LSTMOptions | MemoryBlocksOptions>(make: (options: O) => RecurrentLayer, options: O) {
  const cut = prepared(make({ returnSequences: true, ...options, truncatedGradient: true }), { I, seed: 5 }, backend);
  const exact = prepared(make({ returnSequences: true, ...options }), { I, seed: 6 }, backend);
  copyWeights(cut, exact);
  return { cut, exact };
}

describe("the gradient is the slope of the network whose feedback is frozen", () => {
  const forms: [string, () => ReturnType<typeof pair>][] = [
    ["memory blocks", () => pair(memoryBlocks, { units: 4, cellsPerBlock: 2 })],
    ["conventional units, forget gates", () => pair(memoryBlocks, { units: 2, hiddenUnits: 2, forgetGate: true })],
    ["LSTM", () => pair(lstm, { units: 3 })],
    ["LSTM that reads gates", () => pair(lstm, { units: 3, gateRecurrence: true })],
    ["LSTM with projection and clips", () => pair(lstm, { units: 3, projection: 2, gateClip: 5, cellClip: 5 })],
    ["LSTM with layer normalization", () => pair(lstm, { units: 3, layerNorm: true })],
    ["LSTM with coupled gates", () => pair(lstm, { units: 3, coupledGates: true })],
  ];
  test.each(forms)("%s", (_, make) => {
    const { cut, exact } = make();
    const { cell } = exact;
    const steps = [...Array(T).keys()].map((t) => reshape(slice(x, t, t + 1, { axis: 1 }), [B, I]));
    // What net inputs read, at the weights as they are; only c comes from the step before when weights move.
    const read: State[] = [inStep(backend, () => cell.initialState(steps[0] as Tensor))];
    for (const at of steps) read.push(exact.step(at, read.at(-1) as State));
    const frozen = () => {
      let cellState = (read[0] as State).cellState as Tensor;
      const outputs = [...Array(T).keys()].map((t) => {
        const now = reshape(slice(x, t, t + 1, { axis: 1 }), [B, I]);
        const next = cell.step(now, { ...(read[t] as State), cellState });
        cellState = next.cellState as Tensor;
        return cell.output(next);
      });
      return stack(outputs, { axis: 1 });
    };
    const weights = exact.parameters.map((each) => each.tensor);
    checkGradients(frozen, [x, ...weights]);
    const wanted = valueAndGradients(() => {
      const output = frozen();
      return sum(multiply(output, random(output.shape, 9)));
    }, [x, ...weights]).gradients;
    expectEqual(gradientsOf(cut), wanted);
    expect(differ(gradientsOf(exact), wanted)).toBe(true);
    expectEqual([cut.forward(x).output], [exact.forward(x).output]);
  });
});

test("without recurrent weights there is nothing to cut: it is the exact gradient", () => {
  for (const { cut, exact } of [pair(memoryBlocks, { units: 4, cellsPerBlock: 2, forgetGate: true }), pair(lstm, { units: 3 })]) {
    for (const layer of [cut, exact]) {
      const { storage, size } = weightOf(layer, "recurrentKernel");
      backend.write(storage, new Float64Array(size));
    }
    const [cutGradients, exactGradients] = [gradientsOf(cut), gradientsOf(exact)];
    expectEqual(cutGradients, exactGradients);
  }
});

test("masks and steps run again change nothing in it", () => {
  const mask = tensor([1, 0, 1, 1, 1, 0, 1, 1, 0, 1], [B, T], { backend });
  const { cut } = pair(memoryBlocks, { units: 2, forgetGate: true });
  const again = cut.clone({ recompute: true });
  prepared(again, { I, seed: 7 }, backend);
  copyWeights(cut, again);
  expectEqual(gradientsOf(again, { mask }), gradientsOf(cut, { mask }));
});

test("the error of the last step reaches the first through the carousel alone, whole", () => {
  const layer = prepared(memoryBlocks({ units: 1, useBias: false, truncatedGradient: true }), { I, seed: 8 }, backend);
  const long = random([1, 200, I], 2);
  const start = { ...layer.forward(slice(long, 0, 1, { axis: 1 })).state, cellState: tensor([[0]], [1, 1], { backend }) };
  const dOfLength = (length: number): number => {
    const { gradients } = valueAndGradients(
      () => sum((layer.forward(slice(long, 0, length, { axis: 1 }), { state: start }).state as { cellState: Tensor }).cellState),
      [start.cellState],
    );
    return gradients[0]?.dataSync()[0] as number;
  };
  expect([1, 10, 200].map(dOfLength)).toEqual([1, 1, 1]);
});
