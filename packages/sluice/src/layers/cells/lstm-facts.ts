import type { KindFacts } from "../registry.ts";
import type { LSTMFormOptions } from "./lstm-form.ts";

const ownFormat = "sluice (safetensors)";
const numpy = "oracles/cells_lstm.py (NumPy)";

/** The facts of the LSTM and its forms for the table of cells. */
export const lstmFacts: KindFacts = {
  equation:
    "i = σ(W_i x + R_i h + b_i); f = σ(W_f x + R_f h + b_f); g = tanh(W_g x + R_g h + b_g); o = σ(W_o x + R_o h + b_o); " +
    "c' = f ⊙ c + i ⊙ g; h' = o ⊙ tanh(c')",
  paper: "Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; Gers et al. 2000, doi:10.1162/089976600300015015",
  parameters: "4(IH + H² + H)",
  oracle: "oracles/pytorch.py (PyTorch), keras_recurrent.py (Keras), onnx_cases.py (onnxruntime)",
  formats: ownFormat,
};

/** The facts of the block of 1997 for the table of cells. */
export const memoryBlocksFacts: KindFacts = {
  equation:
    "y_k = σ(W_k x + R_k y + b_k) for gates k; c' = c + y_in g(W x + R y + b); y_c = y_out h(c'); g = 4 σ − 2; h = 2 σ − 1",
  paper: "Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735",
  parameters: "K(I + K + 1), K = cells + gates + conventional units",
  oracle: numpy,
  formats: ownFormat,
};

/** The options of `LSTMFormOptions` that change the equation. G blocks, P gates, R the size of h. */
export const lstmFormFacts: Readonly<Record<string, KindFacts>> = {
  variant: {
    equation:
      "vanilla: peepholes; NIG, NFG, NOG: no i, f, o; NIAF, NOAF: g, h linear; CIFG: f = 1 − i; NP: no peepholes; FGR: gates read gates",
    paper: "Greff et al. 2017, arXiv:1503.04069",
    parameters: "as its options",
    oracle: `${numpy}; vanilla, CIFG, NP held against onnxruntime`,
    formats: ownFormat,
  },
  peepholes: {
    equation: "i and f read p ⊙ c, o reads p ⊙ c'; full: P c",
    paper: "Gers et al. 2002, JMLR 3:115; full: Sherstinsky 2020, arXiv:1808.03314",
    parameters: "+ PH; full: + PH²",
    oracle: `${numpy}; diagonal held against onnxruntime`,
    formats: ownFormat,
  },
  inputGate: {
    equation: "false: i = 1",
    paper: "Greff et al. 2017",
    parameters: "− (IH + RH + H)",
    oracle: numpy,
    formats: ownFormat,
  },
  forgetGate: {
    equation: "false: f = 1",
    paper: "Hochreiter & Schmidhuber 1997",
    parameters: "− (IH + RH + H)",
    oracle: numpy,
    formats: ownFormat,
  },
  outputGate: {
    equation: "false: o = 1",
    paper: "Greff et al. 2017",
    parameters: "− (IH + RH + H)",
    oracle: numpy,
    formats: ownFormat,
  },
  coupledGates: {
    equation: "f = 1 − i",
    paper: "Greff et al. 2017",
    parameters: "− (IH + RH + H)",
    oracle: `${numpy}, held against onnxruntime`,
    formats: ownFormat,
  },
  gateRecurrence: {
    equation: "gates k read Σ_j Q_kj y_j, y the gates of t − 1",
    paper: "Greff et al. 2017; Hochreiter & Schmidhuber 1997",
    parameters: "+ P²H²",
    oracle: numpy,
    formats: ownFormat,
  },
  projection: {
    equation: "h' = W_r (o ⊙ tanh(c')); shown [h', W_p (o ⊙ tanh(c'))]",
    paper: "Sak et al. 2014, arXiv:1402.1128",
    parameters: "GIH + GRH + GH + HR, with W_p + its size × H",
    oracle: `${numpy}, held against PyTorch`,
    formats: ownFormat,
  },
  layerNorm: {
    equation: "z = LN(W x) + LN(R h) + b; h' = o ⊙ tanh(LN(c'))",
    paper: "Ba et al. 2016, arXiv:1607.06450",
    parameters: "+ 2GH + 2H",
    oracle: numpy,
    formats: ownFormat,
  },
  cellClip: { equation: "|c'| ≤ limit", paper: "Sak et al. 2014", parameters: "none", oracle: numpy, formats: ownFormat },
  gateClip: {
    equation: "|z| ≤ limit for what enters each activation",
    paper: "ONNX LSTM, clip",
    parameters: "none",
    oracle: `${numpy}, held against onnxruntime`,
    formats: ownFormat,
  },
  zoneout: {
    equation: "c' = d ⊙ c + (1 − d) ⊙ c_new, d ~ Bernoulli(rate) at each step, its mean outside training; h' likewise",
    paper: "Krueger et al. 2017, arXiv:1606.01305",
    parameters: "none",
    oracle: numpy,
    formats: ownFormat,
  },
  candidateDropout: {
    equation: "c' = f ⊙ c + i ⊙ d ⊙ g, d drawn at each step",
    paper: "Semeniuta et al. 2016, arXiv:1603.05118",
    parameters: "none",
    oracle: "gradient check",
    formats: ownFormat,
  },
  weightDrop: {
    equation: "R ⊙ d for R, d drawn once a call",
    paper: "Wan et al. 2013; Merity et al. 2018, arXiv:1708.02182",
    parameters: "none",
    oracle: "gradient check",
    formats: ownFormat,
  },
  learnInitialState: {
    equation: "h_0 and c_0 are weights",
    paper: "—",
    parameters: "+ R + H",
    oracle: "gradient check",
    formats: ownFormat,
  },
  gateBias: {
    equation: "b_f = log u, u ~ U[1, longest − 1], b_i = −b_f (chrono); any value; start + k step for unit k (staggered)",
    paper: "Tallec & Ollivier 2018, arXiv:1804.11188; Jozefowicz et al. 2015; Hochreiter & Schmidhuber 1997",
    parameters: "none",
    oracle: "known values",
    formats: ownFormat,
  },
  truncatedGradient: {
    equation: "∂z_k / ∂h = ∂z_k / ∂c = 0 in the gradient, ∂c' / ∂c = f; MemoryBlocks takes it too",
    paper: "Hochreiter & Schmidhuber 1997, appendix A.1",
    parameters: "none",
    oracle: "oracles/cells_truncated.py (NumPy)",
    formats: ownFormat,
  },
} satisfies { readonly [option in keyof LSTMFormOptions]: KindFacts };
