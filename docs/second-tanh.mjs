// What the second tanh is for: the LSTM with and without it, and the GRU, which has none, on the adding problem. node docs/second-tanh.mjs
// Two of T numbers are marked; the answer is their sum. Saying 1 always is off by 0.167 (mean squared error).
import { dense, gru, inspect, lstm, RandomStream, sequential, tensor } from "../packages/sluice/dist/index.js";

const [T, units, batch, updates] = [60, 32, 64, 1000];
const seeds = [1, 2, 3];
const cells = {
  "LSTM, h = o ⊙ tanh(c)": (seed) => lstm({ units, seed, inputShape: [T, 2] }),
  "LSTM, h = o ⊙ c (NOAF)": (seed) => lstm({ units, seed, outputActivation: "linear", inputShape: [T, 2] }),
  "GRU, h = z ⊙ h + (1 − z) ⊙ ĥ": (seed) => gru({ units, seed, inputShape: [T, 2] }),
};

function sums(random, rows) {
  const x = new Float32Array(rows * T * 2);
  const y = new Float32Array(rows);
  for (let b = 0; b < rows; b++) {
    const first = Math.floor((random.uniform() * T) / 2);
    const second = Math.floor(((1 + random.uniform()) * T) / 2);
    for (let t = 0; t < T; t++) {
      const marked = t === first || t === second;
      x[(b * T + t) * 2] = random.uniform();
      x[(b * T + t) * 2 + 1] = marked ? 1 : 0;
      if (marked) y[b] += x[(b * T + t) * 2];
    }
  }
  return [tensor(x, [rows, T, 2]), tensor(y, [rows, 1])];
}

const show = (value) => value.toPrecision(2);
console.log("| cell | error after training, by seed | largest \\|h\\| |\n|---|---|---|");
for (const [name, make] of Object.entries(cells)) {
  const runs = [];
  for (const seed of seeds) {
    const model = sequential([make(seed), dense({ units: 1, seed })]);
    model.compile({ optimizer: { type: "adam", learningRate: 0.005, clipNorm: 1 }, loss: "mse" });
    const random = new RandomStream({ seed, stream: 1, step: 0 });
    for (let k = 0; k < updates; k++) await model.trainOnBatch(...sums(random, batch));
    const [x, y] = sums(new RandomStream({ seed, stream: 2, step: 0 }), 512);
    const { loss } = await model.evaluate(x, y);
    const { states } = inspect.trace(model, x);
    runs.push({ loss, largest: states.hiddenState.data.reduce((most, h) => Math.max(most, Math.abs(h)), 0) });
  }
  const largest = Math.max(...runs.map((run) => run.largest));
  console.log(`| ${name} | ${runs.map(({ loss }) => show(loss)).join(", ")} | ${show(largest)} |`);
}
