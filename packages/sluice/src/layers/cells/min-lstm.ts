import { add, logSigmoid, multiply, negate, sigmoid, subtract } from "../../autograd/ops/elementwise.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LinearTerms, LogLinearTerms } from "../linear-recurrence.ts";
import { knownOptions } from "../option-names.ts";
import { reportGates } from "./gates.ts";
import {
  MinimalCell,
  type MinimalCellOptions,
  MinimalLayer,
  type MinimalOptions,
  minimalCellNames,
  minimalNames,
} from "./minimal-cell.ts";
import { activateCandidate, logCandidate } from "./positive.ts";

/** Options of `minLstmCell`. */
export interface MinLSTMCellOptions extends MinimalCellOptions {}

/**
 * One step of minLSTM [Feng et al. 2024, arXiv:2410.01201]: gates that do not read h, scaled so that they add up to 1.
 *
 *     f = σ(W_f x + b_f)      i = σ(W_i x + b_i)      ĥ = g(W_h x + b_h)      h' = f / (f + i) ⊙ h + i / (f + i) ⊙ ĥ
 *
 * Shapes: x [B, I], h [B, H]; W = kernel [I, 3H], b = bias [3H], blocks f i h. The share f / (f + i) is σ(log f − log i), which
 * holds when both gates vanish. The state goes in as it is, not through g: chunks with the state carried over equal the whole run.
 * `activation` stands for g.
 */
export class MinLSTMCell extends MinimalCell {
  readonly type: string = "MinLSTMCell";
  readonly blocks = 3;

  constructor(options: MinLSTMCellOptions) {
    super(options, "minLstmCell", "MinLSTM");
  }

  terms([f, i, v]: readonly [Tensor, Tensor, Tensor]): LinearTerms {
    const odds = logOdds(f, i);
    const [keep, open, candidate] = [sigmoid(odds), sigmoid(negate(odds)), activateCandidate(this.activation, v)];
    reportGates(() => ({ inputGate: open, forgetGate: keep, hiddenCandidate: candidate })); // as shares, which add up to 1
    return { keep, gain: multiply(open, candidate) };
  }

  logTerms([f, i, v]: readonly [Tensor, Tensor, Tensor]): LogLinearTerms {
    const odds = logOdds(f, i);
    return { logKeep: logSigmoid(odds), logGain: add(logSigmoid(negate(odds)), logCandidate(v)) };
  }
}

/** log σ(f) − log σ(i). */
function logOdds(f: Tensor, i: Tensor): Tensor {
  return subtract(logSigmoid(f), logSigmoid(i));
}

/** Options of `minLstm`. */
export interface MinLSTMOptions extends MinimalOptions {}

/** minLSTM over a sequence, all steps at once. Equation: see `MinLSTMCell`. */
export class MinLSTM extends MinimalLayer {
  readonly type: string = "MinLSTM";
  readonly cell: MinLSTMCell;

  constructor(options: MinLSTMOptions) {
    super(options, "minLstm", "MinLSTM");
    this.cell = new MinLSTMCell(options);
  }
}

/** One minLSTM step with weights of its own. @example rnn(minLstmCell({ units: 32 })) */
export function minLstmCell(options: MinLSTMCellOptions): MinLSTMCell {
  return new MinLSTMCell(knownOptions("MinLSTMCell", options, minimalCellNames));
}

/**
 * A minLSTM layer: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`.
 * @example minLstm({ units: 32, returnSequences: true })
 */
export function minLstm(options: MinLSTMOptions): MinLSTM {
  return new MinLSTM(knownOptions("MinLSTM", options, minimalNames));
}
