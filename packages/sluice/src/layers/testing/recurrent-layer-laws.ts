import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkGradients } from "../../autograd/gradient-check.ts";
import { add, multiply, square } from "../../autograd/ops/elementwise.ts";
import { sum } from "../../autograd/ops/reduce.ts";
import { concat, reshape, reverse, slice } from "../../autograd/ops/shape.ts";
import { valueAndGradients } from "../../autograd/tape.ts";
import { getBackend } from "../../backend/index.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { ones, type Tensor, tensor, zeros } from "../../tensor/tensor.ts";
import { expectClose } from "../../testing/oracle.ts";
import { bidirectional } from "../bidirectional.ts";
import type { Cell } from "../cells/cell.ts";
import type { LayerResult } from "../layer.ts";
import { layerFromConfig } from "../layer-from-config.ts";
import type { RecurrentLayer } from "../recurrent-layer.ts";
import { configOf } from "../registry.ts";
import { RNN } from "../rnn.ts";
import {
  copyWeights,
  featuresOf,
  type LawOptions,
  maskFor,
  prepared,
  row,
  type Sample,
  samples,
  sequenceFor,
  stateFor,
  withNaN,
} from "./recurrent-samples.ts";

/** A kind of recurrent layer, and the cell it runs. */
export interface RecurrentCase {
  readonly name: string;
  readonly layer: (options: LawOptions) => RecurrentLayer;
  readonly cell: (options: LawOptions) => Cell;
  /** Bound of |h| with the default activations; none by default. */
  readonly bound?: number;
  /** Axes between time and features, for a kind that reads grids. Default none. */
  readonly frame?: readonly number[];
}

/** The options without those that say how a layer runs its cell. */
function forCell({ returnSequences: _all, goBackwards: _back, ...options }: LawOptions): LawOptions {
  return options;
}

/** The cell step by step, whatever faster way it has: the definition that the others must equal. */
class SteppedRNN extends RNN {
  protected override fused(): null {
    return null;
  }
}

const RUNS = 25;

/** The numbers of x, with 0 for −0: which of both a sum of nothing gives depends on what stood there before. */
const numbersOf = (x: Tensor): ArrayLike<number> => x.dataSync().map((value) => value + 0);

/** Kinds that run a scan over all steps at once: cut into segments it adds in another order. */
const PARALLEL: ReadonlySet<string> = new Set(["QRNN", "SRU", "MinGRU", "MinLSTM", "MLSTM", "MLSTMBlock", "SLSTMBlock"]);

/** What is true of every recurrent layer, on every backend. */
export function recurrentLayerLaws({ name, layer: make, cell, bound, frame = [] }: RecurrentCase): void {
  const framed = samples.map((sample): Sample => ({ ...sample, frame }));
  // float32: sums of a few dozen terms, and gelu and linear states that grow over five steps.
  describe.each([
    { backendName: "reference", tolerance: { rtol: 1e-11, atol: 1e-12 } },
    { backendName: "wasm", tolerance: { rtol: 2e-4, atol: 2e-5 } },
  ] as const)(`laws of ${name} on $backendName`, ({ backendName, tolerance }) => {
    const backend = getBackend(backendName);
    const close = (a: Tensor, b: Tensor, what?: string): void => {
      expect(a.shape).toEqual(b.shape);
      expectClose(a.dataSync(), b.dataSync(), tolerance, what);
    };
    const sameResult = (a: LayerResult, b: LayerResult): void => {
      close(a.output, b.output, "output");
      for (const part of Object.keys(b.state)) close(a.state[part] as Tensor, b.state[part] as Tensor, part);
    };
    const law = (title: string, check: (sample: Sample) => void): void => {
      test(title, () => fc.assert(fc.property(framed, check), { numRuns: RUNS, seed: 20 }));
    };
    const layerOf = (sample: Sample, changes: Partial<LawOptions> = {}): RecurrentLayer =>
      prepared(make({ ...sample.options, ...changes }), sample, backend);

    law("padding is inert, wherever it stands and whatever it holds", (sample) => {
      const mask = maskFor(sample, backend);
      const x = withNaN(sequenceFor(sample, backend), mask);
      const layer = layerOf(sample, { returnSequences: false });
      const found = layer.forward(x, { mask });
      for (let b = 0; b < sample.B; b++) {
        const uses = row(mask, b).dataSync();
        const kept = Array.from(uses.keys()).filter((t) => uses[t] === 1);
        const steps = kept.flatMap((t) => [...slice(row(x, b), t, t + 1, { axis: 1 }).dataSync()]);
        const alone = layer.forward(tensor(steps, [1, kept.length, ...featuresOf(sample)], { backend }));
        close(row(found.output, b), alone.output);
      }
    });

    law("a masked step repeats the held hidden state, or gives 0 with zeroOutputForMask", (sample) => {
      const mask = maskFor(sample, backend);
      const x = withNaN(sequenceFor(sample, backend), mask);
      const options = { returnSequences: true, goBackwards: false };
      const state = stateFor(layerOf(sample), sample, backend);
      const held = layerOf(sample, options).forward(x, { mask, state }).output;
      const zeroed = layerOf(sample, { ...options, zeroOutputForMask: true }).forward(x, { mask, state });
      const uses = mask.dataSync();
      const shown = held.shape.slice(2);
      const units = sizeOf(shown);
      const before = concat([reshape(layerOf(sample).cell.output(state), [sample.B, 1, ...shown]), held], { axis: 1 }).dataSync();
      const expectedHeld = held.dataSync().map((v, k) => {
        const step = Math.floor(k / units);
        return uses[step] === 1 ? v : (before[(step + Math.floor(step / sample.T)) * units + (k % units)] as number);
      });
      expectClose(held.dataSync(), expectedHeld, { atol: 0 }, "held outputs");
      expectClose(
        zeroed.output.dataSync(),
        held.dataSync().map((v, k) => (uses[Math.floor(k / units)] === 1 ? v : 0)),
        { atol: 0 },
        "zeroed",
      );
      expect(zeroed.mask?.dataSync()).toEqual(mask.dataSync());
    });

    law("batch rows are independent", (sample) => {
      const layer = layerOf(sample);
      const x = sequenceFor(sample, backend);
      const { output } = layer.forward(x);
      for (let b = 0; b < sample.B; b++) close(row(output, b), layer.forward(row(x, b)).output);
    });

    law("a sequence cut anywhere, with the state carried over, gives the same outputs", (sample) => {
      const options = { goBackwards: false, returnSequences: true };
      const layer = layerOf(sample, options);
      const stateful = layerOf(sample, { ...options, stateful: true });
      const x = sequenceFor(sample, backend);
      const whole = layer.forward(x);
      for (let cut = 0; cut <= sample.T; cut++) {
        const parts = [slice(x, 0, cut, { axis: 1 }), slice(x, cut, sample.T, { axis: 1 })] as const;
        const head = layer.forward(parts[0]);
        const tail = layer.forward(parts[1], { state: head.state });
        close(concat([head.output, tail.output], { axis: 1 }), whole.output);
        stateful.resetStates();
        const kept = parts.map((part) => stateful.forward(part).output);
        close(concat(kept, { axis: 1 }), whole.output, "stateful output");
      }
    });

    law("a step is a sequence of length one", (sample) => {
      const layer = layerOf(sample);
      const x = sequenceFor({ ...sample, T: 1 }, backend);
      const state = stateFor(layer, sample, backend);
      const stepped = layer.step(reshape(x, [sample.B, ...featuresOf(sample)]), state);
      const { state: run } = layer.forward(x, { state });
      for (const [part, value] of Object.entries(run)) close(stepped[part] as Tensor, value, part);
    });

    law("goBackwards is the reversed input, in processing order", (sample) => {
      const x = sequenceFor(sample, backend);
      const mask = maskFor(sample, backend);
      const backwards = layerOf(sample, { goBackwards: true }).forward(x, { mask });
      const turned = layerOf(sample, { goBackwards: false }).forward(reverse(x, 1), { mask: reverse(mask, 1) });
      sameResult(backwards, turned);
      expect(backwards.mask?.dataSync()).toEqual(turned.mask?.dataSync());
    });

    law("fused and scanned agree, gradients included", (sample) => {
      const mask = sample.seed % 2 === 0 ? maskFor(sample, backend) : null;
      const x = sequenceFor(sample, backend);
      const thinned = { ...sample.options, dropout: sample.seed % 3 === 0 ? 0.4 : 0, name: "same" };
      const { goBackwards = false, returnSequences = false } = sample.options;
      const fused = prepared(make(thinned), sample, backend);
      const stepped = new SteppedRNN({ cells: cell(forCell(thinned)), goBackwards, returnSequences, name: "same" });
      const scanned = prepared(stepped, sample, backend);
      const run = (layer: RecurrentLayer) => {
        const state = stateFor(layer, sample, backend);
        const wrt = [x, ...layer.parameters.map((weight) => weight.tensor), ...Object.values(state)];
        let result: LayerResult | undefined;
        const { gradients } = valueAndGradients(() => {
          result = layer.forward(x, { mask, state, training: true, step: 3 });
          const weighed = (y: Tensor, k: number): Tensor => sum(multiply(y, multiply(y, k + 0.3)));
          return [result.output, ...Object.values(result.state)].map(weighed).reduce((all, part) => add(all, part));
        }, wrt);
        return { result: layer.forward(x, { mask, state, training: true, step: 3 }), gradients };
      };
      const [a, b] = [run(fused), run(scanned)];
      sameResult(a.result, b.result);
      for (const [k, gradient] of a.gradients.entries()) close(gradient, b.gradients[k] as Tensor, `gradient ${k}`);
    });

    law(
      "recompute changes no bit of outputs and states (of a parallel scan: by rounding), and gradients by rounding alone",
      (sample) => {
        const longer = { ...sample, T: 3 * sample.T - 2 };
        const mask = sample.seed % 2 === 0 ? maskFor(longer, backend) : null;
        const x = sequenceFor(longer, backend);
        const options = {
          dropout: 0.3,
          recurrentDropout: sample.seed % 3 === 0 ? 0.3 : 0,
          zeroOutputForMask: sample.seed % 5 === 0,
        };
        const [plain, recomputed] = [false, true].map((recompute) => {
          const layer = layerOf(longer, { ...options, recompute });
          const state = stateFor(layer, longer, backend);
          const forward = (): Tensor[] => {
            const { output, state: last } = layer.forward(x, { mask, state, training: true });
            return [output, ...Object.values(last)];
          };
          const wrt = [x, ...Object.values(state), ...layer.parameters.map((weight) => weight.tensor)];
          const loss = (): Tensor => sum(square(concat(forward().map((y) => reshape(y, [-1])))));
          return { values: forward(), gradients: valueAndGradients(loss, wrt).gradients };
        });
        if (PARALLEL.has(layerOf(sample).type)) {
          for (const [k, value] of plain?.values.entries() ?? []) close(recomputed?.values[k] as Tensor, value, `value ${k}`);
        } else expect(recomputed?.values.map(numbersOf)).toEqual(plain?.values.map(numbersOf));
        for (const [k, gradient] of plain?.gradients.entries() ?? [])
          close(recomputed?.gradients[k] as Tensor, gradient, `gradient ${k}`);
      },
    );

    law("what the padding holds reaches no gradient", (sample) => {
      const mask = maskFor(sample, backend);
      const x = withNaN(sequenceFor(sample, backend), mask);
      for (const layer of [
        layerOf(sample),
        prepared(new SteppedRNN({ cells: cell(forCell(sample.options)) }), sample, backend),
      ]) {
        const wrt = [x, ...layer.parameters.map((weight) => weight.tensor)];
        const { value, gradients } = valueAndGradients(() => sum(layer.forward(x, { mask }).output), wrt);
        expect([value, ...gradients].every((g) => g.dataSync().every(Number.isFinite))).toBe(true);
        const uses = mask.dataSync();
        const width = sizeOf(featuresOf(sample));
        expect((gradients[0] as Tensor).dataSync().every((d, k) => d === 0 || uses[Math.floor(k / width)] === 1)).toBe(true);
      }
    });

    law("an empty row gives the state it started from, lengths say the same as a mask", (sample) => {
      const layer = layerOf(sample);
      const x = sequenceFor(sample, backend);
      const state = stateFor(layer, sample, backend);
      const none = layer.forward(x, { mask: zeros([sample.B, sample.T], { backend }), state });
      for (const [part, value] of Object.entries(state)) close(none.state[part] as Tensor, value, part);
      const lengths = Array.from({ length: sample.B }, (_, b) => (sample.seed + b) % (sample.T + 1));
      const mask = tensor(
        lengths.flatMap((length) => Array.from({ length: sample.T }, (_, t) => (t < length ? 1 : 0))),
        [sample.B, sample.T],
        { backend },
      );
      sameResult(layer.forward(x, { sequenceLengths: lengths, state }), layer.forward(x, { mask, state }));
      sameResult(layer.forward(x, { state }), layer.forward(x, { mask: ones([sample.B, sample.T], { backend }), state }));
    });

    law("outputs are finite, and bounded where the activation is", (sample) => {
      const x = multiply(sequenceFor(sample, backend), 1e3);
      const { output } = layerOf(sample, { activation: "tanh" }).forward(x);
      expect(output.dataSync().every((h) => Math.abs(h) <= (bound ?? Number.MAX_VALUE))).toBe(true);
    });

    law("plain data and weights make the same layer again", (sample) => {
      const layer = layerOf(sample);
      const again = layerFromConfig(JSON.parse(JSON.stringify(configOf(layer))));
      again.build([[null, null, ...featuresOf(sample)]], { backend });
      copyWeights(layer, again);
      const x = sequenceFor(sample, backend);
      expect(again.forward(x).output.dataSync()).toEqual(layer.forward(x).output.dataSync());
      expect(configOf(again)).toEqual(configOf(layer));
    });

    law("bidirectional is two layers, merged", (sample) => {
      const mask = maskFor(sample, backend);
      const x = sequenceFor(sample, backend);
      const { returnSequences = false } = sample.options;
      const modes = ["concat", "sum", "mul", "ave", null] as const;
      const mergeMode = modes[sample.seed % 5] as (typeof modes)[number];
      const both = prepared(bidirectional(make({ ...sample.options, goBackwards: false }), { mergeMode }), sample, backend);
      const zeroOutputForMask = returnSequences; // as Keras
      const there = layerOf(sample, { goBackwards: false, zeroOutputForMask });
      const back = layerOf(sample, { goBackwards: true, zeroOutputForMask });
      copyWeights(both.forwardLayer, there);
      copyWeights(both.backwardLayer, back);
      const [a, b] = [there.forward(x, { mask }).output, back.forward(x, { mask }).output];
      const second = returnSequences ? reverse(b, 1) : b;
      const merged = {
        concat: () => [concat([a, second])],
        sum: () => [add(a, second)],
        mul: () => [multiply(a, second)],
        ave: () => [multiply(add(a, second), 0.5)],
      };
      const expected = mergeMode === null ? [a, second] : merged[mergeMode]();
      const found = both.forward(x, { mask });
      expect(found.outputs.length).toBe(expected.length);
      for (const [k, part] of expected.entries()) close(found.outputs[k] as Tensor, part);
    });
  });

  test(`gradients of ${name} are the slopes of its outputs, through every option and mask`, () => {
    const backend = getBackend("reference");
    const check = (sample: Sample): void => {
      const mask = sample.seed % 2 === 0 ? maskFor(sample, backend) : null;
      const options = {
        ...sample.options,
        zeroOutputForMask: sample.seed % 3 === 0,
        dropout: 0.3,
        recurrentDropout: sample.seed % 5 < 3 ? 0.3 : 0,
        recompute: sample.seed % 2 === 1,
      };
      const layer = prepared(make(options), sample, backend);
      const x = sequenceFor(sample, backend);
      const state = stateFor(layer, sample, backend);
      const wrt = [x, ...layer.parameters.map((weight) => weight.tensor), ...Object.values(state)];
      checkGradients(
        () => {
          const result = layer.forward(x, { mask, state, training: true });
          return concat([result.output, ...Object.values(result.state)].map((y) => reshape(y, [-1])));
        },
        wrt,
        { step: 1e-5, rtol: 1e-6 },
      );
    };
    fc.assert(fc.property(framed, check), { numRuns: 15, seed: 21 });
  });
}
