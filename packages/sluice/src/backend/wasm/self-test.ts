import type { Backend, HostArray, Storage } from "../backend.ts";
import type { RecurrentStep, StepBackend, StepCall, StepMatrix } from "../step-kernels.ts";
import { EXPECTED, EXPECTED_STEPS } from "./self-test-values.ts";

/** A check of one kernel family: its name, and what it gives for fixed numbers. Two backends agree when these do. */
export type Probe<B> = readonly [name: string, run: (backend: B) => HostArray];

/** Numbers of both signs that repeat nowhere and are the same on every host: multiples of 2⁻²³ in [−1, 1). */
function wave(n: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >> 8) / 2 ** 23);
}

const [T, B, I, H] = [3, 2, 3, 5];

/** The kernels of streams, two steps of each. */
export const STEP_PROBES: readonly Probe<StepBackend>[] = [
  [
    "a streamed dense layer",
    (backend) => runSteps(backend, 4, ({ x, out }, { steps }) => steps.linear(x, weights(steps, 4), wave(4), out, B)),
  ],
  [
    "a streamed LSTM",
    (backend) =>
      runSteps(backend, H, (memory, { steps }) => {
        const cell = backend.allocatePersistent(B * H);
        return steps.lstm(
          { ...recurrent(memory, steps, 4), recurrentKernel: weights(steps, 4 * H, H), recurrentActivation: "sigmoid", cell },
          B,
        );
      }),
  ],
  [
    "a streamed GRU",
    (backend) =>
      runSteps(backend, H, (memory, { steps }) =>
        steps.gru(
          {
            ...recurrent(memory, steps, 3),
            ...{ gateKernel: weights(steps, 2 * H, H), candidateKernel: weights(steps, H, H), recurrentBias: wave(3 * H) },
            ...{ recurrentActivation: "sigmoid", resetAfter: true },
          },
          B,
        ),
      ),
  ],
  [
    "a streamed simple RNN",
    (backend) =>
      runSteps(backend, H, (memory, { steps }) =>
        steps.rnn({ ...recurrent(memory, steps, 1), recurrentKernel: weights(steps, H, H) }, B),
      ),
  ],
];

interface StepMemory {
  readonly x: Storage; //   [B, I]
  readonly out: Storage; // [B, width]
}

/** What a call leaves in `out` after two steps on the same x. */
function runSteps(
  backend: StepBackend,
  width: number,
  prepare: (memory: StepMemory, backend: StepBackend) => StepCall,
): HostArray {
  const memory = { x: backend.allocatePersistent(B * I), out: backend.allocatePersistent(B * width) };
  const call = prepare(memory, backend);
  backend.steps.numbers(memory.x).set(wave(B * I));
  call.run(B);
  call.run(B);
  return backend.steps.numbers(memory.out).slice();
}

function weights(steps: StepBackend["steps"], N: number, K: number = I): StepMatrix {
  return steps.matrix(wave(K * N), K, N, "float32", B);
}

function recurrent({ x, out }: StepMemory, steps: StepBackend["steps"], gates: number): RecurrentStep {
  return { x, hidden: out, kernel: weights(steps, gates * H), bias: wave(gates * H), activation: "tanh" };
}

/** The kernels of training and of whole sequences. */
export const KERNEL_PROBES: readonly Probe<Backend>[] = [
  [
    "elementwise functions",
    (backend) => {
      const { kernels } = backend;
      const x = backend.upload(wave(37));
      const y = backend.upload(new Float64Array(37));
      kernels.unary("tanh", x, y);
      kernels.unary("sigmoid", y, y);
      kernels.unary("exponential", y, y);
      kernels.binary("multiply", x, [1], y, [1], y, [37]);
      return backend.readSync(y);
    },
  ],
  [
    "matrix product",
    (backend) => {
      const out = backend.upload(new Float64Array(7 * 19));
      const spec = { M: 7, N: 19, K: 13, transposeA: false, transposeB: false, batch: 1, accumulate: false };
      backend.kernels.matmul(backend.upload(wave(7 * 13)), backend.upload(wave(13 * 19)), out, spec);
      return backend.readSync(out);
    },
  ],
  [
    "sums",
    (backend) => {
      const out = backend.upload(new Float64Array(11));
      backend.kernels.reduce("sum", backend.upload(wave(50 * 11)), out, 1, 50, 11);
      return backend.readSync(out);
    },
  ],
  [
    "LSTM run",
    (backend) => {
      const hidden = backend.upload(new Float64Array((T + 1) * B * H));
      backend.kernels.lstmForward({
        ...{ T, B, I, H, mask: null, activation: "tanh", recurrentActivation: "sigmoid" },
        x: backend.upload(wave(T * B * I)),
        kernel: backend.upload(wave(I * 4 * H)),
        recurrentKernel: backend.upload(wave(H * 4 * H)),
        bias: backend.upload(wave(4 * H)),
        gates: backend.upload(new Float64Array(T * B * 4 * H)),
        hidden,
        cells: backend.upload(new Float64Array((T + 1) * B * H)),
      });
      return backend.readSync(hidden);
    },
  ],
];

/**
 * Runs a few kernels and looks whether they give what the reference gave for the same numbers (`self-test-values.ts`); they take
 * well under a millisecond. 1e-5 is some ten roundings of float32 for sums of 50 terms below 1, and far below what a wrong
 * instruction or lane would show.
 * @returns null when all agree, else the first that does not, with its numbers.
 */
export function selfTest(backend: Backend): string | null {
  return firstWrong(backend, KERNEL_PROBES, EXPECTED) ?? stepSelfTest(backend);
}

/** The same of the kernels of streams alone. */
export function stepSelfTest(backend: StepBackend): string | null {
  return firstWrong(backend, STEP_PROBES, EXPECTED_STEPS);
}

/** What is wrong first; null when every probe gives the numbers under its name. */
export function firstWrong<B>(
  backend: B,
  probes: readonly Probe<B>[],
  expected: Readonly<Record<string, readonly number[]>>,
): string | null {
  for (const [name, run] of probes) {
    const [got, want] = [run(backend), expected[name] ?? [Number.NaN]];
    const wrong = want.findIndex((value, i) => !(Math.abs((got[i] as number) - value) <= 1e-5));
    if (wrong >= 0) return `its self-test of ${name} gives ${got[wrong]} where the reference gives ${want[wrong]}`;
  }
  return null;
}
