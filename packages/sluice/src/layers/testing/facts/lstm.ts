import type { LSTMOptions } from "../../lstm.ts";
import type { MemoryBlocksOptions } from "../../memory-blocks.ts";
import { factsOf, type KindFacts } from "./facts.ts";

const numpy = "oracles/cells_lstm.py (NumPy)";
const gone = "− (IH + H² + H)";
const hochreiter = "Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735";
const greff = "Greff et al. 2017, arXiv:1503.04069";

/** The LSTM and its forms. G blocks, P gates, R the size of h. */
const lstm: KindFacts = factsOf<LSTMOptions>({
  equation:
    "i = σ(W_i x + R_i h + b_i); f = σ(W_f x + R_f h + b_f); g = tanh(W_g x + R_g h + b_g); o = σ(W_o x + R_o h + b_o); " +
    "c' = f ⊙ c + i ⊙ g; h' = o ⊙ tanh(c')",
  paper: `${hochreiter}; Gers et al. 2000, doi:10.1162/089976600300015015`,
  parameters: "4(IH + H² + H)",
  oracle: "oracles/pytorch.py (PyTorch), keras_recurrent.py (Keras), onnx_cases.py (onnxruntime)",
  elsewhere: "PyTorch nn.LSTM; Keras LSTM; ONNX LSTM",
  trial: { options: { units: 64 }, sizes: { I: 16, H: 64, P: 3, R: 64, G: 4 } },
  options: {
    unitForgetBias: {
      equation: "b_f starts at 1, so that a fresh cell keeps",
      paper: "Jozefowicz et al. 2015; Gers et al. 2000",
      oracle: "oracles/keras_recurrent.py (Keras)",
      elsewhere: "Keras unit_forget_bias",
      values: [false],
    },
    variant: {
      equation:
        "vanilla: peepholes; NIG, NFG, NOG: no i, f, o; NIAF, NOAF: g, h linear; CIFG: f = 1 − i; NP: no peepholes; FGR: gates read gates",
      paper: greff,
      parameters: "as its options",
      oracle: `${numpy}; vanilla, CIFG, NP held against onnxruntime`,
      elsewhere: "ONNX LSTM: vanilla, NIAF, NOAF, CIFG, NP",
      values: ["vanilla", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP", "FGR"],
    },
    peepholes: {
      equation: "i and f read p ⊙ c, o reads p ⊙ c'; full: P c",
      paper: "Gers et al. 2002, JMLR 3:115; full: Sherstinsky 2020, arXiv:1808.03314",
      parameters: "+ PH; full: + PH²",
      oracle: `${numpy}; diagonal held against onnxruntime`,
      elsewhere: "ONNX P: diagonal, rows i o f",
      values: ["diagonal", "full"],
    },
    outputPeephole: {
      equation: "previous: o reads p ⊙ c",
      paper: greff,
      oracle: numpy,
      values: ["previous"],
      beside: { peepholes: "diagonal" },
    },
    inputGate: { equation: "false: i = 1", paper: greff, parameters: gone, oracle: numpy, values: [false] },
    forgetGate: { equation: "false: f = 1", paper: hochreiter, parameters: gone, oracle: numpy, values: [false] },
    outputGate: { equation: "false: o = 1", paper: greff, parameters: gone, oracle: numpy, values: [false] },
    coupledGates: {
      equation: "f = 1 − i",
      paper: greff,
      parameters: gone,
      oracle: `${numpy}, held against onnxruntime`,
      elsewhere: "ONNX input_forget",
      values: [true],
    },
    gateRecurrence: {
      equation: "gates k read Σ_j Q_kj y_j, y the gates of t − 1",
      paper: `${greff}; ${hochreiter}`,
      parameters: "+ P²H²",
      oracle: numpy,
      values: [true],
    },
    cellActivation: {
      equation: "stands for tanh in g; linear: NIAF",
      paper: greff,
      oracle: `${numpy}, held against onnxruntime`,
      elsewhere: "ONNX g",
      values: ["linear"],
    },
    outputActivation: {
      equation: "stands for tanh in h'; linear: NOAF",
      paper: greff,
      oracle: `${numpy}, held against onnxruntime`,
      elsewhere: "ONNX h",
      values: ["linear"],
    },
    projection: {
      equation: "h' = W_r (o ⊙ tanh(c')); shown [h', W_p (o ⊙ tanh(c'))]",
      paper: "Sak et al. 2014, arXiv:1402.1128",
      parameters: "in all GIH + GRH + GH + HR; with W_p its size × H more",
      oracle: `${numpy}, held against PyTorch`,
      elsewhere: "PyTorch proj_size, without W_p",
      sizes: { R: 32 },
      values: [32, { recurrent: 24, nonRecurrent: 8 }],
    },
    layerNorm: {
      equation: "z = LN(W x) + LN(R h) + b; h' = o ⊙ tanh(LN(c'))",
      paper: "Ba et al. 2016, arXiv:1607.06450",
      parameters: "+ 2GH + 2H",
      oracle: numpy,
      values: [true],
    },
    cellClip: { equation: "|c'| ≤ limit", paper: "Sak et al. 2014, arXiv:1402.1128", oracle: numpy, values: [3] },
    gateClip: {
      equation: "|z| ≤ limit for what enters each activation",
      paper: "ONNX LSTM, clip",
      oracle: `${numpy}, held against onnxruntime`,
      elsewhere: "ONNX clip",
      values: [3],
    },
    zoneout: {
      equation: "c' = d ⊙ c + (1 − d) ⊙ c_new, d ~ Bernoulli(rate) at each step, its mean outside training; h' likewise",
      paper: "Krueger et al. 2017, arXiv:1606.01305",
      oracle: numpy,
      values: [{ hidden: 0.1, cell: 0.1 }],
    },
    candidateDropout: {
      equation: "c' = f ⊙ c + i ⊙ d ⊙ g, d drawn at each step",
      paper: "Semeniuta et al. 2016, arXiv:1603.05118",
      oracle: "gradient check",
      values: [0.2],
    },
    weightDrop: {
      equation: "R ⊙ d for R, d drawn once a call",
      paper: "Wan et al. 2013; Merity et al. 2018, arXiv:1708.02182",
      oracle: "gradient check",
      values: [0.5],
    },
    learnInitialState: {
      equation: "h_0 and c_0 are weights",
      paper: "—",
      parameters: "+ R + H",
      oracle: "gradient check",
      values: [true],
    },
    gateBias: {
      equation: "b_f = log u, u ~ U[1, longest − 1], b_i = −b_f (chrono); any value; start + k step for unit k (staggered)",
      paper: "Tallec & Ollivier 2018, arXiv:1804.11188; Jozefowicz et al. 2015; Hochreiter & Schmidhuber 1997",
      oracle: "known values",
      values: [{ chrono: { longest: 50 } }, { forget: 2 }, { output: { start: -1, step: -0.1 } }],
    },
    truncatedGradient: {
      equation: "∂z_k / ∂h = ∂z_k / ∂c = 0 in the gradient, ∂c' / ∂c = f",
      paper: "Hochreiter & Schmidhuber 1997, appendix A.1",
      oracle: "oracles/cells_truncated.py (NumPy)",
      values: [true],
    },
  },
});

const memoryBlocks: KindFacts = factsOf<MemoryBlocksOptions>({
  equation:
    "y_k = σ(W_k x + R_k y + b_k) for gates k; c' = c + y_in g(W x + R y + b); y_c = y_out h(c'); g = 4 σ − 2; h = 2 σ − 1",
  paper: hochreiter,
  parameters: "K(I + K + 1); K = cells + gates + conventional units",
  oracle: numpy,
  elsewhere: null,
  trial: { options: { units: 64 }, sizes: { I: 16, K: 192 } },
  options: {
    cellsPerBlock: { equation: "S cells share one gate of each kind", parameters: "− (fewer gates: smaller K)", values: [4] },
    hiddenUnits: {
      equation: "conventional units y = h(W x + R y + b) beside the blocks",
      parameters: "+ (larger K)",
      values: [8],
    },
    inputGate: { equation: "false: y_in = 1", parameters: "− (smaller K)", values: [false] },
    forgetGate: {
      equation: "true: c' = y_f ⊙ c + …",
      paper: "Gers et al. 2000, doi:10.1162/089976600300015015",
      parameters: "+ (larger K)",
      values: [true],
    },
    outputGate: { equation: "false: y_out = 1", parameters: "− (smaller K)", values: [false] },
    recurrence: {
      equation: "cells: gates feed nothing back; none: nothing does but c itself",
      parameters: "− K · gates; none: − K²",
      values: ["cells", "none"],
    },
    biasedUnits: { equation: "gates: b for the gates alone", parameters: "− (cells + conventional units)", values: ["gates"] },
    gateBias: {
      equation: "where the gates' b starts; { start, step } from block to block",
      values: [{ output: { start: -1, step: -1 } }],
    },
    cellActivation: { equation: "stands for g", values: ["tanh"] },
    outputActivation: { equation: "stands for h", values: ["tanh"] },
    truncatedGradient: {
      equation: "∂z_k / ∂y = 0 in the gradient, ∂c' / ∂c = 1 or f",
      paper: "Hochreiter & Schmidhuber 1997, appendix A.1",
      oracle: "oracles/cells_truncated.py (NumPy)",
      values: [true],
    },
  },
});

export const lstmFacts: Readonly<Record<string, KindFacts>> = { LSTM: lstm, MemoryBlocks: memoryBlocks };
