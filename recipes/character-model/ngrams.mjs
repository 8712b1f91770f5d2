// Models that count: how often a symbol followed the last n − 1 symbols.

/** Numbers as keys, counts as values, in two typed arrays: 12 bytes an entry, where a Map takes a hundred. */
class Counts {
  #keys = new Float64Array(1 << 10).fill(-1);
  #values = new Int32Array(1 << 10);
  #used = 0;

  get(key) {
    return this.#values[this.#place(key)];
  }

  /** Counts one more, and tells how many there were. */
  add(key) {
    const at = this.#place(key);
    if (this.#keys[at] < 0) {
      this.#keys[at] = key;
      if (2 * ++this.#used > this.#keys.length) {
        this.#grow();
        return this.#values[this.#place(key)]++;
      }
    }
    return this.#values[at]++;
  }

  #place(key) {
    const mask = this.#keys.length - 1;
    let at = (Math.imul(key % 4294967296, 0x9e3779b1) ^ Math.imul(key / 4294967296, 0x85ebca6b)) >>> 7;
    for (at &= mask; this.#keys[at] !== key && this.#keys[at] >= 0; ) at = (at + 1) & mask;
    return at;
  }

  #grow() {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Float64Array(2 * keys.length).fill(-1);
    this.#values = new Int32Array(2 * keys.length);
    keys.forEach((key, k) => {
      if (key < 0) return;
      const at = this.#place(key);
      this.#keys[at] = key;
      this.#values[at] = values[k];
    });
  }
}

/**
 * Witten-Bell n-grams of all orders up to `order` [Witten & Bell 1991]: p_n(w | h) = (c(h w) + T(h) p_{n−1}(w | h')) / (c(h) + T(h)), where h' is h
 * without its first symbol, T(h) the number of different symbols seen after h, and p_0 even. Symbols are 0 to symbols − 1, and symbols^order
 * is below 2^53, so that an n-gram is one number.
 */
export class NGrams {
  #levels;

  constructor(symbols, order) {
    this.symbols = symbols;
    this.order = order;
    this.#levels = Array.from({ length: order }, () => ({ grams: new Counts(), total: new Counts(), types: new Counts() }));
  }

  /** Learns the symbol at `at`, after those before it. */
  learn(symbols, at) {
    this.#each(symbols, at, ({ grams, total, types }, context) => {
      if (grams.add(context * this.symbols + symbols[at]) === 0) types.add(context);
      total.add(context);
    });
  }

  /** What each order says of the symbol at `at` from those before it: [p_1, …, p_order]. */
  probabilities(symbols, at) {
    let p = 1 / this.symbols;
    const all = [];
    this.#each(symbols, at, ({ grams, total, types }, context) => {
      const seen = total.get(context);
      const kinds = types.get(context);
      if (seen > 0) p = (grams.get(context * this.symbols + symbols[at]) + kinds * p) / (seen + kinds);
      all.push(p);
    });
    return all;
  }

  /** The levels for which there are enough symbols before `at`, each with its context as a number; at the start the last one stands for the rest. */
  #each(symbols, at, visit) {
    let context = 0;
    let place = 1;
    this.#levels.forEach((level, n) => {
      if (n > 0 && n <= at) {
        context += symbols[at - n] * place;
        place *= this.symbols;
      }
      if (n <= at) visit(level, context);
    });
  }
}

/** Learns a whole text. */
export function countedFrom(symbols, { size, order }) {
  const model = new NGrams(size, order);
  for (let at = 0; at < symbols.length; at++) model.learn(symbols, at);
  return model;
}
