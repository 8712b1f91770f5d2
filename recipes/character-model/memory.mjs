// Does a character model keep a summary of what it has read, and fall back on it? [Karpathy, Johnson & Li 2015, section 4.4]
import { vocabularySize } from "@sluice/data";
import { countedFrom, NGrams } from "./ngrams.mjs";
import { bits, carried, files, forgetful, main, orderOf, percent, table, trained } from "./shared.mjs";

/** Words are rare when the training part has at most so many of them. */
const rare = 5;
/** How far back a word is looked for. */
const far = 5000;

/** Each word of the test part: where it stands, how often the training part has it, and how far back it stood last (Infinity: never). */
function wordsOf(text, cut) {
  const words = [];
  const counts = new Map();
  const last = new Map();
  for (const { 0: word, index } of text.matchAll(/[\p{L}']+/gu)) {
    const end = index + word.length;
    if (end <= cut) counts.set(word, (counts.get(word) ?? 0) + 1);
    else if (index >= cut)
      words.push({ index, end, inTraining: counts.get(word) ?? 0, back: index - (last.get(word) ?? -Infinity) });
    last.set(word, index);
  }
  return words;
}

/** What n-grams of the test part so far say of each character: the plainest summary of what has been read. */
function summaries(symbols, cut, { size, longest }) {
  const read = symbols.subarray(cut);
  const cache = new NGrams(size, longest);
  return Float64Array.from(read, (_, at) => {
    const p = cache.probabilities(read, at).at(-1);
    cache.learn(read, at);
    return p;
  });
}

/** The share of the summary that serves best on some characters. */
function bestShare(model, summary, to) {
  const shares = Array.from({ length: 20 }, (_, k) => 0.02 * k);
  const loss = (share) => bits(mixed(model.subarray(0, to), summary, share));
  return shares.reduce((best, share) => (loss(share) < loss(best) ? share : best));
}

const mixed = (model, summary, share) => model.map((p, k) => (1 - share) * p + share * summary[k]);

/**
 * Errors (p < 0.5) taken away in turn by oracles: one that knows all n-grams, one that knows the words of the last n characters, and so on.
 * What each takes, as a share of all errors.
 */
function errorsBy(told, { text, cut, counted, symbols, words }) {
  const inWord = new Map(); // from a word's second character on
  for (const word of words) for (let at = word.index + 1; at < word.end; at++) inWord.set(at, word);
  const within = (n) => (at) => inWord.has(at) && inWord.get(at).back <= n;
  const oracles = [
    [
      `n-grams up to ${counted.order}: some order gives it p ≥ 0.5`,
      "18 %",
      (at) => Math.max(...counted.probabilities(symbols, at)) >= 0.5,
    ],
    ...[100, 500, 1000, far].map((n) => [
      `word of the last ${n} characters, from its second on`,
      n === far ? "6 % in all" : "",
      within(n),
    ]),
    [
      `word that training has at most ${rare} times, from its second on`,
      "9 %",
      (at) => inWord.has(at) && inWord.get(at).inTraining <= rare,
    ],
    ["after a space or a line end", "37 %", (at) => /\s/.test(text[at - 1])],
    ["punctuation", "", (at) => /\p{P}/u.test(text[at])],
    ["the rest", "", () => true],
  ];
  let left = Array.from(told.keys(), (k) => cut + k).filter((at) => told[at - cut] < 0.5);
  const all = left.length;
  return {
    all,
    rows: oracles.map(([name, published, takes]) => {
      const kept = left.filter((at) => !takes(at));
      const taken = left.length - kept.length;
      left = kept;
      return { name, published, taken, share: taken / all };
    }),
  };
}

export async function memory(options) {
  const { model, vocabulary, ids, cut } = await trained(options);
  const size = vocabularySize(vocabulary) - 2;
  const symbols = ids.map((id) => id - 2);
  const order = orderOf(size);
  const text = Array.from(symbols, (symbol) => vocabulary.tokens[symbol].at(0)).join(""); // one code unit for each id
  const words = wordsOf(text, cut);
  const told = carried(model, ids, cut, ids.length, 200);

  const contexts = options.quick ? [4, 32] : [4, 8, 16, 32, 64, 128, 256, 512];
  const byContext = [];
  for (const context of contexts) byContext.push({ context, told: await forgetful(model, ids, cut, ids.length, context) });
  const contextTable = table(
    ["reads the last …", "bits a character"],
    [
      ...byContext.map(({ context, told: p }) => [`${context} to ${2 * context - 1}`, bits(p).toFixed(3)]),
      ["all", bits(told).toFixed(3)],
    ],
  );

  const near = options.quick ? 32 : 64;
  const short = byContext.find(({ context }) => context === near).told;
  const summary = summaries(symbols, cut, { size, longest: Math.min(6, order) });
  const half = Math.floor(told.length / 2);
  const share = bestShare(told, summary, half);
  const both = mixed(told, summary, share);
  const classes = [
    ["all characters", null],
    [`rare words, last seen ${2 * near} to 1000 characters before`, ({ back }) => back >= 2 * near && back <= 1000],
    [`rare words, last seen 1001 to ${far} before`, ({ back }) => back > 1000 && back <= far],
    ["rare words, not seen for longer, or never", ({ back }) => back > far],
  ];
  const rows = classes.map(([name, belongs]) => {
    const some = words.filter((word) => word.inTraining <= rare && belongs?.(word));
    const places = belongs
      ? some.flatMap(({ index, end }) => Array.from({ length: end - index - 1 }, (_, k) => index + 1 + k - cut))
      : [...told.keys()];
    const late = places.filter((k) => k >= half);
    const of = (p) => bits(Float64Array.from(late, (k) => p[k]));
    return { name, count: late.length, short: of(short), long: of(told), both: of(both) };
  });
  const memoryTable = table(
    ["second half of the test part", "characters", `reads ${near} to ${2 * near - 1}`, "reads all", "with the summary"],
    rows.map(({ name, count, short: a, long: b, both: c }) => [
      name,
      count,
      ...[a, b, c].map((value) => (count > 0 ? value.toFixed(3) : "–")),
    ]),
  );

  const counted = countedFrom(symbols.subarray(0, cut), { size, order });
  const errors = errorsBy(told, { text, cut, counted, symbols, words });
  const errorTable = table(
    ["errors that end with", "errors", "share", "published"],
    errors.rows.map(({ name, taken, share: part, published }) => [name, taken, percent(part), published || "–"]),
  );
  const said = `The summary has a share of ${share.toFixed(2)}, the best on the first half. ${errors.all} errors in ${told.length} characters.`;
  return { rows, byContext, errors, share, text: [contextTable, memoryTable, said, errorTable].join("\n\n") };
}

await main(import.meta.url, "memory", memory, { seed: 1, files });
