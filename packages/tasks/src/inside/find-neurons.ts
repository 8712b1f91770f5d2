import { encodeText, tokenOf, type Vocabulary, vocabularySize } from "@sluice/data";
import { inspect, type Model, ShapeError, tensor, ValueError } from "sluice";
import type { NeuronCourse, NeuronFindings } from "./findings.ts";

/** Guesses that are kept for each token. */
const GUESSES = 5;

/** What `findNeurons` looks at. */
export interface WatchedNeurons {
  /** A model of the next token: ids [B, T] → probabilities [B, T, V]. */
  readonly network: Model;
  readonly vocabulary: Vocabulary;
  readonly text: string;
  /** The recurrent layer. Default: the only one. */
  readonly layer?: string;
  readonly units: readonly number[];
}

/**
 * Single units while the network reads a text, token by token, and its best guesses of what comes next: the view of
 * [Karpathy, Johnson & Li 2015, arXiv:1506.02078, section 4.1]. A unit with a cell c shows tanh(c), any other its output.
 * @throws {ValueError} for a layer or unit that is not there, and for an empty text; {ShapeError} when the network is no model of the
 * vocabulary's next token.
 * @example findNeurons({ network, vocabulary, text: "ROMEO:\nO", units: [7] }).guesses[0]; // [{ token: "O", probability: 0.62 }, …]
 */
export function findNeurons({ network, vocabulary, text, layer, units }: WatchedNeurons): NeuronFindings {
  const { ids } = encodeText(vocabulary, text);
  if (ids.length === 0) throw new ValueError("Cannot watch units read an empty text: give at least one character.");
  const V = vocabularySize(vocabulary);
  const x = tensor(ids, [1, ids.length], { backend: network.backend });
  const [output] = network.forward([x]);
  if (output?.shape.length !== 3 || output.shape[1] !== ids.length || output.shape[2] !== V) {
    throw new ShapeError(
      `Cannot read guesses from model "${network.name}": it gives [${output?.shape.join(", ")}] for ${ids.length} tokens, and a model of ` +
        `the next token gives [1, ${ids.length}, ${V}], a probability for each id of the vocabulary after each token.`,
    );
  }
  const probabilities = output.dataSync();
  const traced = inspect.trace(network, [x], layer === undefined ? {} : { layer });
  const courses = units.map((unit) => courseOf(traced, unit));
  return {
    schema: "sluice.neurons/1",
    layer: traced.layer,
    kind: traced.type,
    tokens: Array.from(ids, (id) => tokenOf(vocabulary, id)),
    units: courses,
    guesses: Array.from(ids, (_, t) => guessesOf(vocabulary, probabilities.slice(t * V, (t + 1) * V))),
  };
}

function courseOf({ states, layer }: inspect.Trace, unit: number): NeuronCourse {
  const { cellState, hiddenState } = states;
  const part = cellState ?? hiddenState;
  const width = part?.shape[2] ?? 0;
  if (part === undefined || !(Number.isInteger(unit) && unit >= 0 && unit < width)) {
    throw new ValueError(`Cannot watch unit ${unit} of layer "${layer}": it has ${width} units, numbered from 0.`);
  }
  const values = part.data.filter((_, k) => k % width === unit);
  return { unit, activations: cellState ? values.map(Math.tanh) : values };
}

function guessesOf(vocabulary: Vocabulary, probabilities: ArrayLike<number>): NeuronFindings["guesses"][number] {
  const all = Array.from(probabilities, (probability, id) => ({ id, probability }));
  all.sort((a, b) => b.probability - a.probability || a.id - b.id);
  return all.slice(0, GUESSES).map(({ id, probability }) => ({ token: tokenOf(vocabulary, id), probability }));
}
