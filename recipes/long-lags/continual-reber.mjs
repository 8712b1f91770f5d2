// The continual embedded Reber grammar of Gers, Schmidhuber & Cummins 2000: memory blocks without and with forget gates, learning
// online by truncated real-time recurrent learning from a stream that never says where a string ends.
import { memoryBlocks, RandomStream, truncatedRtrl } from "sluice";
import { main, mean, table } from "./shared.mjs";

const symbols = "BTPSXVE";
/** The Reber grammar: from each state, the symbols that may come and the states they lead to; state 6 ends the string. */
const reber = [
  [["B", 1]],
  [
    ["T", 2],
    ["P", 3],
  ],
  [
    ["S", 2],
    ["X", 4],
  ],
  [
    ["T", 3],
    ["V", 5],
  ],
  [
    ["X", 3],
    ["S", 6],
  ],
  [
    ["P", 4],
    ["V", 6],
  ],
];

/** An endless stream of embedded strings, B (T|P) Reber E (T|P) E: { symbol, legal }, `legal` the symbols that may come next, as bits. */
class Stream {
  constructor(seed, stream) {
    this.random = new RandomStream({ seed, stream, step: 0 });
    this.string = this.next();
  }

  *next() {
    const { random } = this;
    const bits = (...names) => names.reduce((sum, name) => sum | (1 << symbols.indexOf(name)), 0);
    for (;;) {
      const outer = random.below(2) === 0 ? "T" : "P";
      yield { symbol: "B", legal: bits("T", "P") };
      yield { symbol: outer, legal: bits("B") };
      let state = 0;
      while (state !== 6) {
        const [symbol, to] = reber[state][random.below(reber[state].length)];
        state = to;
        yield { symbol, legal: state === 6 ? bits("E") : bits(...reber[state].map(([name]) => name)) };
      }
      yield { symbol: "E", legal: bits(outer) };
      yield { symbol: outer, legal: bits("E") };
      yield { symbol: "E", legal: bits("B"), ends: true };
    }
  }

  read() {
    return this.string.next().value;
  }
}

/** Four blocks of two cells and seven logistic outputs that see the cells and the input: 424 weights with forget gates. */
class Network {
  constructor(forgetGate, seed) {
    const weights = { type: "randomUniform", minval: -0.2, maxval: 0.2 };
    const staggered = (first) => ({ start: first, step: first });
    const layer = memoryBlocks({
      units: 8,
      cellsPerBlock: 2,
      forgetGate,
      recurrence: "cells",
      biasedUnits: "gates",
      kernelInitializer: weights,
      recurrentInitializer: weights,
      gateBias: { input: staggered(-0.5), output: staggered(-0.5), ...(forgetGate && { forget: staggered(0.5) }) },
      seed,
    });
    layer.build([[null, null, 7]]);
    this.blocks = truncatedRtrl(layer);
    const random = new RandomStream({ seed, stream: 7, step: 0 });
    this.outputs = Float64Array.from({ length: 7 * 16 }, () => 0.4 * random.uniform() - 0.2); // cells, input, bias → 7
    this.weightCount = layer.parameterCount + this.outputs.length;
    this.seen = new Float64Array(16);
    this.seen[15] = 1;
    this.x = new Float64Array(7);
    this.dCells = new Float64Array(8);
  }

  /** Reads one symbol, and learns at this rate (0: not at all). @returns whether every output is within 0.49 of its target. */
  step({ symbol, legal }, rate) {
    const { blocks, outputs, seen, x, dCells } = this;
    x.fill(0);
    x[symbols.indexOf(symbol)] = 1;
    seen.set(blocks.push(x));
    seen.set(x, 8);
    dCells.fill(0);
    let right = true;
    for (let k = 0; k < 7; k++) {
      let z = 0;
      for (let m = 0; m < 16; m++) z += outputs[k * 16 + m] * seen[m];
      const y = 1 / (1 + Math.exp(-z));
      const error = y - ((legal >> k) & 1);
      if (Math.abs(error) >= 0.49) right = false;
      if (rate === 0) continue;
      const d = error * y * (1 - y);
      for (let m = 0; m < 8; m++) dCells[m] += d * outputs[k * 16 + m];
      for (let m = 0; m < 16; m++) outputs[k * 16 + m] -= rate * d * seen[m];
    }
    if (rate > 0) {
      blocks.learn(dCells);
      blocks.descend(rate);
    }
    return right;
  }
}

/** Symbols read without an error, at most `limit`. With `resets` the state is set back at the end of each string. */
function run(network, stream, rate, limit, resets) {
  network.blocks.reset();
  for (let count = 0; count < limit; count++) {
    const item = stream.read();
    if (!network.step(item, rate)) return count;
    if (resets && item.ends) network.blocks.reset();
  }
  return limit;
}

/** Trains one network, and tests it whenever it read more than twice what its best test did; it stops when a test is perfect. */
function trial({ forgetGate, resets, decay }, seed, { streams, limit, symbolsAtMost }) {
  const network = new Network(forgetGate, seed);
  let [read, best, trained] = [0, 0, 0];
  while (trained < streams && read < symbolsAtMost && best < limit) {
    trained++;
    const length = run(network, new Stream(seed, 1000 + trained), 0.5 * decay ** (read / 1000), limit, resets);
    read += length + 1;
    if (length <= Math.max(50, 2 * best) && length < limit) continue;
    const lengths = Array.from({ length: 10 }, (_, k) => run(network, new Stream(seed, 1_000_000 + k), 0, limit, resets));
    best = Math.max(best, mean(lengths));
  }
  return { best, trained, perfect: best === limit, drift: drift(network, seed, resets), weights: network.weightCount };
}

/** The largest |c| after 100 and after 1000 symbols of one stream, read on whatever the errors. */
function drift(network, seed, resets) {
  const stream = new Stream(seed, 2_000_000);
  const largest = () => Math.max(...network.blocks.cellState.map(Math.abs));
  network.blocks.reset();
  return [100, 900].map((steps) => {
    for (let t = 0; t < steps; t++) {
      const item = stream.read();
      network.step(item, 0);
      if (resets && item.ends) network.blocks.reset();
    }
    return largest();
  });
}

const kinds = [
  { name: "1997 block, state reset at each string's end", forgetGate: false, resets: true, decay: 1, published: "74 / 0 / 26" },
  { name: "1997 block", forgetGate: false, resets: false, decay: 1, published: "0 / 1 / 99" },
  { name: "2000 block, with forget gates", forgetGate: true, resets: false, decay: 1, published: "18 / 29 / 53" },
  {
    name: "the same, learning rate × 0.99 each 1000 symbols",
    forgetGate: true,
    resets: false,
    decay: 0.99,
    published: "62 / 6 / 32",
  },
];

export async function continualReber({ quick, seed }) {
  const budget = quick
    ? { streams: 200, limit: 1000, symbolsAtMost: 4000, nets: 1 }
    : { streams: 30_000, limit: 100_000, symbolsAtMost: 1_000_000, nets: 5 };
  const rows = kinds.map((kind) => ({
    ...kind,
    trials: Array.from({ length: budget.nets }, (_, k) => trial(kind, seed + k, budget)),
  }));
  const share = (trials, test) => `${Math.round((100 * trials.filter(test).length) / trials.length)}`;
  const round = (value) => Math.round(value).toLocaleString("en-US");
  const text = table(
    [
      "network",
      "weights",
      "perfect / good / rest, %",
      "published",
      "mean error-free symbols, best test of each net",
      "training streams",
      "largest c after 100, 1000 symbols, mean of nets",
    ],
    rows.map(({ name, published, trials }) => [
      name,
      trials[0].weights,
      [share(trials, ({ perfect }) => perfect), share(trials, good), share(trials, (one) => !one.perfect && !good(one))].join(
        " / ",
      ),
      published,
      trials.map(({ best }) => round(best)).join(", "),
      trials.map(({ trained }) => round(trained)).join(", "),
      [0, 1].map((k) => mean(trials.map(({ drift }) => drift[k])).toFixed(0)).join(", "),
    ]),
  );
  return { rows, text };
}

const good = ({ perfect, best }) => !perfect && best > 1000;

await main(import.meta.url, "continual-reber", continualReber);
