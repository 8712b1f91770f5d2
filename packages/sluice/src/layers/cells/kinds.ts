import { ContextWindow, type ContextWindowOptions } from "../context-window.ts";
import { GridLSTMND, type GridLSTMNDOptions } from "../grid-lstm-nd.ts";
import { Highway, type HighwayOptions } from "../highway.ts";
import { MLSTM, type MLSTMOptions } from "../m-lstm.ts";
import { MDLSTM, type MDLSTMOptions } from "../md-lstm.ts";
import { MultiDirectional, type MultiDirectionalOptions } from "../multi-directional.ts";
import { QRNN, type QRNNOptions } from "../qrnn.ts";
import type { LayerKind } from "../registry.ts";
import { Residual, type ResidualOptions } from "../residual.ts";
import { AugmentedLSTM, AugmentedLSTMCell, type AugmentedLSTMCellOptions, type AugmentedLSTMOptions } from "./augmented-lstm.ts";
import { CanonicalRNN, CanonicalRNNCell, type CanonicalRNNCellOptions, type CanonicalRNNOptions } from "./canonical-rnn.ts";
import { DilatedCell, type DilatedCellOptions } from "./dilated.ts";
import { gridKinds } from "./grid-kinds.ts";
import { GridLSTM, GridLSTMCell, type GridLSTMCellOptions, type GridLSTMOptions } from "./grid-lstm.ts";
import { IndRNN, IndRNNCell, type IndRNNCellOptions, type IndRNNOptions } from "./ind-rnn.ts";
import { LearnedStateCell, type LearnedStateCellOptions } from "./learned-state.ts";
import { MLSTMCell, type MLSTMCellOptions } from "./m-lstm.ts";
import { MLSTMBlock, MLSTMBlockCell, type MLSTMBlockCellOptions, type MLSTMBlockOptions } from "./m-lstm-block.ts";
import { MGU, MGUCell, type MGUCellOptions, type MGUOptions } from "./mgu.ts";
import { MinGRU, MinGRUCell, type MinGRUCellOptions, type MinGRUOptions } from "./min-gru.ts";
import { MinLSTM, MinLSTMCell, type MinLSTMCellOptions, type MinLSTMOptions } from "./min-lstm.ts";
import { MUT, MUTCell, type MUTCellOptions, type MUTOptions } from "./mut.ts";
import { QRNNCell, type QRNNCellOptions } from "./qrnn.ts";
import { SLSTM, SLSTMCell, type SLSTMCellOptions, type SLSTMOptions } from "./s-lstm.ts";
import { SLSTMBlock, SLSTMBlockCell, type SLSTMBlockCellOptions, type SLSTMBlockOptions } from "./s-lstm-block.ts";
import { gridLstmForms, indRnnForms, sruForms } from "./simple-facts.ts";
import { SRU, SRUCell, type SRUCellOptions, type SRUOptions } from "./sru.ts";

const ownFormat = "sluice (safetensors)";

/** The recurrent kinds beside LSTM, GRU and the simple RNN, with their cells, and what wraps layers and cells. */
export const furtherKinds: readonly LayerKind[] = [
  {
    type: "MGU",
    create: (options: MGUOptions) => new MGU(options),
    recurrent: true,
    about: {
      equation: "f = σ(W_f x + R_f h + b_f); ĥ = tanh(W_h x + R_h (f ⊙ h) + b_h); h' = (1 − f) ⊙ h + f ⊙ ĥ",
      paper: "Zhou et al. 2016, arXiv:1603.09420",
      parameters: '2(IH + H² + H); + H in the form "flax"',
      oracle: "oracles/cells_gated.py (NumPy)",
      formats: ownFormat,
    },
  },
  {
    type: "MUT",
    create: (options: MUTOptions) => new MUT(options),
    recurrent: true,
    about: {
      equation:
        "h' = z ⊙ ĥ + (1 − z) ⊙ h; MUT1: z = σ(W_z x + b_z), r = σ(W_r x + R_r h + b_r), ĥ = tanh(R_h (r ⊙ h) + tanh(x) + b_h); " +
        "MUT2: z reads R_z h too, r = σ(x + R_r h + b_r), ĥ reads W_h x; MUT3: z = σ(W_z x + R_z tanh(h) + b_z), the rest as in a GRU",
      paper: "Jozefowicz, Zaremba & Sutskever 2015, An empirical exploration of recurrent network architectures",
      parameters: "MUT1 2IH + 2H² + 3H; MUT2 2IH + 3H² + 3H; MUT3 3IH + 3H² + 3H; MUT1 and MUT2 + IH where I ≠ H",
      oracle: "oracles/cells_gated.py (NumPy)",
      formats: ownFormat,
    },
  },
  {
    type: "IndRNN",
    create: (options: IndRNNOptions) => new IndRNN(options),
    recurrent: true,
    about: {
      equation: "h' = relu(W x + u ⊙ h + b)",
      paper: "Li et al. 2018, arXiv:1803.04831",
      parameters: "IH + 2H",
      oracle: "oracles/cells_gated.py (NumPy)",
      formats: ownFormat,
    },
    forms: indRnnForms,
  },
  {
    type: "SRU",
    create: (options: SRUOptions) => new SRU(options),
    recurrent: true,
    about: {
      equation:
        "f = σ(W_f x + v_f ⊙ c + b_f); c' = f ⊙ c + (1 − f) ⊙ W x; r = σ(W_r x + v_r ⊙ c + b_r); h' = r ⊙ g(c') + (1 − r) ⊙ α x",
      paper: "Lei et al. 2018, arXiv:1709.02755",
      parameters: "3IH + 4H; 4IH + 4H where I ≠ H",
      oracle: "oracles/cells_parallel.py (NumPy)",
      formats: ownFormat,
    },
    forms: sruForms,
  },
  {
    type: "QRNN",
    create: (options: QRNNOptions) => new QRNN(options),
    recurrent: true,
    about: {
      equation: "z = tanh(W_z x̂ + b_z); f, o = σ(W x̂ + b); c' = f ⊙ c + (1 − f) ⊙ z; h' = o ⊙ c'; x̂ = x_t, or [x_t, x_{t−1}]",
      paper: "Bradbury et al. 2017, arXiv:1611.01576",
      parameters: "G(wIH + H), window w, G = 2 for f, 3 for fo, 4 for ifo pooling",
      oracle: "oracles/cells_parallel.py (NumPy)",
      formats: ownFormat,
    },
  },
  {
    type: "MinGRU",
    create: (options: MinGRUOptions) => new MinGRU(options),
    recurrent: true,
    about: {
      equation: "z = σ(W_z x + b_z); ĥ = g(W_h x + b_h); h' = (1 − z) ⊙ h + z ⊙ ĥ",
      paper: "Feng et al. 2024, arXiv:2410.01201",
      parameters: "2(IH + H)",
      oracle: "oracles/cells_parallel.py (NumPy)",
      formats: ownFormat,
    },
  },
  {
    type: "MinLSTM",
    create: (options: MinLSTMOptions) => new MinLSTM(options),
    recurrent: true,
    about: {
      equation: "f = σ(W_f x + b_f); i = σ(W_i x + b_i); ĥ = g(W_h x + b_h); h' = f / (f + i) ⊙ h + i / (f + i) ⊙ ĥ",
      paper: "Feng et al. 2024, arXiv:2410.01201",
      parameters: "3(IH + H)",
      oracle: "oracles/cells_parallel.py (NumPy)",
      formats: ownFormat,
    },
  },
  {
    type: "SLSTM",
    create: (options: SLSTMOptions) => new SLSTM(options),
    recurrent: true,
    about: {
      equation:
        "m' = max(ĩ, m + log f); i = exp(ĩ − m'); f = exp(m + log f − m'); c' = f ⊙ c + i ⊙ tanh(z̃); n' = f ⊙ n + i; h' = σ(õ) ⊙ c' / n'",
      paper: "Beck et al. 2024, xLSTM, arXiv:2405.04517",
      parameters: "4H(I + H/heads + 1)",
      oracle: "oracles/cells_xlstm.py (NumPy)",
      formats: ownFormat,
    },
  },
  {
    type: "MLSTM",
    create: (options: MLSTMOptions) => new MLSTM(options),
    recurrent: true,
    about: {
      equation:
        "C' = f C + i k vᵀ; n' = f n + i k; h' = o ⊙ C'ᵀ q / max(|n'·q|, exp(−m')); q, k, v, o and the gates i, f from x alone",
      paper: "Beck et al. 2024, xLSTM, arXiv:2405.04517",
      parameters: "(4H + 2 · heads)(I + 1)",
      oracle: "oracles/cells_xlstm.py (NumPy)",
      formats: ownFormat,
    },
  },
  {
    type: "SLSTMBlock",
    create: (options: SLSTMBlockOptions) => new SLSTMBlock(options),
    recurrent: true,
    about: {
      equation:
        "u = norm(x); v = silu(convolution(u)); h = sLSTM, i and f from v, z and o from u; y = x + headNorm(h); a, b = W_up norm(y); x' = y + W_down (gelu(a) ⊙ b)",
      paper: "Beck et al. 2024, xLSTM, arXiv:2405.04517, figure 10",
      parameters: "with D features, K taps, F = ⌈4D/3⌉: 4D² + 4D²/heads + 3DF + (K + 8)D",
      oracle: "oracles/cells_xlstm.py (NumPy)",
      formats: ownFormat,
    },
  },
  {
    type: "MLSTMBlock",
    create: (options: MLSTMBlockOptions) => new MLSTMBlock(options),
    recurrent: true,
    about: {
      equation:
        "m, z = W_up norm(x); v = silu(convolution(m)); q = W_q v; k = W_k v; values = W_v m; h = mLSTM memory; x' = x + W_down ((headNorm(h) + skip ⊙ v) ⊙ silu(z))",
      paper: "Beck et al. 2024, xLSTM, arXiv:2405.04517, figure 11",
      parameters: "with D features, E = 2D, K taps, n heads: 3DE + 3E² + 6nE + 2n + (K + 3)E + D",
      oracle: "oracles/cells_xlstm.py (NumPy)",
      formats: ownFormat,
    },
  },
  { type: "SLSTMBlockCell", create: (options: SLSTMBlockCellOptions) => new SLSTMBlockCell(options) },
  { type: "MLSTMBlockCell", create: (options: MLSTMBlockCellOptions) => new MLSTMBlockCell(options) },
  {
    type: "CanonicalRNN",
    create: (options: CanonicalRNNOptions) => new CanonicalRNN(options),
    recurrent: true,
    about: {
      equation: "s' = W_s s + W_r r + W_x x + θ; r' = tanh(s')",
      paper: "Sherstinsky 2020, doi:10.1016/j.physd.2019.132306, Eq. 30–31",
      parameters: "IH + 2H² + H",
      oracle: "oracles/cells_sherstinsky.py (NumPy)",
      formats: ownFormat,
    },
  },
  {
    type: "AugmentedLSTM",
    create: (options: AugmentedLSTMOptions) => new AugmentedLSTM(options),
    recurrent: true,
    about: {
      equation:
        "i, f, e = σ(W x + R v + P c + b); g = tanh(e ⊙ W_g x + R_g v + b_g); c' = f ⊙ c + i ⊙ g; o = σ(W_o x + R_o v + P_o c' + b_o); v' = Q (o ⊙ tanh(c'))",
      paper: "Sherstinsky 2020, doi:10.1016/j.physd.2019.132306, Eq. 126–136 (vanilla) and 196–214 (augmented)",
      parameters: "5LIH + 4H² + 5HV + 5H + VH with windows of L; H(4I + 7H + 4) without external gate and projection",
      oracle: "oracles/cells_sherstinsky.py (NumPy)",
      formats: ownFormat,
    },
  },
  {
    type: "GridLSTM",
    create: (options: GridLSTMOptions) => new GridLSTM(options),
    recurrent: true,
    about: {
      equation:
        "for k = time, depth: i, f, g, o = W_k [h_time, h_depth] + b_k; m_k' = σ(f) ⊙ m_k + σ(i) ⊙ tanh(g); h_k' = σ(o) ⊙ tanh(m_k')",
      paper: "Kalchbrenner et al. 2015, arXiv:1507.01526",
      parameters: "2IH + depth (16H² + 8H)",
      oracle: "oracles/cells_grid.py (NumPy)",
      formats: ownFormat,
    },
    forms: gridLstmForms,
  },
  {
    type: "GridLSTMND",
    create: (options: GridLSTMNDOptions) => new GridLSTMND(options),
    about: {
      equation:
        "for k = each of n axes, depth: i, f, g, o = W_k [h_1, …, h_n, h_depth] + b_k; m_k' = σ(f) ⊙ m_k + σ(i) ⊙ tanh(g); h_k' = σ(o) ⊙ tanh(m_k')",
      paper: "Kalchbrenner et al. 2015, arXiv:1507.01526",
      parameters: "2IH + depth (4N²H² + 4NH), N = n + 1",
      oracle: "oracles/cells_grid.py (NumPy)",
      formats: ownFormat,
    },
    forms: gridLstmForms,
  },
  {
    type: "MDLSTM",
    create: (options: MDLSTMOptions) => new MDLSTM(options),
    about: {
      equation: "i, g, o, f_1 … f_n = W x + Σ_k R_k h_k + b; c' = Σ_k σ(f_k) ⊙ c_k + σ(i) ⊙ tanh(g); h' = σ(o) ⊙ tanh(c')",
      paper: "Graves, Fernández & Schmidhuber 2007, arXiv:0705.2011",
      parameters: "(3 + n)H(I + nH + 1) for n axes",
      oracle: "oracles/cells_grid.py (NumPy)",
      formats: ownFormat,
    },
    forms: {
      peepholes: {
        equation: "i reads p_i ⊙ Σ_k c_k, f_k reads p_fk ⊙ c_k, o reads p_o ⊙ c'",
        paper: "Graves, Fernández & Schmidhuber 2007, arXiv:0705.2011",
        parameters: "+ (2 + n)H",
        oracle: "oracles/cells_grid.py (NumPy)",
        formats: ownFormat,
      },
    },
  },
  {
    type: "MultiDirectional",
    create: (options: MultiDirectionalOptions) => new MultiDirectional(options),
    holds: ["layer"],
    about: {
      equation: "[h of corner 1; …; h of corner 2ⁿ], or their sum or mean",
      paper: "Graves, Fernández & Schmidhuber 2007, arXiv:0705.2011",
      parameters: "2ⁿ times those of the layer",
      oracle: "the layer run from each corner",
      formats: ownFormat,
    },
  },
  {
    type: "DilatedCell",
    create: (options: DilatedCellOptions) => new DilatedCell(options),
    holds: ["cell"],
    about: {
      equation: "s_t = cell(x_t, s_{t−d})",
      paper: "Chang et al. 2017, arXiv:1710.02224",
      parameters: "those of the cell",
      oracle: "oracles/cells_grid.py (NumPy)",
      formats: ownFormat,
    },
  },
  ...gridKinds,
  { type: "LearnedStateCell", create: (options: LearnedStateCellOptions) => new LearnedStateCell(options), holds: ["cell"] },
  { type: "Residual", create: (options: ResidualOptions) => new Residual(options), holds: ["layer"] },
  { type: "Highway", create: (options: HighwayOptions) => new Highway(options), holds: ["layer"] },
  { type: "ContextWindow", create: (options: ContextWindowOptions) => new ContextWindow(options) },
  { type: "CanonicalRNNCell", create: (options: CanonicalRNNCellOptions) => new CanonicalRNNCell(options) },
  { type: "AugmentedLSTMCell", create: (options: AugmentedLSTMCellOptions) => new AugmentedLSTMCell(options) },
  { type: "GridLSTMCell", create: (options: GridLSTMCellOptions) => new GridLSTMCell(options) },
  { type: "SLSTMCell", create: (options: SLSTMCellOptions) => new SLSTMCell(options) },
  { type: "MLSTMCell", create: (options: MLSTMCellOptions) => new MLSTMCell(options) },
  { type: "MGUCell", create: (options: MGUCellOptions) => new MGUCell(options) },
  { type: "MUTCell", create: (options: MUTCellOptions) => new MUTCell(options) },
  { type: "IndRNNCell", create: (options: IndRNNCellOptions) => new IndRNNCell(options) },
  { type: "SRUCell", create: (options: SRUCellOptions) => new SRUCell(options) },
  { type: "QRNNCell", create: (options: QRNNCellOptions) => new QRNNCell(options) },
  { type: "MinGRUCell", create: (options: MinGRUCellOptions) => new MinGRUCell(options) },
  { type: "MinLSTMCell", create: (options: MinLSTMCellOptions) => new MinLSTMCell(options) },
];
