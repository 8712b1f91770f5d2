import type { Backend, HostArray, Storage } from "../backend.ts";
import type { RecurrentForward } from "../kernels.ts";
import type { LstmStep, RecurrentStep, StepCall, StepKernels, StepMatrix } from "../step-kernels.ts";
import { restoreWeights, roundWeights } from "../weight-types.ts";

interface PlainMatrix extends StepMatrix {
  readonly storage: Storage;
}

/** The steps by way of the kernels over sequences, with T = 1: what they must give, in float64. */
export function referenceSteps(backend: Backend, numbers: (storage: Storage) => HostArray): StepKernels {
  const { kernels } = backend;
  const constant = (values: HostArray | null): Storage | null => values && backend.upload(values);
  const plain = (matrix: StepMatrix): Storage => (matrix as PlainMatrix).storage;
  const copy = (from: Storage, first: number, to: Storage, at: number, n: number): void =>
    kernels.copy(from, { offset: first, strides: [1] }, to, { offset: at, strides: [1] }, [n], false);

  /** JavaScript holds what the function mentions. */
  const call = (run: (rows: number) => void): StepCall => ({ run, holds: [] });

  /** What one call of a sequence kernel needs beside the weights; `begin` brings the state in, `end` takes the next one out. */
  function oneStep({ x, kernel, bias, hidden, activation }: RecurrentStep, H: number, capacity: number) {
    const work = backend.allocatePersistent(2 * capacity * H);
    const biasStorage = constant(bias);
    const begin = (rows: number): Omit<RecurrentForward, "recurrentKernel" | "recurrentActivation"> => {
      copy(hidden, 0, work, 0, rows * H);
      const sizes = { T: 1, B: rows, I: kernel.K, H };
      return { ...sizes, x, kernel: plain(kernel), bias: biasStorage, mask: null, activation, gates: null, hidden: work };
    };
    const end = (rows: number): void => copy(work, rows * H, hidden, 0, rows * H);
    return { begin, end };
  }

  function lstm(step: LstmStep, capacity: number): StepCall {
    const { recurrentKernel, recurrentActivation, cell } = step;
    const H = recurrentKernel.K;
    const { begin, end } = oneStep(step, H, capacity);
    return call((rows) => {
      kernels.lstmForward({ ...begin(rows), recurrentKernel: plain(recurrentKernel), recurrentActivation, cells: cell });
      end(rows);
    });
  }

  return {
    numbers,
    matrix(weights, K, N, type): PlainMatrix {
      const rounded = type === "float32" ? weights : restoreWeights(roundWeights(weights, N, type), type);
      return { K, N, storage: backend.upload(rounded) };
    },
    linear(x, weights, bias, out) {
      const { K, N } = weights;
      const biasStorage = constant(bias);
      return call((rows) => {
        const spec = { M: rows, N, K, transposeA: false, transposeB: false, batch: 1, accumulate: false };
        kernels.matmul(x, plain(weights), out, spec);
        if (biasStorage) kernels.binary("add", out, [N, 1], biasStorage, [0, 1], out, [rows, N]);
      });
    },
    lstm,
    gru(step, capacity) {
      const { gateKernel, candidateKernel, recurrentActivation, resetAfter } = step;
      const H = candidateKernel.K;
      const { begin, end } = oneStep(step, H, capacity);
      const recurrentKernel = backend.allocatePersistent(H * 3 * H);
      const put = (matrix: StepMatrix, column: number): void =>
        kernels.copy(
          plain(matrix),
          { offset: 0, strides: [matrix.N, 1] },
          recurrentKernel,
          { offset: column, strides: [3 * H, 1] },
          [H, matrix.N],
          false,
        );
      put(gateKernel, 0);
      put(candidateKernel, 2 * H);
      const recurrentBias = constant(step.recurrentBias);
      const resetProduct = backend.allocatePersistent(capacity * H);
      return call((rows) => {
        const sequence = { ...begin(rows), recurrentKernel, recurrentActivation, resetAfter, recurrentBias, resetProduct };
        kernels.gruForward(sequence);
        end(rows);
      });
    },
    rnn(step, capacity) {
      const { recurrentKernel, activation } = step;
      const { begin, end } = oneStep(step, recurrentKernel.K, capacity);
      return call((rows) => {
        kernels.rnnForward({ ...begin(rows), recurrentKernel: plain(recurrentKernel), recurrentActivation: activation });
        end(rows);
      });
    },
    activate: (name, x, out) => call(() => kernels.unary(name, x, out)),
    softmax: (x, out, width, n) => call((rows) => kernels.softmax(x, out, (rows * width) / n, n, false)),
    layerNorm(x, scale, shift, epsilon, out, width, n, capacity) {
      const [gamma, beta] = [constant(scale), constant(shift)];
      const normalized = backend.allocatePersistent(capacity * width);
      const inverseStd = backend.allocatePersistent((capacity * width) / n);
      return call((rows) =>
        kernels.layerNormForward(x, gamma, beta, epsilon, out, normalized, inverseStd, (rows * width) / n, n),
      );
    },
    affine(x, scale, shift, out, width) {
      const [factors, shifts] = [backend.upload(scale), backend.upload(shift)];
      const n = scale.length;
      return call((rows) => {
        const shape = [(rows * width) / n, n];
        kernels.binary("multiply", x, [n, 1], factors, [0, 1], out, shape);
        kernels.binary("add", out, [n, 1], shifts, [0, 1], out, shape);
      });
    },
    gather(table, D, x, out, width) {
      const vectors = backend.upload(table);
      return call((rows) => kernels.gatherRows(vectors, x, out, rows * width, D));
    },
    add: (a, b, out, width) => call((rows) => kernels.binary("add", a, [1], b, [1], out, [rows * width])),
    place: (x, width, out, outWidth, offset) =>
      call((rows) =>
        kernels.copy(x, { offset: 0, strides: [width, 1] }, out, { offset, strides: [outWidth, 1] }, [rows, width], false),
      ),
  };
}
