// What comes next in a film? PredNet with a ConvLSTM or an Inception LSTM inside, beside plain ConvLSTMs, a linear model, and the last frame again.
import { main } from "../run.mjs";
import { clip, drawings, moving, windows } from "./frames.mjs";
import { filmStrip } from "./picture.mjs";
import { compare, convolutional, copyLast, linear, predictive, warmUp } from "./shared.mjs";

/** Frames of the clip that are learnt from; the rest come later and are predicted. */
const learnt = 108;
const steps = 10;

const inside = { ConvLSTM: "convLstm", "Inception v1": "inception1", "Inception v2": "inception2" };

/**
 * PredNets by their channels in each layer. The paper of the Inception LSTM compares equal channels (`small` for all); an Inception LSTM has as many in each of its three
 * branches, so a ConvLSTM of `equal` channels is there too, which has as many weights.
 */
function predictives(small, equal) {
  const sizes = [
    ["ConvLSTM", small],
    ["ConvLSTM", equal],
    ["Inception v1", small],
    ["Inception v2", small],
  ];
  return Object.fromEntries(
    sizes.flatMap(([name, channels]) =>
      ["L0", "Lall"].map((layerWeights) => [
        `PredNet, ${name} ${channels.join(" ")}, ${layerWeights}`,
        predictive({ channels, representation: inside[name], layerWeights }),
      ]),
    ),
  );
}

export async function videoClip({ quick, seed }) {
  const film = quick ? null : clip();
  const made = (stream) => moving(drawings, { count: 4, steps, side: 16, seed, stream });
  const train = film ? windows(film, { from: 0, to: learnt, steps, stride: 1 }) : made(1);
  const test = film ? windows(film, { from: learnt, to: film.frames.length, steps, stride: steps - warmUp }) : made(2);
  const filters = quick ? 2 : 8;
  const models = {
    "last frame": copyLast,
    linear,
    ConvLSTM: convolutional({ filters, change: false }),
    "ConvLSTM, change of the last frame": convolutional({ filters, change: true }),
    ...(quick ? predictives([1, 2], [2, 3]) : predictives([2, 4, 8], [5, 10, 20])),
  };
  const [batchSize, updates] = [4, quick ? 1 : 250];
  const learningRate = { type: "cosineDecay", initialLearningRate: 0.003, decaySteps: updates };
  const tell = quick ? () => {} : (line) => console.error(line); // minutes pass
  const { rows, actual, text } = await compare(models, train, test, { seed, batchSize, updates, learningRate, tell });
  const label = "Frames of the clip, as they came and as each model predicted them, and the errors";
  const n = Math.floor(test.shape[0] / 2);
  const picture = filmStrip(actual, rows, { n, frames: [1, 3, 5, 7], gain: 4, label });
  return { rows, text, figures: { "video-clip": picture } };
}

await main(import.meta.url, "video-clip", videoClip);
