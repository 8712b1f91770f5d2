import type { MLSTMBlockOptions } from "../../cells/m-lstm-block.ts";
import type { SLSTMOptions } from "../../cells/s-lstm.ts";
import type { SLSTMBlockOptions } from "../../cells/s-lstm-block.ts";
import type { MLSTMOptions } from "../../m-lstm.ts";
import { factsOf, type KindFacts } from "./facts.ts";

const paper = "Beck et al. 2024, xLSTM, arXiv:2405.04517";
const oracle = "oracles/cells_xlstm.py (NumPy)";
const elsewhere = "the authors' package xlstm";
const input = [50, 64];
const chunkLength = { equation: "the same numbers, so many steps at once", values: [16] } as const;
const forgetBias = { equation: "where b_f starts, from the first to the last", values: [[1, 2]] } as const;

/** The two cells of xLSTM and the blocks around them. */
export const xlstmFacts: Readonly<Record<string, KindFacts>> = {
  SLSTM: factsOf<SLSTMOptions>({
    equation:
      "m' = max(ĩ, m + log f); i = exp(ĩ − m'); f = exp(m + log f − m'); c' = f ⊙ c + i ⊙ tanh(z̃); n' = f ⊙ n + i; h' = σ(õ) ⊙ c' / n'",
    paper,
    parameters: "4H(I + H/heads + 1)",
    oracle,
    elsewhere,
    trial: { options: { units: 64 }, sizes: { I: 16, H: 64, heads: 1 } },
    options: {
      heads: { equation: "R of as many diagonal blocks", parameters: "− 4H(H − H/heads)", sizes: { heads: 4 }, values: [4] },
      forgetGate: { equation: "exponential: f = exp(f̃), not σ(f̃)", values: ["exponential"] },
      forgetBias,
    },
  }),
  MLSTM: factsOf<MLSTMOptions>({
    equation:
      "C' = f C + i k vᵀ; n' = f n + i k; h' = o ⊙ C'ᵀ q / max(|n'·q|, exp(−m')); q, k, v, o and the gates i, f from x alone",
    paper,
    parameters: "(4H + 2 · heads)(I + 1)",
    oracle,
    elsewhere,
    trial: { options: { units: 64 }, sizes: { I: 16, H: 64, heads: 1 } },
    options: {
      heads: {
        equation: "as many memories C side by side",
        parameters: "+ 2(heads − 1)(I + 1)",
        sizes: { heads: 4 },
        values: [4],
      },
      forgetBias,
      chunkLength,
    },
  }),
  SLSTMBlock: factsOf<SLSTMBlockOptions>({
    equation:
      "u = norm(x); v = silu(convolution(u)); h = sLSTM, i and f from v, z and o from u; y = x + headNorm(h); a, b = W_up norm(y); x' = y + W_down (gelu(a) ⊙ b)",
    paper: `${paper}, figure 10`,
    parameters: "4D² + 4D²/heads + 3DF + (K + 8)D; D features, K taps, F = ⌈4D/3⌉",
    oracle,
    elsewhere,
    trial: { options: {}, input, sizes: { D: 64, heads: 1, F: 86, K: 4 } },
    options: {
      heads: {
        equation: "of the sLSTM, with a norm of its own each",
        parameters: "− 4D(D − D/heads)",
        sizes: { heads: 4 },
        values: [4],
      },
      convolutionLength: { equation: "K", parameters: "− (4 − K)D", sizes: { K: 2 }, values: [2] },
      forwardUnits: { equation: "F", parameters: "+ 3D(F − ⌈4D/3⌉)", sizes: { F: 128 }, values: [128] },
    },
  }),
  MLSTMBlock: factsOf<MLSTMBlockOptions>({
    equation:
      "m, z = W_up norm(x); v = silu(convolution(m)); q = W_q v; k = W_k v; values = W_v m; h = mLSTM memory; x' = x + W_down ((headNorm(h) + skip ⊙ v) ⊙ silu(z))",
    paper: `${paper}, figure 11`,
    parameters: "3DE + 3E² + 6nE + 2n + (K + 3)E + D; D features, E = 2D, K taps, n heads",
    oracle,
    elsewhere,
    trial: { options: {}, input, sizes: { D: 64, E: 128, K: 4, n: 1 } },
    options: {
      heads: { equation: "n", parameters: "+ (6E + 2)(n − 1)", sizes: { n: 4 }, values: [4] },
      convolutionLength: { equation: "K", parameters: "− (4 − K)E", sizes: { K: 2 }, values: [2] },
      expansion: { equation: "E / D", parameters: "+ (larger E)", values: [3] },
      chunkLength,
    },
  }),
};
