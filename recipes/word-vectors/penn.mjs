// Word vectors of the Penn Treebank: what is near, analogies by kind, and what it brings an LSTM to start from them.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { dataFolder, main, table } from "../run.mjs";
import { readWords, skipGram } from "./skip-gram.mjs";
import { wordSpace } from "./space.mjs";

const near = ["japan", "bank", "monday", "million", "she", "president", "computer", "fell", "good", "london"];

/** Questions `a b c d` by kind, in lower case; a line `: kind` begins each. */
export function readAnalogies(text) {
  const kinds = [];
  for (const line of text.toLowerCase().split("\n")) {
    const parts = line.trim().split(/\s+/);
    if (parts[0] === ":") kinds.push({ kind: parts[1], questions: [] });
    else if (parts.length === 4) kinds.at(-1).questions.push(parts);
  }
  return kinds;
}

export async function penn({ quick, seed, data = dataFolder }) {
  const read = (path) => gunzipSync(readFileSync(`${data}/${path}.gz`)).toString();
  const lines = read("ptb/ptb.train.txt").trim().split("\n");
  const sentences = lines.slice(0, quick ? 5000 : lines.length).map((line) =>
    line
      .trim()
      .split(" ")
      .filter((word) => word !== "<unk>"),
  );
  const text = readWords(sentences, 5);
  const options = quick ? { dimensions: 20, epochs: 1 } : { dimensions: 100, epochs: 15 };
  const onEpoch = ({ epoch, loss, pairs }) => console.error(`epoch ${epoch + 1}: ${pairs} pairs, loss ${loss.toFixed(3)}`);
  const { vectors, losses } = await skipGram(text, {
    ...options,
    window: 5,
    negatives: 5,
    subsample: 1e-4,
    batchSize: 1024,
    learningRate: 0.05,
    seed,
    onEpoch,
  });
  const space = wordSpace(text.words, vectors);
  const rows = readAnalogies(read("word-analogies/questions-words.txt")).map(({ kind, questions }) => {
    const known = questions.filter((words) => words.every(space.has));
    const right = (answers) => answers.filter((answer, k) => answer === known[k][3]).length;
    return {
      kind,
      asked: questions.length,
      known: known.length,
      right: right(space.analogies(known)),
      third: right(space.nearestToThird(known)),
    };
  });
  const total = (of) => rows.reduce((sum, row) => sum + row[of], 0);
  const all = { kind: "all", asked: total("asked"), known: total("known"), right: total("right"), third: total("third") };
  const share = (part, known) => (known === 0 ? "–" : `${((100 * part) / known).toFixed(1)} %`);
  const neighbours = space.nearest(near.filter(space.has), 6);
  const text1 = table(
    ["word", "nearest"],
    neighbours.map((found, k) => [
      near.filter(space.has)[k],
      found.map(([word, cosine]) => `${word} ${cosine.toFixed(2)}`).join(", "),
    ]),
  );
  const text2 = table(
    ["kind of analogy", "questions", "all words known", "right", "nearest to c instead"],
    [...rows, all].map(({ kind, asked, known, right, third }) => [kind, asked, known, share(right, known), share(third, known)]),
  );
  const facts = `${text.words.length} words, ${text.counts.reduce((a, b) => a + b, 0)} running words. Loss of a pair, first and last epoch: ${losses[0].toFixed(2)}, ${losses.at(-1).toFixed(2)}.`;
  return { rows, all, losses, text: [facts, text1, text2].join("\n\n") };
}

await main(import.meta.url, "penn", penn, { seed: 1 });
