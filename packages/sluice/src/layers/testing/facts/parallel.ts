import type { MinGRUOptions } from "../../cells/min-gru.ts";
import type { MinLSTMOptions } from "../../cells/min-lstm.ts";
import type { SRUOptions } from "../../cells/sru.ts";
import type { QRNNOptions } from "../../qrnn.ts";
import { factsOf, type KindFacts, type OptionFact } from "./facts.ts";

const numpy = "oracles/cells_parallel.py (NumPy)";
const trial = { options: { units: 64 }, sizes: { I: 16, H: 64 } };
const logSpace: OptionFact<MinGRUOptions, "logSpace"> = {
  equation: "the same numbers, all steps in log space",
  oracle: "the run step by step",
  values: [true],
};

/** Cells whose products read x alone, so that most of a sequence runs at once. */
export const parallelFacts: Readonly<Record<string, KindFacts>> = {
  SRU: factsOf<SRUOptions>({
    equation:
      "f = σ(W_f x + v_f ⊙ c + b_f); c' = f ⊙ c + (1 − f) ⊙ W x; r = σ(W_r x + v_r ⊙ c + b_r); h' = r ⊙ g(c') + (1 − r) ⊙ α x̂; x̂ = x, or W_s x where I ≠ H",
    paper: "Lei et al. 2018, arXiv:1709.02755",
    parameters: "3IH + 4H + IH; the last where I ≠ H",
    oracle: numpy,
    elsewhere: "the authors' package sru",
    trial,
    options: {
      highwayBias: { equation: "where b_r starts", values: [-2] },
      highway: { equation: "false: h' = r ⊙ g(c')", parameters: "− IH", values: [false] },
      projection: {
        equation: "n: W (P x) for every W x, P of n columns",
        parameters: "− (4IH − n(I + 4H))",
        sizes: { n: 8 },
        values: [8],
      },
      layerNorm: {
        equation: "before: the products read LN(x), the highway x; after: LN(h') is shown",
        parameters: "+ 2I; after: + 2H",
        values: ["before", "after"],
      },
      outputDropout: {
        equation: "r ⊙ d for r, d drawn once a call",
        oracle: "one scale of r at all steps, 0 or 1 / (1 − rate); gradient check",
        values: [0.2],
      },
      rescale: { equation: "false: α = 1, not √(1 + 2 exp(highwayBias))", values: [false] },
    },
  }),
  QRNN: factsOf<QRNNOptions>({
    equation: "z = tanh(W_z x̂ + b_z); f, o = σ(W x̂ + b); c' = f ⊙ c + (1 − f) ⊙ z; h' = o ⊙ c'; x̂ = x_t, or [x_t, x_{t−1}]",
    paper: "Bradbury et al. 2017, arXiv:1611.01576",
    parameters: "G(wIH + H); window w, G = 2 for f, 3 for fo, 4 for ifo pooling",
    oracle: numpy,
    elsewhere: "torchqrnn",
    trial: { options: { units: 64 }, sizes: { I: 16, H: 64, G: 3, w: 1 } },
    options: {
      window: { equation: "2: gates and candidate read x_t and x_{t−1}", parameters: "+ GIH", values: [2] },
      pooling: {
        equation: "f: h' = f ⊙ h + (1 − f) ⊙ z; ifo: c' = f ⊙ c + i ⊙ z",
        parameters: "− (IH + H); ifo: + IH + H",
        values: ["f", "ifo"],
      },
      zoneout: { equation: "f = 1 where it strikes, at each step in training", values: [0.1] },
    },
  }),
  MinGRU: factsOf<MinGRUOptions>({
    equation: "z = σ(W_z x + b_z); ĥ = g(W_h x + b_h); h' = (1 − z) ⊙ h + z ⊙ ĥ",
    paper: "Feng et al. 2024, arXiv:2410.01201",
    parameters: "2(IH + H)",
    oracle: numpy,
    elsewhere: null,
    trial,
    options: { logSpace },
  }),
  MinLSTM: factsOf<MinLSTMOptions>({
    equation: "f = σ(W_f x + b_f); i = σ(W_i x + b_i); ĥ = g(W_h x + b_h); h' = f / (f + i) ⊙ h + i / (f + i) ⊙ ĥ",
    paper: "Feng et al. 2024, arXiv:2410.01201",
    parameters: "3(IH + H)",
    oracle: numpy,
    elsewhere: null,
    trial,
    options: { logSpace },
  }),
};
