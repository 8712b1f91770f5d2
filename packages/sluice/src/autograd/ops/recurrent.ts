import type { Backend } from "../../backend/backend.ts";
import type { GateActivationName } from "../../backend/kernels.ts";
import { StateError } from "../../errors.ts";
import { type Shape, stridesOf } from "../../tensor/shape.ts";
import { allocate, type Tensor, view } from "../../tensor/tensor.ts";
import { isRecorded } from "../tape.ts";

/** What the fused LSTM, GRU and RNN operations share: layout changes around the time-major kernels. */

export interface FusedOptions {
  readonly activation: GateActivationName;
  readonly recurrentActivation: GateActivationName;
  /** Read the sequence from its end; outputs stay in processing order. */
  readonly goBackwards: boolean;
  /** Output every h_t [B, T, H] in processing order, or only the last [B, H]. */
  readonly returnSequences: boolean;
}

/** [B, T, …] → [T, B, …] or the other way round, optionally with time reversed. Free when one of both is 1 and nothing turns. */
export function swapBatchAndTime(x: Tensor, reverseTime: "first" | "second" | null): Tensor {
  const [P, Q, ...rest] = x.shape as [number, number, ...number[]];
  const shape = [Q, P, ...rest];
  const times = reverseTime === "first" ? P : Q;
  if ((P === 1 || Q === 1) && (reverseTime === null || times <= 1)) return view(x, shape);
  const [sP, sQ, ...sRest] = stridesOf(x.shape) as [number, number, ...number[]];
  const out = allocate(shape, x.backend);
  const turnP = reverseTime === "first" && P > 0;
  const turnQ = reverseTime === "second" && Q > 0;
  const from = {
    offset: (turnP ? (P - 1) * sP : 0) + (turnQ ? (Q - 1) * sQ : 0),
    strides: [turnQ ? -sQ : sQ, turnP ? -sP : sP, ...sRest],
  };
  x.backend.kernels.copy(x.storage, from, out.storage, { offset: 0, strides: stridesOf(shape) }, shape, false);
  return out;
}

/** x [B, T, …] as the kernels read it: time-major, in processing order. */
export function toProcessing(x: Tensor, goBackwards: boolean): Tensor {
  return swapBatchAndTime(x, goBackwards ? "second" : null);
}

/** The gradient of x from processing order back to [B, T, …]. */
export function fromProcessing(dx: Tensor, goBackwards: boolean): Tensor {
  return swapBatchAndTime(dx, goBackwards ? "first" : null);
}

/**
 * Uninitialised numbers that a forward run writes for the way back [T, …]; null when there is none, so that a prediction holds
 * none of the numbers of all steps but its hidden states.
 */
export function kept(shape: Shape, backend: Backend): Tensor | null {
  return isRecorded() ? allocate(shape, backend) : null;
}

/** What `kept` gave, on the way back, which only a recorded run takes. */
export function keptBy(x: Tensor | null, name: string): Tensor {
  if (!x) throw new StateError(`Cannot take gradients through ${name}: its forward run was not recorded and kept no gates.`);
  return x;
}

/** [T + 1, B, H] with `first` [B, H] in block 0 and the rest unwritten. */
export function history(first: Tensor, T: number): Tensor {
  const [B, H] = first.shape as [number, number];
  const out = allocate([T + 1, B, H], first.backend);
  const dense = { offset: 0, strides: [1] };
  first.backend.kernels.copy(first.storage, dense, out.storage, dense, [B * H], false);
  return out;
}

/** Block t of a history, [B, H]. */
export function block(of: Tensor, t: number): Tensor {
  const [, B, H] = of.shape as [number, number, number];
  const out = allocate([B, H], of.backend);
  of.backend.kernels.copy(
    of.storage,
    { offset: t * B * H, strides: [1] },
    out.storage,
    { offset: 0, strides: [1] },
    [B * H],
    false,
  );
  return out;
}

/** Blocks 1 … T of a history as [B, T, H]. */
export function sequenceOf(hidden: Tensor): Tensor {
  const [steps, B, H] = hidden.shape as [number, number, number];
  const T = steps - 1;
  const out = allocate([B, T, H], hidden.backend);
  const from = { offset: B * H, strides: [H, B * H, 1] };
  hidden.backend.kernels.copy(hidden.storage, from, out.storage, { offset: 0, strides: stridesOf(out.shape) }, out.shape, false);
  return out;
}

/** The gradients a recurrent backward pass gets: of the output (whole sequence or last step) and of the final hidden state. */
export function hiddenGradients(
  dOutput: Tensor | null,
  dLast: Tensor | null,
  returnSequences: boolean,
): { dHidden: Tensor | null; dLastHidden: Tensor | null } {
  if (returnSequences) return { dHidden: dOutput && swapBatchAndTime(dOutput, null), dLastHidden: dLast };
  if (!dOutput || !dLast) return { dHidden: null, dLastHidden: dOutput ?? dLast };
  const sum = allocate(dLast.shape, dLast.backend);
  dLast.backend.kernels.binary("add", dOutput.storage, [1], dLast.storage, [1], sum.storage, [sum.size]);
  return { dHidden: null, dLastHidden: sum };
}

/** Uninitialised tensors like the given ones, for a kernel to write. */
export function gradientsLike<const L extends readonly (Tensor | null)[]>(
  tensors: L,
  backend: Backend,
): { [K in keyof L]: L[K] } {
  return tensors.map((x) => x && allocate(x.shape, backend)) as { [K in keyof L]: L[K] };
}
