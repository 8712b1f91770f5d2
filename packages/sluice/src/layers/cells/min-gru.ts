import { add, logSigmoid, multiply, negate, sigmoid } from "../../autograd/ops/elementwise.ts";
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

/** Options of `minGruCell`. */
export interface MinGRUCellOptions extends MinimalCellOptions {}

/**
 * One step of minGRU [Feng et al. 2024, "Were RNNs all we needed?", arXiv:2410.01201]: a GRU whose gate and candidate do not
 * read h, so that all steps can run at once.
 *
 *     z = σ(W_z x + b_z)      ĥ = g(W_h x + b_h)      h' = (1 − z) ⊙ h + z ⊙ ĥ
 *
 * Shapes: x [B, I], h [B, H]; W = kernel [I, 2H], b = bias [2H], blocks z h. The polarity is the paper's: z lets the new in.
 * `activation` stands for g.
 */
export class MinGRUCell extends MinimalCell {
  readonly type: string = "MinGRUCell";
  readonly blocks = 2;

  constructor(options: MinGRUCellOptions) {
    super(options, "minGruCell", "MinGRU");
  }

  terms([z, v]: readonly [Tensor, Tensor]): LinearTerms {
    const [open, candidate] = [sigmoid(z), activateCandidate(this.activation, v)];
    reportGates(() => ({ updateGate: open, hiddenCandidate: candidate }));
    return { keep: sigmoid(negate(z)), gain: multiply(open, candidate) };
  }

  logTerms([z, v]: readonly [Tensor, Tensor]): LogLinearTerms {
    return { logKeep: logSigmoid(negate(z)), logGain: add(logSigmoid(z), logCandidate(v)) };
  }
}

/** Options of `minGru`. */
export interface MinGRUOptions extends MinimalOptions {}

/** minGRU over a sequence, all steps at once. Equation: see `MinGRUCell`. */
export class MinGRU extends MinimalLayer {
  readonly type: string = "MinGRU";
  readonly cell: MinGRUCell;

  constructor(options: MinGRUOptions) {
    super(options, "minGru", "MinGRU");
    this.cell = new MinGRUCell(options);
  }
}

/** One minGRU step with weights of its own. @example rnn(minGruCell({ units: 32 })) */
export function minGruCell(options: MinGRUCellOptions): MinGRUCell {
  return new MinGRUCell(knownOptions("MinGRUCell", options, minimalCellNames));
}

/**
 * A minGRU layer: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. A sequence run in chunks, with the state carried
 * over, equals the whole run.
 * @example minGru({ units: 32, returnSequences: true })
 */
export function minGru(options: MinGRUOptions): MinGRU {
  return new MinGRU(knownOptions("MinGRU", options, minimalNames));
}
