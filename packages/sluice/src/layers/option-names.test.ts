import { describe, expect, test } from "vitest";
import { ValueError } from "../errors.ts";
import { modelFromConfig } from "../models/from-config.ts";
import { sequential } from "../models/sequential.ts";
import * as layers from "./index.ts";
import { builtInKinds } from "./kinds.ts";
import type { Layer } from "./layer.ts";
import { layerFromConfig } from "./layer-from-config.ts";
import type { AnyOptionFact } from "./testing/facts/facts.ts";
import { kindFacts, trialConfig } from "./testing/facts/index.ts";

const { bidirectional, dense, input, lstm, lstmCell, rnn } = layers;

/** A call as plain JavaScript makes it. */
const loosely = (make: unknown, ...given: unknown[]): (() => unknown) => {
  return () => (make as (...given: unknown[]) => unknown)(...given);
};

describe("a name that is no option", () => {
  test.each(builtInKinds.map(({ type }) => type))("is refused in a file: %s", (type) => {
    const options = { ...kindFacts[type]?.trial.options, unitz: 4 };
    expect(() => layerFromConfig({ type, options })).toThrow(`Cannot make ${type} with "unitz": it has no such option.`);
    expect(() => layerFromConfig({ type, options })).toThrow(ValueError);
  });

  // What makes layers of each kind for a program is what the list of kinds calls, or takes a layer beside its options.
  const makers = Object.entries(layers).filter(([name, value]) => typeof value === "function" && isMaker(name));
  test("every kind but those of cells in wrappers has a maker", () => expect(makers.length).toBeGreaterThanOrEqual(80));

  test.each(makers)("is refused by %s()", (name, make) => {
    const wrong = { unitz: 4 };
    const cell = lstmCell({ units: 2 });
    const given: Readonly<Record<string, unknown[]>> = {
      rnn: [cell, wrong],
      dilated: [cell, 2, wrong],
      dilatedRnn: [[cell], wrong],
      learnedState: [cell, wrong],
      bidirectional: [lstm({ units: 2 }), wrong],
      timeDistributed: [dense({ units: 2 }), wrong],
      residual: [dense({ units: 2 }), wrong],
      highway: [dense({ units: 2 }), wrong],
      multiDirectional: [layers.mdLstm({ units: 2 }), wrong],
    };
    expect(loosely(make, ...(given[name] ?? [wrong]))).toThrow(/"unitz": it has no such option/);
  });

  test("is answered with the name that is nearest to it", () => {
    const slips: readonly (readonly [string, string])[] = [
      ["unitz", "units"],
      ["Units", "units"],
      ["return_sequences", "returnSequences"],
      ["retrunSequences", "returnSequences"],
      ["recurrent_dropout", "recurrentDropout"],
      ["kernelInitialiser", "kernelInitializer"],
      ["recurrentKernelInitializer", "recurrentInitializer"],
      ["bias", "useBias"],
      ["layerNormalization", "layerNorm"],
      ["goBackward", "goBackwards"],
      ["activations", "activation"],
    ];
    for (const [wrong, nearest] of slips) {
      expect(loosely(lstm, { units: 4, [wrong]: 1 })).toThrow(
        `Cannot make LSTM with "${wrong}": it has no such option. The nearest one is "${nearest}".`,
      );
    }
  });

  test("is refused where every object has a property of that name", () => {
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      const options = JSON.parse(`{ "units": 4, "${name}": 1 }`) as Readonly<Record<string, unknown>>;
      expect(() => layerFromConfig({ type: "LSTM", options })).toThrow(`Cannot make LSTM with "${name}"`);
    }
  });

  test("is an option of the layer that its cell does not take", () => {
    expect(loosely(lstmCell, { units: 4, returnSequences: true })).toThrow('Cannot make LSTMCell with "returnSequences"');
    expect(loosely(layers.gruCell, { units: 4, stateful: true })).toThrow('Cannot make GRUCell with "stateful"');
  });

  test("is an option that a kind leaves out of those it is built on", () => {
    expect(loosely(layers.convLstm2d, { filters: 2, kernelSize: 3, units: 4 })).toThrow('Cannot make ConvLSTM2D with "units"');
    expect(loosely(layers.gridLstm, { units: 4, activation: "relu" })).toThrow('Cannot make GridLSTM with "activation"');
    expect(loosely(layers.gridLstmNd, { units: 4, dropout: 0.1 })).toThrow('Cannot make GridLSTMND with "dropout"');
    expect(loosely(layers.mdLstm, { units: 4, recurrentDropout: 0.1 })).toThrow('Cannot make MDLSTM with "recurrentDropout"');
    expect(loosely(layers.minGru, { units: 4, recurrentInitializer: "zeros" })).toThrow(
      'Cannot make MinGRU with "recurrentInitializer"',
    );
  });

  test("is found inside a wrapper, and in the configuration of a model", () => {
    const inner = { type: "LSTM", options: { units: 4, return_sequences: true } };
    expect(() => layerFromConfig({ type: "Bidirectional", options: { layer: inner } })).toThrow('LSTM with "return_sequences"');
    const config = sequential([lstm({ units: 2, inputShape: [null, 3] }), dense({ units: 1 })]).toConfig();
    expect(modelFromConfig(config).toConfig()).toEqual(config);
    const changed = config.layers.map(({ type, options }) => ({ type, options: { ...options, activatoin: "softmax" } }));
    expect(() => modelFromConfig({ ...config, layers: changed.slice(1) })).toThrow(
      /Dense with "activatoin".*nearest one is "activation"/,
    );
  });
});

describe("every name that is an option", () => {
  test("goes into a layer and out of a file", () => {
    for (const [type, { trial, options }] of Object.entries(kindFacts)) {
      expect(() => layerFromConfig(trialConfig(type)), type).not.toThrow();
      for (const [name, { values, beside }] of Object.entries<AnyOptionFact>(options)) {
        const given = { ...trial.options, ...beside, [name]: values[0] };
        expect(() => layerFromConfig({ type, options: given }), `${type}.${name}`).not.toThrow();
      }
    }
  });

  test("may be left undefined", () => {
    const given = { units: 4, dropout: undefined, name: undefined };
    expect((loosely(lstm, given)() as Layer).options).toBe(given);
    expect(bidirectional(lstm({ units: 2 }), { name: "both" }).name).toBe("both");
    expect(rnn(lstmCell({ units: 2 }), { name: "run" }).name).toBe("run");
    expect(input({ shape: [3], name: "x" }).node.layer.name).toBe("x");
  });
});

/** Whether the export makes a layer: a name in lower camel case that is not among the other functions. */
function isMaker(name: string): boolean {
  const others =
    "canonicalWeights configOf gatesWithin isStable layerFromConfig layerKinds oneOutput registerLayer reportGates scan spectralRadius".split(
      " ",
    );
  return /^[a-z]/.test(name) && !others.includes(name);
}
