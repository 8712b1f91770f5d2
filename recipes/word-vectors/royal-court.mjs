// Word vectors of a world so small that one sees why they add: eight persons, told apart by three properties.
import { RandomStream } from "sluice";
import { main, percent, table } from "../run.mjs";
import { readWords, skipGram } from "./skip-gram.mjs";
import { wordSpace } from "./space.mjs";

/** Rank, sex and age of each person, as 0 or 1. */
export const persons = {
  man: [0, 0, 0],
  woman: [0, 1, 0],
  boy: [0, 0, 1],
  girl: [0, 1, 1],
  king: [1, 0, 0],
  queen: [1, 1, 0],
  prince: [1, 0, 1],
  princess: [1, 1, 1],
};
/** For each property the words that go with its 0 and with its 1; and words that go with everybody. */
const company = [
  ["village field hut plough", "palace throne crown robe"],
  ["he his him sir", "she her hers madam"],
  ["old work wise marry", "young play school grow"],
].map((sides) => sides.map((words) => words.split(" ")));
const anybody = "the and of in at by".split(" ");

/** Sentences of a person among seven words; each goes with one of the person's properties, or with everybody. The persons never meet. */
export function sentences(count, seed) {
  const random = new RandomStream({ seed, stream: 0, step: 0 });
  const any = (list) => list[random.below(list.length)];
  return Array.from({ length: count }, () => {
    const [person, properties] = any(Object.entries(persons));
    const words = Array.from({ length: 7 }, () => {
      const property = random.below(4);
      return any(property === 3 ? anybody : company[property][properties[property]]);
    });
    return words.toSpliced(random.below(8), 0, person);
  });
}

/** Every a : b = c : d among the persons where a, b and c, d differ in the same properties. */
export function questions() {
  const names = Object.keys(persons);
  const key = (a, b, c) => persons[a].map((value, k) => persons[b][k] - value + persons[c][k]).join();
  const named = new Map(names.map((name) => [persons[name].join(), name]));
  return names.flatMap((a) =>
    names.flatMap((b) =>
      names.flatMap((c) => {
        const d = named.get(key(a, b, c));
        return d && new Set([a, b, c, d]).size === 4 ? [[a, b, c, d]] : [];
      }),
    ),
  );
}

export async function royalCourt({ quick, seed }) {
  const [count, epochs] = quick ? [2000, 4] : [4000, 8];
  const text = readWords(sentences(count, seed), 1);
  const options = { dimensions: 10, window: 5, negatives: 5, subsample: 1, batchSize: 64, seed };
  const trained = await skipGram(text, { ...options, epochs });
  const untrained = await skipGram(text, { ...options, epochs: 0 });
  const asked = questions();
  const rows = Object.entries({ untrained, trained }).map(([name, { vectors }]) => {
    const space = wordSpace(text.words, vectors);
    const share = (answers) => answers.filter((answer, k) => answer === asked[k][3]).length / asked.length;
    return { name, space, analogies: share(space.analogies(asked)), nearest: share(space.nearestToThird(asked)) };
  });
  const { space } = rows[1];
  const near = ["king", "girl", "crown", "she"];
  const text1 = table(
    ["vectors", `right of ${asked.length} analogies`, "nearest to c instead"],
    rows.map(({ name, analogies, nearest }) => [name, percent(analogies), percent(nearest)]),
  );
  const text2 = table(
    ["word", "nearest"],
    space.nearest(near, 5).map((found, k) => [near[k], found.map(([word, cosine]) => `${word} ${cosine.toFixed(2)}`).join(", ")]),
  );
  const losses = `Loss of a pair, by epoch: ${trained.losses.map((loss) => loss.toFixed(2)).join(", ")}.`;
  return { rows, losses: trained.losses, near: space.nearest(near, 5), text: [text1, text2, losses].join("\n\n") };
}

await main(import.meta.url, "royal-court", royalCourt, { seed: 1 });
