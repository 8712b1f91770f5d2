import type { BidirectionalOptions } from "../../bidirectional.ts";
import type { DilatedCellOptions } from "../../cells/dilated.ts";
import type { LearnedStateCellOptions } from "../../cells/learned-state.ts";
import type { ContextWindowOptions } from "../../context-window.ts";
import type { HighwayOptions } from "../../highway.ts";
import type { MultiDirectionalOptions } from "../../multi-directional.ts";
import type { LayerConfig } from "../../registry.ts";
import type { ResidualOptions } from "../../residual.ts";
import type { RNNOptions } from "../../rnn.ts";
import { factsOf, type KindFacts } from "./facts.ts";

const lstm: LayerConfig = { type: "LSTM", options: { units: 64 } };
const gru: LayerConfig = { type: "GRU", options: { units: 64 } };
const sequences: LayerConfig = { type: "LSTM", options: { units: 64, returnSequences: true } };
const grid: LayerConfig = { type: "MDLSTM", options: { units: 64 } };
const cell: LayerConfig = { type: "LSTMCell", options: { units: 64 } };
/** Weights of the plain LSTM inside, on 16 and on 64 features. */
const [narrow, wide] = [20_736, 33_024];
const around = "what it holds";

/** What runs, joins or surrounds cells and layers. Their trials hold plain LSTMs of 64 units. */
export const wrapperFacts: Readonly<Record<string, KindFacts>> = {
  RNN: factsOf<RNNOptions>({
    equation: "s_t = cell(x_t, s_{t−1}), shown by the cell; several cells: each reads what the one below it shows at the same t",
    paper: "—",
    parameters: "cells",
    oracle: "the layers of the same cells",
    elsewhere: "Keras RNN",
    trial: { options: { cells: cell }, sizes: { cells: narrow, H: 64 } },
    options: {
      cells: {
        equation: "one, or a stack",
        parameters: "+ 4(H² + H² + H)",
        elsewhere: "Keras StackedRNNCells; PyTorch num_layers",
        values: [[cell, cell]],
      },
    },
  }),
  DilatedCell: factsOf<DilatedCellOptions>({
    equation: "s_t = cell(x_t, s_{t−d})",
    paper: "Chang et al. 2017, arXiv:1710.02224",
    parameters: "cell",
    oracle: "oracles/cells_grid.py (NumPy)",
    elsewhere: null,
    trial: { options: { cell, dilation: 2 }, sizes: { cell: narrow } },
    options: {
      cell: { equation: around, values: [cell] },
      dilation: { equation: "d", oracle: "oracles/cells_grid.py (NumPy)", values: [4] },
    },
  }),
  LearnedStateCell: factsOf<LearnedStateCellOptions>({
    equation: "s_0 is a weight; s_t = cell(x_t, s_{t−1})",
    paper: "—",
    parameters: "cell + state",
    oracle: "gradient check",
    elsewhere: null,
    trial: { options: { cell }, sizes: { cell: narrow, state: 128, H: 64 } },
    options: {
      cell: { equation: around, values: [cell] },
      parts: { equation: "which parts of s_0 are learned", parameters: "− H", values: [["cellState"]] },
      stateInitializer: { equation: "where s_0 starts", values: ["ones"] },
    },
  }),
  Bidirectional: factsOf<BidirectionalOptions>({
    equation: "y_t = [→h_t, ←h_t]: one layer from t = 1 on, one from t = T back, with weights of their own",
    paper: "Schuster & Paliwal 1997, doi:10.1109/78.650093",
    parameters: "2 · layer",
    oracle: "oracles/pytorch.py (PyTorch), keras_recurrent.py (Keras), onnx_cases.py (onnxruntime)",
    elsewhere: "PyTorch bidirectional; Keras Bidirectional; ONNX direction bidirectional",
    trial: { options: { layer: lstm }, sizes: { layer: narrow } },
    options: {
      layer: { equation: around, values: [lstm] },
      mergeMode: {
        equation: "concat, sum, mul, ave; null keeps both apart",
        elsewhere: "Keras merge_mode",
        values: ["sum", "mul", "ave"],
      },
      backwardLayer: {
        equation: "another layer for the way back",
        parameters: "− (a GRU has 3 blocks)",
        elsewhere: "Keras backward_layer",
        values: [{ ...gru, options: { ...gru.options, goBackwards: true } }],
      },
    },
  }),
  MultiDirectional: factsOf<MultiDirectionalOptions>({
    equation: "y = [h of corner 1; …; h of corner 2ⁿ]: one layer from each corner of the grid, with weights of their own",
    paper: "Graves, Fernández & Schmidhuber 2007, arXiv:0705.2011",
    parameters: "4 · layer; 2ⁿ on n axes",
    oracle: "the layer run from each corner",
    elsewhere: null,
    trial: { options: { layer: grid }, input: [7, 7, 16], lstmInput: [49, 16], sizes: { layer: 46_400 } },
    options: {
      layer: { equation: around, values: [grid] },
      mergeMode: { equation: "concat, sum, ave", oracle: "the layer run from each corner", values: ["sum", "ave"] },
    },
  }),
  Residual: factsOf<ResidualOptions>({
    equation: "y = x + layer(x)",
    paper: "He et al. 2016, arXiv:1512.03385",
    parameters: "layer",
    oracle: "known values",
    elsewhere: null,
    trial: { options: { layer: sequences }, input: [50, 64], sizes: { layer: wide, I: 64 } },
    options: { layer: { equation: around, values: [sequences] } },
  }),
  Highway: factsOf<HighwayOptions>({
    equation: "t = σ(W x + b); y = t ⊙ layer(x) + (1 − t) ⊙ x",
    paper: "Srivastava et al. 2015, arXiv:1505.00387",
    parameters: "layer + I² + I",
    oracle: "known values",
    elsewhere: null,
    trial: { options: { layer: sequences }, input: [50, 64], sizes: { layer: wide, I: 64 } },
    options: {
      layer: { equation: around, values: [sequences] },
      gateInitializer: { equation: "where W starts", values: ["zeros"] },
      gateBias: { equation: "where b starts; below 0 lets x through", values: [-2] },
    },
  }),
  ContextWindow: factsOf<ContextWindowOptions>({
    equation: "y_t = [x_t, x_{t+1}, …, x_{t+L−1}], zeros beyond the end",
    paper: "Sherstinsky 2020, doi:10.1016/j.physd.2019.132306, Eq. 196",
    parameters: "0",
    oracle: "known values",
    elsewhere: null,
    trial: { options: { length: 3 }, sizes: {} },
    options: { length: { equation: "L", values: [4] } },
  }),
};
