import type { IndRNNOptions } from "../../cells/ind-rnn.ts";
import type { MGUOptions } from "../../cells/mgu.ts";
import type { MUTOptions } from "../../cells/mut.ts";
import type { GRUOptions } from "../../gru.ts";
import type { SimpleRNNOptions } from "../../simple-rnn.ts";
import { factsOf, type KindFacts, type OptionFact } from "./facts.ts";

const numpy = "oracles/cells_gated.py (NumPy)";
const sizes = { I: 16, H: 64 };
const trial = { options: { units: 64 }, sizes };
const gateClip: OptionFact<GRUOptions & SimpleRNNOptions, "gateClip"> = {
  equation: "|z| ≤ limit for what enters each activation",
  paper: "ONNX RNN and GRU, clip",
  oracle: "held against onnxruntime",
  elsewhere: "ONNX clip",
  values: [3],
};

/** Cells with fewer gates than an LSTM, and the one without any. */
export const gatedFacts: Readonly<Record<string, KindFacts>> = {
  GRU: factsOf<GRUOptions>({
    equation:
      "z = σ(W_z x + R_z h + b_z); r = σ(W_r x + R_r h + b_r); ĥ = tanh(W_h x + b_h + r ⊙ (R_h h + d_h)); h' = z ⊙ h + (1 − z) ⊙ ĥ; " +
      "d also in z and r",
    paper: "Cho et al. 2014, arXiv:1406.1078",
    parameters: "3(IH + H² + 2H)",
    oracle: "oracles/pytorch.py (PyTorch), keras_recurrent.py (Keras), onnx_cases.py (onnxruntime)",
    elsewhere: "PyTorch nn.GRU; Keras GRU, reset_after true; ONNX GRU, linear_before_reset 1",
    trial,
    options: {
      resetAfter: {
        equation: "false: ĥ = tanh(W_h x + b_h + R_h (r ⊙ h)), as in 2014",
        parameters: "− 3H",
        oracle: "oracles/keras_recurrent.py (Keras), onnx_cases.py (onnxruntime)",
        elsewhere: "Keras GRU, reset_after false; ONNX GRU, linear_before_reset 0",
        values: [false],
      },
      gateClip,
    },
  }),
  SimpleRNN: factsOf<SimpleRNNOptions>({
    equation: "h' = tanh(W x + R h + b)",
    paper: "Elman 1990, doi:10.1207/s15516709cog1402_1",
    parameters: "IH + H² + H",
    oracle: "oracles/pytorch.py (PyTorch), keras_recurrent.py (Keras), onnx_cases.py (onnxruntime)",
    elsewhere: "PyTorch nn.RNN; Keras SimpleRNN; ONNX RNN",
    trial,
    options: { gateClip },
  }),
  MGU: factsOf<MGUOptions>({
    equation: "f = σ(W_f x + R_f h + b_f); ĥ = tanh(W_h x + R_h (f ⊙ h) + b_h); h' = (1 − f) ⊙ h + f ⊙ ĥ",
    paper: "Zhou et al. 2016, arXiv:1603.09420",
    parameters: "2(IH + H² + H)",
    oracle: numpy,
    elsewhere: 'Flax MGUCell: the form "flax"',
    trial,
    options: {
      form: {
        equation: "flax: ĥ = tanh(W_h x + f ⊙ (R_h h + d) + b_h); h' = f ⊙ h + (1 − f) ⊙ ĥ",
        paper: "Flax, MGUCell",
        parameters: "+ H",
        elsewhere: "Flax MGUCell",
        values: ["flax"],
      },
      unitForgetBias: { equation: "b_f starts at 1", values: [false] },
    },
  }),
  MUT: factsOf<MUTOptions>({
    equation:
      "h' = z ⊙ ĥ + (1 − z) ⊙ h; MUT1: z = σ(W_z x + b_z), r = σ(W_r x + R_r h + b_r), ĥ = tanh(R_h (r ⊙ h) + tanh(x) + b_h); " +
      "MUT2: z reads R_z h too, r = σ(x + R_r h + b_r), ĥ reads W_h x; MUT3: z = σ(W_z x + R_z tanh(h) + b_z), the rest as in a GRU",
    paper: "Jozefowicz, Zaremba & Sutskever 2015, An empirical exploration of recurrent network architectures",
    parameters: "2IH + 2H² + 3H + IH; the last where I ≠ H",
    oracle: numpy,
    elsewhere: null,
    trial,
    options: {
      variant: { equation: "1, 2 or 3", parameters: "+ H²; 3: + H² where I ≠ H", values: [2, 3] },
    },
  }),
  IndRNN: factsOf<IndRNNOptions>({
    equation: "h' = relu(W x + u ⊙ h + b)",
    paper: "Li et al. 2018, arXiv:1803.04831",
    parameters: "IH + 2H",
    oracle: numpy,
    elsewhere: null,
    trial,
    options: {
      longestSequence: {
        equation: "T: |u| ≤ 2^(1/T), at the start and after every update",
        oracle: "the bound itself",
        values: [50],
      },
      layerNorm: {
        equation: "h' = relu(LN(W x) + u ⊙ h + b)",
        paper: "Ba et al. 2016, arXiv:1607.06450, for the paper's batch normalization",
        parameters: "+ H",
        values: [true],
      },
    },
  }),
};
