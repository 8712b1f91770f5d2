import { ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, type ConvLSTMOptions } from "../conv-lstm.ts";
import { PredNet, PredNetLoss, type PredNetLossOptions, type PredNetOptions } from "../pred-net.ts";
import type { KindFacts, LayerKind } from "../registry.ts";
import { ConvLSTM1DCell, ConvLSTM2DCell, ConvLSTM3DCell, type ConvLSTMCellOptions } from "./conv-lstm-cell.ts";
import { InceptionLSTM, InceptionLSTMCell, type InceptionLSTMCellOptions, type InceptionLSTMOptions } from "./inception-lstm.ts";
import { PredNetCell, type PredNetCellOptions } from "./pred-net-cell.ts";

const ownFormat = "sluice (safetensors)";

const convLstmFacts: KindFacts = {
  equation:
    "i = σ(W_i ∗ x + R_i ∗ h + V_i ⊙ c + b_i); f alike; c' = f ⊙ c + i ⊙ tanh(W_g ∗ x + R_g ∗ h + b_g); " +
    "o = σ(W_o ∗ x + R_o ∗ h + V_o ⊙ c' + b_o); h' = o ⊙ tanh(c'); V with peepholes alone",
  paper: "Shi et al. 2015, arXiv:1506.04214",
  parameters: "4(kIF + kF² + F), k positions in a window",
  oracle: "oracles/keras_conv_lstm.py (Keras), cells_conv.py (NumPy)",
  formats: ownFormat,
};

const convLstmForms: Readonly<Record<string, KindFacts>> = {
  peepholes: {
    equation: "i and f read V ⊙ c, o reads V ⊙ c'",
    paper: "Shi et al. 2015, arXiv:1506.04214",
    parameters: '"perChannel" + 3F; "perElement" + 3F · places',
    oracle: "oracles/cells_conv.py (NumPy)",
    formats: ownFormat,
  },
};

/** The recurrent kinds whose state is a grid, with their cells. */
export const gridKinds: readonly LayerKind[] = [
  {
    type: "ConvLSTM1D",
    create: (options: ConvLSTMOptions) => new ConvLSTM1D(options),
    recurrent: true,
    about: convLstmFacts,
    forms: convLstmForms,
  },
  {
    type: "ConvLSTM2D",
    create: (options: ConvLSTMOptions) => new ConvLSTM2D(options),
    recurrent: true,
    about: convLstmFacts,
    forms: convLstmForms,
  },
  {
    type: "ConvLSTM3D",
    create: (options: ConvLSTMOptions) => new ConvLSTM3D(options),
    recurrent: true,
    about: convLstmFacts,
    forms: convLstmForms,
  },
  {
    type: "InceptionLSTM",
    create: (options: InceptionLSTMOptions) => new InceptionLSTM(options),
    recurrent: true,
    about: {
      equation:
        "i = [σ(W_i1 ∗ X); σ(W_i3 ∗ X); σ(W_i5 ∗ X)], X = [x; h]; f, o alike, g with tanh; c' = f ⊙ c + i ⊙ g; h' = o ⊙ tanh(c'); " +
        "version 2: the 5 × 5 window is two of 3 × 3",
      paper: "Hosseini et al. 2019, arXiv:1909.05622",
      parameters: "4C(35(I + 3C) + 3); version 2: 4C(19(I + 3C) + 9C + 4)",
      oracle: "oracles/cells_conv.py (NumPy)",
      formats: ownFormat,
    },
  },
  {
    type: "PredNet",
    create: (options: PredNetOptions) => new PredNet(options),
    recurrent: true,
    about: {
      equation:
        "R_l = LSTM([E_l; up R_{l+1}], R_l); A_l = pool(relu(W_l ∗ E_{l−1})); Â_l = relu(P_l ∗ R_l); E_l = [relu(Â_l − A_l); relu(A_l − Â_l)]",
      paper: "Lotter, Kreiman & Cox 2016, arXiv:1605.08104",
      parameters: "Σ_l 4R_l(k(2A_l + R_l + R_{l+1}) + 1) + A_l(k R_l + 1) + A_{l+1}(2k A_l + 1), k = 9",
      oracle: "oracles/cells_conv.py (NumPy)",
      formats: ownFormat,
    },
  },
  { type: "PredNetLoss", create: (options: PredNetLossOptions) => new PredNetLoss(options) },
  { type: "PredNetCell", create: (options: PredNetCellOptions) => new PredNetCell(options) },
  { type: "ConvLSTM1DCell", create: (options: ConvLSTMCellOptions) => new ConvLSTM1DCell(options) },
  { type: "ConvLSTM2DCell", create: (options: ConvLSTMCellOptions) => new ConvLSTM2DCell(options) },
  { type: "ConvLSTM3DCell", create: (options: ConvLSTMCellOptions) => new ConvLSTM3DCell(options) },
  { type: "InceptionLSTMCell", create: (options: InceptionLSTMCellOptions) => new InceptionLSTMCell(options) },
];
