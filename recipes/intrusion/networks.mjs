// The networks: one hidden layer each. A record of a connection is not a sequence, so those that read sequences read it as a single step
// (as Yin et al. 2017 do), where a recurrent layer is a gated dense layer, or as four steps, one for each group of its columns.
import { bidirectional, dense, earlyStopping, gru, lstm, sequential, simpleRnn } from "sluice";
import { weightCount } from "../run.mjs";

const units = 32;

/** What each reads, "rows" [N, I], "step" [N, 1, I] or "groups" [N, 4, I], and its hidden layer. */
export const networks = {
  "MLP, 32 units": { reads: "rows", hidden: (inputShape) => dense({ units, activation: "relu", inputShape }) },
  "RNN, 80 units, one step": { reads: "step", hidden: (inputShape) => simpleRnn({ units: 80, inputShape }) },
  "GRU, one step": { reads: "step", hidden: (inputShape) => gru({ units, inputShape }) },
  "LSTM, one step": { reads: "step", hidden: (inputShape) => lstm({ units, inputShape }) },
  "BiLSTM, one step": { reads: "step", hidden: (inputShape) => bidirectional(lstm({ units: units / 2 }), { inputShape }) },
  "LSTM, four steps": { reads: "groups", hidden: (inputShape) => lstm({ units, inputShape }) },
  "BiLSTM, four steps": { reads: "groups", hidden: (inputShape) => bidirectional(lstm({ units: units / 2 }), { inputShape }) },
};

/** Trains until the loss on `validation` has not fallen for four epochs, and takes the weights of the best one. */
export async function trainNetwork({ hidden }, { train, validation, test, epochs, seed }) {
  const [, ...inputShape] = train.x.shape;
  const model = sequential([hidden(inputShape), dense({ units: 1, activation: "sigmoid" })], { seed });
  model.compile({ optimizer: { type: "adam", learningRate: 0.002 }, loss: "binaryCrossentropy", metrics: ["accuracy"] });
  const column = (y) => ({ shape: [y.length, 1], data: y });
  const began = performance.now();
  await model.fit(train.x, column(train.y), {
    epochs,
    batchSize: 128,
    validationData: [validation.x, column(validation.y)],
    callbacks: [earlyStopping({ patience: 4, restoreBestWeights: true })],
  });
  const seconds = (performance.now() - began) / 1000;
  const { accuracy } = await model.evaluate(validation.x, column(validation.y), { batchSize: 1000 });
  const { data } = await model.predict(test.x, { batchSize: 1000 });
  return { told: Array.from(data, (p) => (p > 0.5 ? 1 : 0)), seconds, parameters: weightCount(model), heldOut: accuracy };
}
