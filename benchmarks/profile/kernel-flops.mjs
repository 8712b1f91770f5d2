// Floating-point operations of the matrix products inside a kernel (the rest of a kernel is not counted); null where there are none.

const gates = { lstm: 4, gru: 3, rnn: 1 };

/** Of a call of the backend's contract, by its name and arguments. */
export function kernelFlops(name, args) {
  if (name === "matmul") {
    const { M, N, K, batch } = args[3];
    return 2 * batch * M * N * K;
  }
  const [, cell, way] = /^(lstm|gru|rnn)(Forward|Backward)$/.exec(name) ?? [];
  if (cell === undefined) return null;
  const { T, B, I, H, dx } = args[0];
  const one = 2 * T * B * gates[cell] * H;
  return way === "Forward" ? one * (I + H) : one * (H + (dx ? I : 0) + I + H);
}

/** Of a call of the compiled module: the sizes stand at fixed places, counted from the last argument where weights may be packed or not. */
const exported = {
  multiply: (args) => 2 * args[8] * args[9] * args[10],
  matmul: ([, , , M, N, K, , , batch]) => 2 * batch * M * N * K,
  weightGradients: ([, , , , , dKernel, dRecurrent, , , rows, I, H, N]) => 2 * rows * N * ((dKernel && I) + (dRecurrent && H)),
  startSteps: ([, I, , , , , N, , steps, , first, last]) => 2 * steps * (last - first) * I * N,
  lstmForward: (args) => forward(4, args.slice(-9)),
  gruForward: (args) => forward(3, args.slice(-10)),
  rnnForward: (args) => forward(1, args.slice(-8)),
  lstmBackward: (args) => backward(4, args.slice(-8)),
  gruBackward: (args) => backward(3, args.slice(-9)),
  rnnBackward: (args) => backward(1, args.slice(-7)),
  lstmForwardUnits: (args) => units(args.slice(-7)),
  lstmBackwardUnits: ([, , , , , , , t, T, ...rest]) => (t + 1 < T ? units([t, ...rest]) : 0),
};

const forward = (G, [T, , I, H, first, last]) => 2 * T * (last - first) * G * H * (I + H);
const backward = (G, [T, , H, first, last]) => 2 * T * (last - first) * G * H * H;
const units = ([, B, H, from, to]) => 2 * B * 4 * H * (to - from);

export const exportFlops = (name, args) => exported[name]?.(args) ?? null;
