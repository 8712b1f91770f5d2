import type { CommonOptions, OptionFact } from "./facts.ts";

const keras = "Keras";

/** The options that most recurrent kinds share, as an LSTM has them. */
export const commonFacts: { readonly [K in keyof CommonOptions]-?: OptionFact<CommonOptions, K> } = {
  units: { equation: "H, the size of the hidden state", elsewhere: "PyTorch, ONNX hidden_size; Keras units", values: [64] },
  activation: {
    equation:
      "stands for tanh, in the candidate and on the cell's way out; 16 by name; in GRU and SimpleRNN { type, alpha, beta } too",
    elsewhere: "Keras; ONNX g, h; PyTorch nn.RNN nonlinearity",
    values: ["relu", "gelu"],
  },
  recurrentActivation: {
    equation: "stands for σ in the gates; in LSTM and GRU { type, alpha, beta } too",
    elsewhere: "Keras; ONNX f",
    values: ["hardSigmoid"],
  },
  useBias: {
    equation: "false: no b",
    parameters: "− 4H",
    elsewhere: "PyTorch bias; Keras use_bias; ONNX without B",
    values: [false],
  },
  kernelInitializer: { equation: "where W starts", elsewhere: keras, values: ["heNormal"] },
  recurrentInitializer: { equation: "where R starts", elsewhere: keras, values: ["glorotNormal"] },
  biasInitializer: { equation: "where b starts", elsewhere: keras, values: ["ones"] },
  kernelRegularizer: { equation: "loss + penalty(W)", elsewhere: keras, values: [{ l2: 1e-4 }] },
  recurrentRegularizer: { equation: "loss + penalty(R)", elsewhere: keras, values: [{ l2: 1e-4 }] },
  biasRegularizer: { equation: "loss + penalty(b)", elsewhere: keras, values: [{ l1: 1e-4 }] },
  activityRegularizer: { equation: "loss + penalty(output)", elsewhere: keras, values: [{ l2: 1e-4 }] },
  kernelConstraint: { equation: "W put back into its bounds after each update", elsewhere: keras, values: ["nonNegative"] },
  recurrentConstraint: { equation: "R put back into its bounds after each update", elsewhere: keras, values: ["unitNorm"] },
  biasConstraint: { equation: "b put back into its bounds after each update", elsewhere: keras, values: ["nonNegative"] },
  dropout: {
    equation: "d ⊙ x for x, d drawn once a call: the same at all steps",
    paper: "Gal & Ghahramani 2016, arXiv:1512.05287",
    oracle: "masks written out",
    elsewhere: "Keras",
    values: [0.2],
  },
  recurrentDropout: {
    equation: "d_k ⊙ h for h in gate k, d drawn once a call",
    paper: "Gal & Ghahramani 2016, arXiv:1512.05287",
    oracle: "masks written out",
    elsewhere: "Keras",
    values: [0.2],
  },
  returnSequences: {
    equation: "every h_t, not the last one alone",
    elsewhere: "Keras; PyTorch always; ONNX Y",
    values: [true],
  },
  returnState: { equation: "the final state as further outputs", elsewhere: "Keras; PyTorch, ONNX always", values: [true] },
  goBackwards: { equation: "t from T to 1", elsewhere: "Keras; ONNX direction reverse", values: [true] },
  stateful: { equation: "s_0 = the s_T of the call before", oracle: "the uncut run", elsewhere: keras, values: [true] },
  zeroOutputForMask: { equation: "0 for the output at masked steps", elsewhere: keras, values: [true] },
  recompute: { equation: "the same numbers from √T kept states, computed twice", oracle: "the plain run", values: [true] },
  inputShape: { equation: "shape of one input, for the first layer of a model", elsewhere: keras, values: [[null, 16]] },
  name: { equation: "names the layer, and its weights in files", elsewhere: keras, values: ["encoder"] },
  seed: { equation: "of its weights and dropout", elsewhere: keras, values: [7] },
  trainable: { equation: "false: no optimizer moves its weights", elsewhere: keras, values: [false] },
  backend: { equation: "where a layer used on its own runs", values: ["wasm"] },
};
