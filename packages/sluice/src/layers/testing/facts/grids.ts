import type { InceptionLSTMOptions } from "../../cells/inception-lstm.ts";
import type { ConvLSTMOptions } from "../../conv-lstm.ts";
import type { GridLSTMNDOptions } from "../../grid-lstm-nd.ts";
import type { MDLSTMOptions } from "../../md-lstm.ts";
import type { PredNetOptions } from "../../pred-net.ts";
import { factsOf, type KindFacts, type Trial } from "./facts.ts";

const numpy = "oracles/cells_conv.py (NumPy)";

/** The convolutional LSTM on a grid of so many places in all: windows of 3 along each axis, 4 channels. */
const convLstm = (rank: number, input: readonly number[]): KindFacts =>
  factsOf<ConvLSTMOptions>({
    equation:
      "i = σ(W_i ∗ x + R_i ∗ h + V_i ⊙ c + b_i); f alike; c' = f ⊙ c + i ⊙ tanh(W_g ∗ x + R_g ∗ h + b_g); " +
      "o = σ(W_o ∗ x + R_o ∗ h + V_o ⊙ c' + b_o); h' = o ⊙ tanh(c'); V with peepholes alone",
    paper: "Shi et al. 2015, arXiv:1506.04214",
    parameters: "4(kIF + kF² + F); k positions in a window, F channels",
    oracle: `oracles/keras_conv_lstm.py (Keras); ${numpy}`,
    elsewhere: `Keras ConvLSTM${rank}D, without peepholes`,
    trial: {
      options: { filters: 4, kernelSize: 3, padding: "same" },
      input,
      lstmUnits: 256,
      sizes: { k: 3 ** rank, I: 1, F: 4, places: 64 },
    },
    options: {
      filters: { equation: "F, the channels of h and c", parameters: "+ (larger F)", elsewhere: "Keras", values: [8] },
      kernelSize: { equation: "the window over x, and over h", parameters: "+ (larger k)", elsewhere: "Keras", values: [5] },
      recurrentKernelSize: { equation: "the window over h", parameters: "− (smaller k)", values: [1] },
      strides: { equation: "of the windows over x", elsewhere: "Keras", values: [2] },
      padding: { equation: "valid: windows that lie inside x alone", elsewhere: "Keras", values: ["valid"] },
      dilationRate: { equation: "of the windows over x", elsewhere: "Keras", values: [2] },
      unitForgetBias: { equation: "b_f starts at 1", elsewhere: "Keras unit_forget_bias", values: [false] },
      peepholes: {
        equation: "i and f read V ⊙ c, o reads V ⊙ c'",
        parameters: "+ 3F; perElement: + 3F · places",
        oracle: numpy,
        values: ["perChannel", "perElement"],
      },
    },
  });

const image: Pick<Trial, "input" | "lstmUnits"> = { input: [10, 8, 8, 1], lstmUnits: 256 };
const walk: Pick<Trial, "input" | "lstmInput"> = { input: [7, 7, 16], lstmInput: [49, 16] };

/** Cells whose state is a grid: images, volumes, and those that walk through a grid along each axis. */
export const gridFacts: Readonly<Record<string, KindFacts>> = {
  ConvLSTM1D: convLstm(1, [10, 64, 1]),
  ConvLSTM2D: convLstm(2, [10, 8, 8, 1]),
  ConvLSTM3D: convLstm(3, [10, 4, 4, 4, 1]),
  InceptionLSTM: factsOf<InceptionLSTMOptions>({
    equation:
      "i = [σ(W_i1 ∗ X); σ(W_i3 ∗ X); σ(W_i5 ∗ X)], X = [x; h]; f, o alike, g with tanh; c' = f ⊙ c + i ⊙ g; h' = o ⊙ tanh(c')",
    paper: "Hosseini et al. 2019, arXiv:1909.05622",
    parameters: "4C(35(I + 3C) + 3); C channels of each branch",
    oracle: numpy,
    elsewhere: null,
    trial: { ...image, options: { filters: 4 }, sizes: { I: 1, C: 4 } },
    options: {
      filters: { equation: "C", parameters: "+ (larger C)", values: [8] },
      version: {
        equation: "2: the 5 × 5 window is two of 3 × 3",
        parameters: "in all 4C(19(I + 3C) + 9C + 4)",
        values: [2],
      },
      branches: { equation: "the windows of each branch", parameters: "as they are", values: [[[1], [3]]] },
      innerActivation: {
        equation: "between the two windows of version 2, which the paper leaves open",
        values: ["tanh"],
        beside: { version: 2 },
      },
    },
  }),
  PredNet: factsOf<PredNetOptions>({
    equation:
      "R_l = LSTM([E_l; up R_{l+1}], R_l); A_l = pool(relu(W_l ∗ E_{l−1})); Â_l = relu(P_l ∗ R_l); E_l = [relu(Â_l − A_l); relu(A_l − Â_l)]",
    paper: "Lotter, Kreiman & Cox 2016, arXiv:1605.08104",
    parameters: "Σ_l 4R_l(k(2A_l + R_l + R_{l+1}) + 1) + A_l(k R_l + 1) + A_{l+1}(2k A_l + 1); k = 9",
    oracle: numpy,
    elsewhere: null,
    trial: { ...image, options: { channels: [1, 4] }, sizes: null },
    options: {
      channels: { equation: "R_l of each layer; A_l above the image too", parameters: "+ (more channels)", values: [[1, 8]] },
      representation: {
        equation: "which LSTM keeps R: ConvLSTM, Inception LSTM 1 or 2",
        parameters: "+ (an Inception LSTM has three branches)",
        values: ["inception1", "inception2"],
      },
      kernelSize: { equation: "√k", parameters: "+ (larger k)", values: [5] },
      pixelMax: { equation: "Â_0 ≤ pixelMax", values: [2] },
      shows: { equation: "errors: the mean of E_l for each layer, to train on", values: ["errors"] },
    },
  }),
  MDLSTM: factsOf<MDLSTMOptions>({
    equation: "i, g, o, f_1 … f_n = W x + Σ_k R_k h_k + b; c' = Σ_k σ(f_k) ⊙ c_k + σ(i) ⊙ tanh(g); h' = σ(o) ⊙ tanh(c')",
    paper: "Graves, Fernández & Schmidhuber 2007, arXiv:0705.2011",
    parameters: "(3 + n)H(I + nH + 1); n axes",
    oracle: "oracles/cells_grid.py (NumPy)",
    elsewhere: null,
    trial: { ...walk, options: { units: 64 }, sizes: { n: 2, I: 16, H: 64 } },
    options: {
      dimensions: { equation: "n, so many axes before the features", parameters: "as n says", values: [2] },
      unitForgetBias: { equation: "b of each f starts at 1", values: [false] },
      peepholes: {
        equation: "i reads p_i ⊙ Σ_k c_k, f_k reads p_fk ⊙ c_k, o reads p_o ⊙ c'",
        parameters: "+ (2 + n)H",
        values: [true],
      },
    },
  }),
  GridLSTMND: factsOf<GridLSTMNDOptions>({
    equation:
      "for k = each of n axes, depth: i, f, g, o = W_k [h_1, …, h_n, h_depth] + b_k; m_k' = σ(f) ⊙ m_k + σ(i) ⊙ tanh(g); h_k' = σ(o) ⊙ tanh(m_k')",
    paper: "Kalchbrenner et al. 2015, arXiv:1507.01526",
    parameters: "2IH + depth (4N²H² + 4NH); N = n + 1",
    oracle: "oracles/cells_grid.py (NumPy)",
    elsewhere: null,
    trial: { ...walk, options: { units: 64 }, sizes: { N: 3, I: 16, H: 64, depth: 1 } },
    options: {
      dimensions: { equation: "n, so many axes before the features", parameters: "as N says", values: [2] },
      depth: {
        equation: "blocks on top of each other",
        parameters: "+ (depth − 1)(4N²H² + 4NH)",
        sizes: { depth: 2 },
        values: [2],
      },
      tied: {
        equation: "one W for all levels",
        parameters: "− (4N²H² + 4NH)",
        values: [true],
        beside: { depth: 2 },
      },
      priority: {
        equation: "an axis or depth, p: it goes last, and W_p reads h_j' in the place of h_j for j ≠ p",
        values: ["depth", 1],
      },
    },
  }),
};
