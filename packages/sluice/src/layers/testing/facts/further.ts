import type { AugmentedLSTMOptions } from "../../cells/augmented-lstm.ts";
import type { CanonicalRNNOptions } from "../../cells/canonical-rnn.ts";
import type { GridLSTMOptions } from "../../cells/grid-lstm.ts";
import { factsOf, type KindFacts } from "./facts.ts";

const sherstinsky = "Sherstinsky 2020, doi:10.1016/j.physd.2019.132306";
const oracle = "oracles/cells_sherstinsky.py (NumPy)";

/** The cells that Sherstinsky derives, and the grid over time and depth. */
export const furtherFacts: Readonly<Record<string, KindFacts>> = {
  CanonicalRNN: factsOf<CanonicalRNNOptions>({
    equation: "s' = W_s s + W_r r + W_x x + θ; r' = tanh(s')",
    paper: `${sherstinsky}, Eq. 30–31`,
    parameters: "IH + 2H² + H",
    oracle,
    elsewhere: null,
    trial: { options: { units: 64 }, sizes: { I: 16, H: 64 } },
    options: { stateInitializer: { equation: "where W_s starts; ½ I is a leak", values: ["zeros"] } },
  }),
  AugmentedLSTM: factsOf<AugmentedLSTMOptions>({
    equation:
      "i, f, e = σ(W x + R v + P c + b); g = tanh(e ⊙ W_g x + R_g v + b_g); c' = f ⊙ c + i ⊙ g; o = σ(W_o x + R_o v + P_o c' + b_o); v' = Q (o ⊙ tanh(c'))",
    paper: `${sherstinsky}, Eq. 126–136 (vanilla) and 196–214 (augmented)`,
    parameters: "5IH + 4H² + 5H² + 5H; windows of L steps: LI for I",
    oracle,
    elsewhere: null,
    trial: { options: { units: 64 }, sizes: { I: 16, H: 64, V: 32 } },
    options: {
      projection: {
        equation: "V, what is shown and fed back; null: v' = o ⊙ tanh(c')",
        parameters: "in all 5IH + 4H² + 5HV + 5H + VH",
        values: [32],
      },
      externalInputGate: {
        equation: "false: e = 1; without Q too, the paper's vanilla LSTM",
        parameters: "in all H(4I + 7H + 4)",
        values: [false],
      },
      unitForgetBias: { equation: "b_f starts at 1", values: [false] },
    },
  }),
  GridLSTM: factsOf<GridLSTMOptions>({
    equation:
      "for k = time, depth: i, f, g, o = W_k [h_time, h_depth] + b_k; m_k' = σ(f) ⊙ m_k + σ(i) ⊙ tanh(g); h_k' = σ(o) ⊙ tanh(m_k')",
    paper: "Kalchbrenner et al. 2015, arXiv:1507.01526",
    parameters: "2IH + depth (16H² + 8H)",
    oracle: "oracles/cells_grid.py (NumPy)",
    elsewhere: null,
    trial: { options: { units: 64 }, sizes: { I: 16, H: 64, depth: 1 } },
    options: {
      depth: {
        equation: "blocks on top of each other",
        parameters: "+ (depth − 1)(16H² + 8H)",
        sizes: { depth: 2 },
        values: [2],
      },
      tied: {
        equation: "one W for all levels",
        parameters: "− (16H² + 8H)",
        values: [true],
        beside: { depth: 2 },
      },
      priority: {
        equation: "depth: W_depth reads [h_time', h_depth]; time: W_time reads [h_time, h_depth']",
        values: ["depth", "time"],
      },
    },
  }),
};
