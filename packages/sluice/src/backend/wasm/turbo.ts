import type { Backend, HostArray } from "../backend.ts";
import { nodeMajor, nodeModule } from "./host.ts";
import { loadWide } from "./module.ts";
import { createWasmBackend, type WasmBackend } from "./wasm-backend.ts";

/** Flags of V8 that let the kernels run faster, by the versions of Node that have them but leave them off. */
const FLAGS: readonly { readonly from: number; readonly below: number; readonly flag: string }[] = [
  { from: 20, below: 22, flag: "--experimental-wasm-relaxed-simd" },
  { from: 24, below: Number.POSITIVE_INFINITY, flag: "--experimental-wasm-revectorize" },
];
const REVECTORIZE = "--experimental-wasm-revectorize";

/** Sets V8's flags for faster kernels, for the whole process and for good; gives those it set, none in a browser. */
export function setTurboFlags(): string[] {
  const v8 = nodeModule<{ setFlagsFromString(flag: string): void }>("node:v8");
  const major = nodeMajor();
  const flags = FLAGS.filter(({ from, below }) => major >= from && major < below).map(({ flag }) => flag);
  for (const flag of flags) v8?.setFlagsFromString(flag);
  return v8 === null ? [] : flags;
}

/**
 * The wasm backend with V8's experimental flags set. Re-vectorised kernels are taken when a trial shows that they are in fact
 * faster, and give the same bits as those that do not depend on the flag.
 */
export async function createTurboBackend(threads: number | undefined): Promise<WasmBackend> {
  const flags = setTurboFlags();
  const taken = flags.length > 0 ? `turbo set ${flags.join(" ")}` : "turbo found no flag to set on this host";
  const usual = createWasmBackend({ threads });
  const reject = (reason: string): WasmBackend => {
    const { variant, variantReason, rejected } = usual.report();
    const reasons = [...rejected, { variant: "wide" as const, reason }];
    usual.shutdown();
    return createWasmBackend({ variant, threads, variantReason: `${variantReason}; ${taken}`, rejected: reasons });
  };
  if (!flags.includes(REVECTORIZE)) return reject("this host cannot join two 128-bit operations; Node can from version 24 on");
  await loadWide();
  try {
    const wide = createWasmBackend({ variant: "wide", threads, variantReason: `re-vectorised; ${taken}` });
    const problem = compare(wide, usual);
    if (problem === null) return wide;
    wide.shutdown();
    return reject(problem);
  } catch (error) {
    return reject(error instanceof Error ? error.message : String(error));
  }
}

/** Longest time for both sides of a trial; the engine needs part of it to optimise the kernels. */
const PATIENCE_MS = 150;
/** Rounds after which the trial may end, when it is clear. */
const LEAST_ROUNDS = 20;
/** "wide" has to be faster by this factor; re-vectorised it is about twice as fast, without it is slower. */
const GAIN = 1.2;

/** Runs both alternately; null when `wide` is faster and its bits are those of `usual`, else what is wrong. */
function compare(wide: WasmBackend, usual: WasmBackend): string | null {
  const layer = makeLayer();
  const started = performance.now();
  let [wideMs, usualMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; performance.now() - started < PATIENCE_MS; round++) {
    if (round >= LEAST_ROUNDS && wideMs * GAIN < usualMs) break;
    wideMs = Math.min(wideMs, wide.trial(layer).ms);
    usualMs = Math.min(usualMs, usual.trial(layer).ms);
  }
  if (wideMs * GAIN >= usualMs) return `it takes ${wideMs.toFixed(2)} ms where "${usual.variant}" takes ${usualMs.toFixed(2)}`;
  if (usual.variant !== "relaxed") return null;
  const [got, want] = [wide.trial(layer).gradients, usual.trial(layer).gradients];
  for (const [k, values] of want.entries()) {
    const wrong = values.findIndex((value, i) => !Object.is(value, got[k]?.[i]));
    if (wrong >= 0) return `re-vectorised it gives ${got[k]?.[wrong]} where "${usual.variant}" gives ${values[wrong]}`;
  }
  return null;
}

interface LayerTrial {
  /** Time in the kernels. */
  readonly ms: number;
  readonly gradients: readonly HostArray[];
}

/** A trial: an LSTM layer forward and backward, small enough to stay on one thread. */
function makeLayer(): (backend: Backend) => LayerTrial {
  const [T, B, I, H] = [4, 24, 16, 64];
  const N = 4 * H;
  const wave = (n: number, scale: number): Float32Array =>
    Float32Array.from({ length: n }, (_, i) => scale * Math.sin(1.7 * i + 0.3));
  const [x, kernel, recurrentKernel] = [wave(T * B * I, 1), wave(I * N, 0.3), wave(H * N, 0.2)];
  const [bias, dHidden, states] = [wave(N, 0.1), wave(T * B * H, 1), new Float32Array((T + 1) * B * H)];
  return (backend) =>
    backend.step(() => {
      const shared = {
        ...({ T, B, I, H, mask: null, activation: "tanh", recurrentActivation: "sigmoid" } as const),
        ...{ x: backend.upload(x), kernel: backend.upload(kernel), recurrentKernel: backend.upload(recurrentKernel) },
        ...{ gates: backend.allocate(T * B * N), hidden: backend.upload(states), cells: backend.upload(states) },
      };
      const biases = backend.upload(bias);
      const gradients = {
        ...{ dx: backend.allocate(T * B * I), dKernel: backend.allocate(I * N), dRecurrentKernel: backend.allocate(H * N) },
        ...{ dBias: backend.allocate(N), dInitialHidden: backend.allocate(B * H), dInitialCell: backend.allocate(B * H) },
      };
      const given = { dHidden: backend.upload(dHidden), dLastHidden: null, dLastCell: null };
      const start = performance.now();
      backend.kernels.lstmForward({ ...shared, bias: biases });
      backend.kernels.lstmBackward({ ...shared, ...given, ...gradients });
      const ms = performance.now() - start;
      return { ms, gradients: Object.values(gradients).map((gradient) => backend.readSync(gradient)) };
    });
}
