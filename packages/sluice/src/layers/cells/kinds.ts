import { MLSTM, type MLSTMOptions } from "../m-lstm.ts";
import { QRNN, type QRNNOptions } from "../qrnn.ts";
import type { LayerKind } from "../registry.ts";
import { IndRNN, IndRNNCell, type IndRNNCellOptions, type IndRNNOptions } from "./ind-rnn.ts";
import { MLSTMCell, type MLSTMCellOptions } from "./m-lstm.ts";
import { MGU, MGUCell, type MGUCellOptions, type MGUOptions } from "./mgu.ts";
import { MinGRU, MinGRUCell, type MinGRUCellOptions, type MinGRUOptions } from "./min-gru.ts";
import { MinLSTM, MinLSTMCell, type MinLSTMCellOptions, type MinLSTMOptions } from "./min-lstm.ts";
import { MUT, MUTCell, type MUTCellOptions, type MUTOptions } from "./mut.ts";
import { QRNNCell, type QRNNCellOptions } from "./qrnn.ts";
import { SLSTM, SLSTMCell, type SLSTMCellOptions, type SLSTMOptions } from "./s-lstm.ts";
import { SRU, SRUCell, type SRUCellOptions, type SRUOptions } from "./sru.ts";

const ownFormat = "sluice (safetensors)";

/** The recurrent kinds beside LSTM, GRU and the simple RNN, with their cells. */
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
