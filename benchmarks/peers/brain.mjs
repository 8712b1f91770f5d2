// brain.js at the same sizes, as its API has it: one sequence after the other, each with its own forward, backward and update (RMSprop),
// and a loss at every time step (the next input), where the others take B sequences at once and a loss at the end.
import { createRequire } from "node:module";
import { materials } from "../configs.mjs";
import { serve } from "./serve.mjs";

const { recurrent } = createRequire(import.meta.url)("brain.js");
const note = "another cell, another loss and optimizer: only the sizes are the same";

/** The B sequences of x [B, T, I], each as T vectors. */
function sequences({ shape: [B, T, I], data }) {
  return Array.from({ length: B }, (_, b) =>
    Array.from({ length: T }, (_, t) => data.slice((b * T + t) * I, (b * T + t + 1) * I)),
  );
}

await serve(({ config, what, threads }) => {
  if (config.bidirectional) throw new Error("brain.js has no layer that reads both ways");
  if (threads > 1) throw new Error("brain.js runs on one thread");
  if (what === "stream") throw new Error("brain.js has no state that a caller can keep between steps");
  const { I, H, layers = 1 } = config;
  const net = new (config.cell === "gru" ? recurrent.GRUTimeStep : recurrent.LSTMTimeStep)({
    inputSize: I,
    outputSize: I,
    hiddenLayers: Array(layers).fill(H),
  });
  net.initialize();
  const rows = sequences(materials(config).x);
  const trainOn = (row) => net.trainPattern([...row, row[0]]); // T steps, each with a target, read T + 1 vectors
  trainOn(rows[0]); // a network that was never trained does not run
  const step = () => {
    for (const row of rows) what === "forward" ? net.runArrayOfArray(row) : trainOn(row);
  };
  return { step, check: () => [], note };
});
