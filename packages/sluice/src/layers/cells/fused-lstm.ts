import { lstmSequence } from "../../autograd/ops/lstm.ts";
import type { ActivationName } from "../../backend/kernels.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Parameter } from "../parameter.ts";
import type { SequenceResult } from "../scan.ts";
import type { SequenceOrder, StepDropout } from "./cell.ts";
import { isGateActivation } from "./cell-options.ts";
import type { LSTMState } from "./lstm-cell.ts";

/** The weights of an LSTM of the plain equations. */
interface LSTMWeights {
  readonly kernel: Parameter;
  readonly recurrentKernel: Parameter;
  readonly bias: Parameter | null;
}

/** Its two activations. */
interface LSTMActivations {
  readonly activation: ActivationName;
  readonly recurrentActivation: ActivationName;
}

/** The plain LSTM over a whole sequence in one kernel call; null for an activation that the kernel does not have. */
export function fusedLSTM(
  { kernel, recurrentKernel, bias }: LSTMWeights,
  { activation, recurrentActivation }: LSTMActivations,
  x: Tensor,
  { hiddenState, cellState }: LSTMState,
  mask: Tensor | null,
  dropout: StepDropout,
  { goBackwards = false, returnSequences = false }: SequenceOrder,
): SequenceResult<LSTMState> | null {
  if (!isGateActivation(activation) || !isGateActivation(recurrentActivation)) return null;
  const [output, lastHidden, lastCell] = lstmSequence(
    x,
    kernel.tensor,
    dropout.recurrentKernel ?? recurrentKernel.tensor,
    bias?.tensor ?? null,
    hiddenState,
    cellState,
    mask,
    { activation, recurrentActivation, goBackwards, returnSequences },
  );
  return { output, state: { hiddenState: lastHidden, cellState: lastCell } };
}
