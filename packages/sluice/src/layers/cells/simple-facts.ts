import type { KindFacts } from "../registry.ts";

const authors = "Lei et al. 2018, arXiv:1709.02755; the authors' package";
const oracle = "oracles/cells_parallel.py (NumPy)";
const formats = "sluice (safetensors)";

/** The options of the SRU that change its equations, for the table of cells. */
export const sruForms: Readonly<Record<string, KindFacts>> = {
  projection: {
    equation: "every W x is W (P x), P of n columns",
    paper: authors,
    parameters: "n(I + 3H) in the place of 3IH; n(I + 4H) of 4IH",
    oracle,
    formats,
  },
  layerNorm: {
    equation: '"before": the products read LN(x), the highway x; "after": h\' is LN(h\')',
    paper: authors,
    parameters: '"before" + 2I; "after" + 2H',
    oracle,
    formats,
  },
  highway: {
    equation: "false: h' = r ⊙ g(c')",
    paper: authors,
    parameters: "− IH where I ≠ H",
    oracle,
    formats,
  },
  outputDropout: {
    equation: "in training r ⊙ mask in the place of r",
    paper: authors,
    parameters: "none",
    oracle: "one scale of r at all steps, 0 or 1 / (1 − rate); gradient check",
    formats,
  },
  recurrentDropout: {
    equation: "in training f and r read c ⊙ mask, one for each",
    paper: "Gal & Ghahramani 2016, arXiv:1512.05287",
    parameters: "none",
    oracle: "gradient check",
    formats,
  },
};

/** The options of the IndRNN that change its equation or its weights' range, for the table of cells. */
export const indRnnForms: Readonly<Record<string, KindFacts>> = {
  longestSequence: {
    equation: "|u| ≤ 2^(1/T), at the start and after every update",
    paper: "Li et al. 2018, arXiv:1803.04831",
    parameters: "none",
    oracle: "the bound itself",
    formats,
  },
  layerNorm: {
    equation: "h' = relu(LN(W x) + u ⊙ h + b)",
    paper: "Ba, Kiros & Hinton 2016, arXiv:1607.06450, in the place of the paper's batch normalization",
    parameters: "+ H",
    oracle: "oracles/cells_gated.py (NumPy)",
    formats,
  },
};

const kalchbrenner = "Kalchbrenner et al. 2015, arXiv:1507.01526, section 3";
const gridOracle = "oracles/cells_grid.py (NumPy)";

/** The options of the grid LSTM, over time and over grids, for the table of cells. */
export const gridLstmForms: Readonly<Record<string, KindFacts>> = {
  tied: {
    equation: "one W for all levels",
    paper: kalchbrenner,
    parameters: "those of depth 1",
    oracle: gridOracle,
    formats,
  },
  priority: {
    equation: "the dimension p goes last: W_p reads h_j' in the place of h_j for j ≠ p",
    paper: kalchbrenner,
    parameters: "none",
    oracle: gridOracle,
    formats,
  },
};

const frameworks = "oracles/pytorch.py (PyTorch), keras_recurrent.py (Keras), onnxruntime";
const onnx = "ONNX operators RNN and GRU, opset 22";

/** The facts of the GRU for the table of cells. */
export const gruFacts: KindFacts = {
  equation: "z, r = σ(W x + R h + b); ĥ = tanh(W_h x + b_h + r ⊙ (R_h h + recurrentBias_h)); h' = z ⊙ h + (1 − z) ⊙ ĥ",
  paper: "Cho et al. 2014, arXiv:1406.1078",
  parameters: "3(IH + H² + 2H)",
  oracle: frameworks,
  formats,
};

/** The facts of the simple RNN for the table of cells. */
export const simpleRnnFacts: KindFacts = {
  equation: "h' = tanh(W x + R h + b)",
  paper: "Elman 1990, doi:10.1207/s15516709cog1402_1",
  parameters: "IH + H² + H",
  oracle: frameworks,
  formats,
};

/** The options of the simple RNN that change its equation. */
export const simpleRnnForms: Readonly<Record<string, KindFacts>> = {
  activation: {
    equation: "tanh by any name, or { type, alpha, beta }",
    paper: onnx,
    parameters: "none",
    oracle: "onnxruntime",
    formats,
  },
  gateClip: {
    equation: "what an activation reads is clamped to ± gateClip",
    paper: onnx,
    parameters: "none",
    oracle: "onnxruntime",
    formats,
  },
};

/** The options of the GRU that change its equations. */
export const gruForms: Readonly<Record<string, KindFacts>> = {
  resetAfter: {
    equation: "false: ĥ = tanh(W_h x + b_h + R_h (r ⊙ h))",
    paper: "Cho et al. 2014; true: cuDNN, PyTorch, Keras, ONNX linear_before_reset = 1",
    parameters: "false: − 3H",
    oracle: "oracles/keras_recurrent.py (Keras), onnxruntime",
    formats,
  },
  ...simpleRnnForms,
};
