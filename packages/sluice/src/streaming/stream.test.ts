import v8 from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  bidirectional,
  Cell,
  concatenate,
  dense,
  embedding,
  flatten,
  gru,
  type HiddenState,
  input,
  type Layer,
  type LayerOptions,
  lstm,
  type Model,
  masking,
  memory,
  model,
  ops,
  repeatVector,
  rnn,
  sequential,
  simpleRnn,
  type Tensor,
  tensor,
  timeDistributed,
} from "../index.ts";
import { RandomStream } from "../random/philox.ts";
import { randomModels } from "./testing/random-models.ts";

function noise(count: number, seed: number): Float32Array {
  const random = new RandomStream({ seed, stream: 9, step: 0 });
  return Float32Array.from({ length: count }, () => random.uniform() * 2 - 1);
}

/** What the model gives after each step of a sequence x [B, T, F]: outputs [T][B · O]. */
function batchOutputs(net: Model, x: Float32Array, B: number, T: number, F: number): Float32Array[] {
  return Array.from({ length: T }, (_, t) => {
    const part = Float32Array.from({ length: B * (t + 1) * F }, (_, k) => {
      const [b, rest] = [Math.floor(k / ((t + 1) * F)), k % ((t + 1) * F)];
      return x[b * T * F + rest] as number;
    });
    const [y] = net.forward(tensor(part, [B, t + 1, F], { backend: net.backend })) as [Tensor];
    const numbers = y.dataSync();
    if (y.rank === 2) return Float32Array.from(numbers);
    const O = y.shape[2] as number;
    return Float32Array.from({ length: B * O }, (_, k) => {
      const [b, o] = [Math.floor(k / O), k % O];
      return numbers[(b * (t + 1) + t) * O + o] as number;
    });
  });
}

/** Step t of every row of x [B, T, F]. */
function stepOf(x: Float32Array, t: number, B: number, T: number, F: number): Float32Array {
  return Float32Array.from({ length: B * F }, (_, k) => x[(Math.floor(k / F) * T + t) * F + (k % F)] as number);
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let k = 0; k < expected.length; k++) {
    const size = Math.max(1, Math.abs(expected[k] as number));
    expect(Math.abs((actual[k] as number) - (expected[k] as number)) / size).toBeLessThan(tolerance);
  }
}

describe("a streamed model", () => {
  test("steps cells whose activations have numbers of their own, and those that are clamped", () => {
    const net = sequential(
      [
        gru({ units: 4, gateClip: 0.2, returnSequences: true, inputShape: [null, 2] }),
        gru({ units: 3, recurrentActivation: { type: "hardSigmoid", alpha: 0.4 }, returnSequences: true }),
        simpleRnn({ units: 2, activation: { type: "scaledTanh", alpha: 2 }, gateClip: 0.3 }),
      ],
      { seed: 3 },
    );
    const [B, T, F] = [2, 4, 2];
    const x = noise(B * T * F, 5);
    const expected = batchOutputs(net, x, B, T, F);
    const stream = net.stream({ batch: B });
    for (let t = 0; t < T; t++) expectClose(stream.push(stepOf(x, t, B, T, F)), expected[t] as Float32Array, 1e-6);
  });

  test.each([
    ["wasm" as const, 40],
    ["reference" as const, 15],
  ])("on %s gives at each step what the batch gives for the part read so far", (backend, numRuns) => {
    fc.assert(
      fc.property(randomModels, fc.integer({ min: 1, max: 3 }), fc.nat(1000), ({ features, make }, B, seed) => {
        const [net, T] = [make(backend), 4];
        const x = noise(B * T * features, seed);
        const expected = batchOutputs(net, x, B, T, features);
        const stream = net.stream({ batch: B });
        // float32 sums of up to 21 terms through at most seven layers; float64 outputs are rounded to float32
        for (let t = 0; t < T; t++) expectClose(stream.push(stepOf(x, t, B, T, features)), expected[t] as Float32Array, 2e-6);
      }),
      { numRuns },
    );
  });

  test("wide enough for several panels and blocks of sums, it still agrees", () => {
    for (const make of [lstm, gru]) {
      const net = sequential([make({ units: 70, inputShape: [null, 300] }), dense({ units: 67 })], { backend: "wasm" });
      const x = noise(3 * 300, 1);
      const stream = net.stream();
      const expected = batchOutputs(net, x, 1, 3, 300);
      for (let t = 0; t < 3; t++) expectClose(stream.push(stepOf(x, t, 1, 3, 300)), expected[t] as Float32Array, 2e-6);
    }
  });

  test("looks words up", () => {
    const net = sequential(
      [
        embedding({ inputDim: 7, outputDim: 3, maskZero: true, inputShape: [null] }),
        lstm({ units: 5 }),
        dense({ units: 7, activation: "softmax" }),
      ],
      { backend: "wasm" },
    );
    const stream = net.stream();
    expect([stream.inputSize, stream.outputSize]).toEqual([1, 7]);
    const words = [3, 1, 6, 1];
    words.forEach((word, t) => {
      const [y] = net.forward(tensor([words.slice(0, t + 1)], undefined, { backend: net.backend })) as [Tensor];
      expectClose(stream.push([word]), y.dataSync(), 1e-6);
    });
    const before = stream.state();
    expect(() => stream.push([7])).toThrow(/index 7 in embedding "embedding" of a stream: indices go from 1 to 6/);
    expect(() => stream.push([0])).toThrow(/padding \(maskZero\)/);
    expect(() => stream.push([1.5])).toThrow(/index 1.5/);
    expect(stream.state()).toEqual(before);
  });

  test("follows a graph: residuals, branches, a layer used twice with a state for each use", () => {
    const x = input({ shape: [null, 4] });
    const shared = gru({ units: 4, returnSequences: true });
    const twice = shared.apply(shared.apply(x));
    const joined = concatenate().apply([add().apply([x, twice]), lstm({ units: 3, returnSequences: true }).apply(x)]);
    const net = model({ inputs: x, outputs: dense({ units: 2 }).apply(joined), backend: "wasm" });
    const numbers = noise(2 * 5 * 4, 3);
    const expected = batchOutputs(net, numbers, 2, 5, 4);
    const stream = net.stream({ batch: 2 });
    for (let t = 0; t < 5; t++) expectClose(stream.push(stepOf(numbers, t, 2, 5, 4)), expected[t] as Float32Array, 1e-6);
  });

  test("runs a cell of one's own by its step", () => {
    class LeakyCell extends Cell<LayerOptions, HiddenState> {
      readonly type = "LeakyCell";
      readonly stateShapes = { hiddenState: [3] };
      constructor() {
        super({}, "leakyCell");
      }
      step(x: Tensor, { hiddenState }: HiddenState): HiddenState {
        return { hiddenState: ops.add(ops.multiply(hiddenState, 0.5), x) };
      }
    }
    const net = sequential([rnn(new LeakyCell(), { inputShape: [null, 3] })], { backend: "wasm" });
    const stream = net.stream();
    expect([...stream.push([1, 2, 4])]).toEqual([1, 2, 4]);
    expect([...stream.push([0, 0, 1])]).toEqual([0.5, 1, 3]);
    expect(() => net.stream({ weights: "int8" })).toThrow(/LeakyCell.*stream with weights "float32"/);
  });

  test("keeps its state in bytes, and goes on from them in another stream", () => {
    const net = sequential([lstm({ units: 6, returnSequences: true, inputShape: [null, 2] }), gru({ units: 3 })], {
      backend: "wasm",
    });
    const [first, second] = [net.stream({ batch: 2 }), net.stream({ batch: 2 })];
    const fresh = first.push([1, 2, 3, 4]).slice();
    const saved = first.state();
    second.restore(saved);
    for (const x of [
      [0, 1, 0, 1],
      [2, 2, 2, 2],
    ])
      expect(second.push(x)).toEqual(first.push(x));
    first.reset();
    expect(first.push([1, 2, 3, 4])).toEqual(fresh);
    expect(first.state()).toEqual(saved);
  });

  test("refuses foreign, cut and damaged states, and stays as it was", () => {
    const make = (units: number) => sequential([lstm({ units, inputShape: [null, 2] })], { backend: "wasm" });
    const stream = make(6).stream();
    stream.push([1, 2]);
    const state = stream.state();
    expect(() => make(5).stream().restore(state)).toThrow(
      /"lstm\/hiddenState" has shape \[1, 6\], and this stream has float32 \[1, 5\]/,
    );
    expect(() => make(6).stream({ batch: 2 }).restore(state)).toThrow(/\[2, 6\]/);
    expect(() =>
      sequential([gru({ units: 6, inputShape: [null, 2] })])
        .stream()
        .restore(state),
    ).toThrow(/which this model does not have/);
    expect(() => stream.restore(state.subarray(0, state.length - 4))).toThrow(/Cannot read safetensors/);
    const poisoned = state.slice();
    new Float32Array(poisoned.buffer, poisoned.length - 4)[0] = Number.NaN;
    expect(() => stream.restore(poisoned)).toThrow(/is NaN/);
    expect(stream.state()).toEqual(state);
  });

  test("says which layer cannot stream, and why", () => {
    const of =
      (...layers: Layer[]): (() => unknown) =>
      () =>
        sequential(layers, { backend: "wasm" }).stream();
    const first = (): Layer => lstm({ units: 2, returnSequences: true, inputShape: [5, 3] });
    expect(of(first(), bidirectional(lstm({ units: 2 })))).toThrow(
      /Bidirectional "bidirectional": its backward half begins at the end/,
    );
    expect(of(first(), lstm({ units: 2, goBackwards: true }))).toThrow(/LSTM "lstm_1": it begins at the end/);
    expect(of(first(), flatten())).toThrow(/Flatten "flatten": it joins the time axis.*timeDistributed\(flatten\(\)\)/);
    expect(of(masking({ inputShape: [5, 3] }), lstm({ units: 2 }))).toThrow(/Masking "masking": padding has no place/);
    expect(of(lstm({ units: 2, inputShape: [5, 3] }), repeatVector({ n: 2 }))).toThrow(/RepeatVector/);
    expect(of(dense({ units: 2, inputShape: [3] }))).toThrow(/Dense "dense": its input has a batch axis and one other/);
    expect(of(first(), timeDistributed(flatten()), lstm({ units: 2 }), flatten())).not.toThrow();
    expect(() => sequential([lstm({ units: 2 })]).stream()).toThrow(/has no weights yet/);
    const [a, b] = [input({ shape: [null, 2] }), input({ shape: [null, 2] })];
    expect(() => model({ inputs: [a, b], outputs: add().apply([a, b]) }).stream()).toThrow(/it has 2 inputs and 1 outputs/);
  });

  test("refuses steps of the wrong size, numbers that would poison it, and options outside their rule", () => {
    const net = sequential([lstm({ units: 2, inputShape: [null, 3] })], { backend: "wasm" });
    const stream = net.stream();
    stream.push([1, 2, 3]);
    const before = stream.state();
    expect(() => stream.push([1, 2])).toThrow(/Cannot push 2 numbers into a stream: one step is 1 rows of 3, so 3/);
    expect(() => stream.push([1, Number.NaN, 3])).toThrow(/Cannot push NaN \(number 1 of the step\)/);
    expect(() => stream.push([1, 2, Number.NEGATIVE_INFINITY])).toThrow(/-Infinity/);
    expect(stream.state()).toEqual(before);
    expect(() => net.stream({ batch: 0 })).toThrow(/batch 0/);
    expect(() => net.stream({ weights: "int4" as "int8" })).toThrow(/"int4": the types are float32, float16, bfloat16, int8/);
  });

  test("is not moved by training, nor by memory that grows", () => {
    const net = sequential([lstm({ units: 4, inputShape: [null, 2] })], { backend: "wasm" });
    const [stream, other] = [net.stream(), net.stream()];
    other.push([1, 2]);
    const expected = other.push([3, 4]).slice();
    stream.push([1, 2]);
    for (const parameter of net.parameters) {
      parameter.tensor.backend.write(parameter.tensor.storage, new Float32Array(parameter.tensor.size).fill(0.3));
    }
    const large = net.backend.allocatePersistent(8_000_000); // the memory must grow: views of it are replaced
    expect(stream.push([3, 4])).toEqual(expected);
    expect(large.length).toBe(8_000_000);
  });

  test("100,000 pushes leave heap and memory() where push 100 left them", () => {
    const net = sequential(
      [lstm({ units: 8, returnSequences: true, inputShape: [null, 3] }), gru({ units: 4 }), dense({ units: 1 })],
      { backend: "wasm" },
    );
    const stream = net.stream();
    const x = Float32Array.of(0.1, -0.2, 0.3);
    for (let k = 0; k < 100; k++) stream.push(x);
    heapBytes();
    const [before, heap] = [memory(), heapBytes()];
    for (let k = 0; k < 100_000; k++) stream.push(x);
    expect(memory()).toEqual(before);
    expect(heapBytes() - heap).toBeLessThan(100_000); // a byte a push; one object of 16 bytes would show as 1.6 MB
  });
});

/** Live bytes of the JavaScript heap. */
function heapBytes(): number {
  v8.setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
