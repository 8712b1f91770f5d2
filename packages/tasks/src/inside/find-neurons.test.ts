import { encodeText, fitVocabulary, vocabularySize } from "@sluice/data";
import { dense, embedding, gru, init, type Layer, lstm, type Model, sequential, tensor } from "sluice";
import { expect, test } from "vitest";
import { renderNeurons } from "../report/neuron-report.ts";
import { findNeurons } from "./find-neurons.ts";

await init({ backend: "wasm" });

const { vocabulary } = fitVocabulary("<b>नदी & \n\t'\"好👨‍👩‍👧", { by: "codePoint" });
const size = vocabularySize(vocabulary);

function network(layer: Layer, outputs = size): Model {
  const layers = [
    embedding({ inputDim: size, outputDim: 6, inputShape: [null] }),
    layer,
    dense({ units: outputs, activation: "softmax" }),
  ];
  return sequential(layers, { seed: 5 });
}
const text = "<b>नदी & \n'好👨\u200D👩";

test("shows tanh(c) of single units, and the five likeliest tokens, as the network computes them", () => {
  const model = network(lstm({ units: 3, returnSequences: true, name: "reader" }));
  const found = findNeurons({ network: model, vocabulary, text, units: [2, 0] });
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  expect(found).toMatchObject({ schema: "sluice.neurons/1", layer: "reader", kind: "LSTM", tokens: [...text] });
  expect(found.units.map(({ unit }) => unit)).toEqual([2, 0]);

  // An LSTM of one's own: the cells from the weights, step by step.
  const weightOf = (path: RegExp) =>
    model.parameters.find((each) => path.test(each.path))?.tensor.dataSync() as ArrayLike<number>;
  const [table, kernel] = [weightOf(/embeddings$/), weightOf(/^reader\/kernel$/)];
  const [recurrent, bias] = [weightOf(/^reader\/recurrentKernel$/), weightOf(/^reader\/bias$/)];
  const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
  let [h, c] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  const { ids } = encodeText(vocabulary, text);
  ids.forEach((id, t) => {
    const z = Array.from({ length: 12 }, (_, column) => {
      let sum = bias[column] as number;
      for (let k = 0; k < 6; k++) sum += (table[id * 6 + k] as number) * (kernel[k * 12 + column] as number);
      for (let k = 0; k < 3; k++) sum += (h[k] as number) * (recurrent[k * 12 + column] as number);
      return sum;
    });
    const of = (gate: number, j: number) => z[gate * 3 + j] as number;
    c = c.map((before, j) => sigmoid(of(1, j)) * before + sigmoid(of(0, j)) * Math.tanh(of(2, j)));
    h = c.map((cell, j) => sigmoid(of(3, j)) * Math.tanh(cell));
    found.units.forEach(({ unit, activations }) => {
      expect(activations[t]).toBeCloseTo(Math.tanh(c[unit] as number), 5);
    });
  });

  const [output] = model.forward([tensor(ids, [1, ids.length])]);
  const chancesOf = (t: number) => [...(output?.dataSync() ?? []).slice(t * size, (t + 1) * size)];
  found.guesses.forEach((guesses, t) => {
    expect(guesses).toHaveLength(5);
    const chances = guesses.map(({ probability }) => probability);
    expect(chances).toEqual(
      chancesOf(t)
        .sort((a, b) => b - a)
        .slice(0, 5),
    );
    guesses.forEach(({ token, probability }) => {
      const id = encodeText(vocabulary, token).ids[0];
      if (id !== undefined && token !== "�") expect(probability).toBe(chancesOf(t)[id]); // padding has no text
    });
  });
});

test("a unit without a cell shows its output; what is not there is named", () => {
  const model = network(gru({ units: 2, returnSequences: true }));
  const { units } = findNeurons({ network: model, vocabulary, text: "bनb", units: [1] });
  expect(units[0]?.activations).toHaveLength(3);
  expect(() => findNeurons({ network: model, vocabulary, text, units: [2] })).toThrow(/unit 2 of layer "gru": it has 2 units/);
  expect(() => findNeurons({ network: model, vocabulary, text: "", units: [0] })).toThrow(/empty text/);
  const other = network(gru({ units: 2, returnSequences: true }), 4);
  expect(() => findNeurons({ network: other, vocabulary, text: "b", units: [0] })).toThrow(/gives \[1, 1, 4\] for 1 tokens/);
});

test("the page escapes what it shows, keeps every token, and lets nothing run", () => {
  const model = network(lstm({ units: 3, returnSequences: true }));
  const found = findNeurons({ network: model, vocabulary, text, units: [0, 1] });
  const page = renderNeurons(found, { title: "<Units>", notes: { 1: "Counts <b> & more." } });
  expect(page).toContain("<h1>&lt;Units&gt;</h1>");
  expect(page).toContain("Counts &lt;b&gt; &amp; more. From ");
  expect(page).toContain(">&lt;</bdi>");
  expect(page).toContain(">␣</bdi>");
  expect(page).toContain(">◌\u0940</bdi>"); // a vowel sign has something to stand on
  expect(page.match(/<li>/g)).toHaveLength(2 * [...text].length);
  expect(page.match(/<li class="break">/g)).toHaveLength(2);
  expect(page).not.toMatch(/<script|NaN|undefined|<b>|\son\w+=/);
  expect(renderNeurons(found, { title: "<Units>", notes: { 1: "Counts <b> & more." } })).toBe(page);
});
