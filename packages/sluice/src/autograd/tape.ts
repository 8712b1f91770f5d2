import type { Backend } from "../backend/backend.ts";
import { StateError, ValueError } from "../errors.ts";
import { sizeOf } from "../tensor/shape.ts";
import { allocate, inStep, Tensor } from "../tensor/tensor.ts";

/** One recorded call: enough to turn gradients of its outputs into gradients of its arguments. */
interface TapeEntry {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly outputs: readonly Tensor[];
  readonly backward: (dOutputs: readonly (Tensor | null)[], needed: readonly boolean[]) => readonly (Tensor | null | undefined)[];
}

/** What operations tell of themselves while they run. */
interface Recorder {
  /** Whether a gradient may flow into this tensor. */
  tracks(x: unknown): boolean;
  record(entry: TapeEntry): void;
}

let running: Recorder | null = null;
/** Whether the call whose `forward` runs now is recorded. */
let recorded = false;

/** The operations of one forward pass, in order; reverse-mode differentiation walks them backwards, once. */
export class Tape implements Recorder {
  private readonly entries: TapeEntry[] = [];
  private readonly tracked: Set<Tensor>;
  private readonly wrt: readonly Tensor[];
  private used = false;

  constructor(wrt: readonly Tensor[]) {
    this.wrt = wrt;
    this.tracked = new Set(wrt);
  }

  /** Whether a gradient may flow into this tensor. */
  tracks(x: unknown): boolean {
    return x instanceof Tensor && this.tracked.has(x);
  }

  record(entry: TapeEntry): void {
    this.entries.push(entry);
    for (const output of entry.outputs) this.tracked.add(output);
  }

  /**
   * d loss / d w for each tensor the tape was made for, null where the loss does not depend on it.
   * @param loss a scalar, or any tensor together with `dLoss` of its shape.
   * @throws {StateError} when called twice: backward passes reuse the memory of what forward saved.
   */
  gradients(loss: Tensor, dLoss: Tensor = onesLike(loss)): (Tensor | null)[] {
    return this.pullBack([[loss, dLoss]]);
  }

  /** Σ dy · ∂y/∂w over the pairs, for each tensor w the tape was made for; null where no y depends on it. Throws as `gradients`. */
  pullBack(pairs: readonly (readonly [y: Tensor, dy: Tensor])[]): (Tensor | null)[] {
    if (this.used) {
      throw new StateError(
        "Cannot take gradients twice from one tape: backward overwrites what forward saved. Record the forward pass again.",
      );
    }
    this.used = true;
    const sums = new GradientSums();
    withoutTape(() => {
      for (const [y, dy] of pairs) sums.add(y, dy);
      for (let k = this.entries.length - 1; k >= 0; k--) {
        const { args, outputs, backward } = this.entries[k] as TapeEntry;
        const dOutputs = outputs.map((output) => sums.take(output));
        if (dOutputs.every((d) => d === null)) continue;
        const needed = args.map((arg) => this.tracks(arg));
        const dArgs = backward(dOutputs, needed);
        args.forEach((arg, position) => {
          const d = dArgs[position];
          if (d && needed[position]) sums.add(arg as Tensor, d);
        });
      }
    });
    return this.wrt.map((w) => sums.take(w));
  }
}

/** Gradients that are still being added up, by the tensor they belong to. */
class GradientSums {
  private readonly sums = new Map<Tensor, { gradient: Tensor; owned: boolean }>();

  add(x: Tensor, d: Tensor): void {
    const held = this.sums.get(x);
    if (!held) {
      this.sums.set(x, { gradient: d, owned: false });
      return;
    }
    const { kernels } = x.backend;
    // The first summand may be shared with other sums; only a sum made here may be written in place.
    const out = held.owned ? held.gradient : allocate(x.shape, x.backend);
    kernels.binary("add", held.gradient.storage, [1], d.storage, [1], out.storage, [sizeOf(x.shape)]);
    this.sums.set(x, { gradient: out, owned: true });
  }

  take(x: Tensor): Tensor | null {
    const held = this.sums.get(x);
    this.sums.delete(x);
    return held?.gradient ?? null;
  }
}

/** Runs `compute` while recording what depends on `wrt`. */
export function record<T>(wrt: readonly Tensor[], compute: () => T): { result: T; tape: Tape } {
  const outer = running;
  const tape = new Tape(wrt);
  running = tape;
  try {
    return { result: compute(), tape };
  } finally {
    running = outer;
  }
}

/**
 * Runs `compute` without recording it, and gathers the tensors it reads that a gradient may flow to: weights, and what was made of
 * them before. Empty when nothing is recorded.
 */
export function withoutTapeButReads<T>(compute: () => T, reads: Set<Tensor>): T {
  const outer = running;
  if (!outer) return compute();
  running = {
    tracks: (x) => outer.tracks(x),
    record({ args }) {
      for (const arg of args) if (arg instanceof Tensor && outer.tracks(arg)) reads.add(arg);
    },
  };
  try {
    return compute();
  } finally {
    running = outer;
  }
}

/** Runs `compute` with recording off. @param wanted it is the `forward` of a call that is recorded. */
export function withoutTape<T>(compute: () => T, wanted = false): T {
  const outer = { running, recorded };
  running = null;
  recorded = wanted;
  try {
    return compute();
  } finally {
    ({ running, recorded } = outer);
  }
}

/** Inside `forward`: whether `backward` may follow. When not, what only it reads need not be kept. */
export function isRecorded(): boolean {
  return recorded;
}

/**
 * The value of `loss` and its gradients.
 * @param loss builds a scalar from the tensors in `wrt`.
 * @returns gradients in the order of `wrt`; zeros where the loss does not depend on one.
 * @example const { value, gradients: [dx] } = valueAndGradients(() => sum(square(x)), [x]);
 */
export function valueAndGradients(loss: () => Tensor, wrt: readonly Tensor[]): { value: Tensor; gradients: Tensor[] } {
  const backend = commonBackend(wrt, "take gradients");
  return inStep(backend, () => {
    const { result: value, tape } = record(wrt, loss);
    if (value.size !== 1) {
      throw new ValueError(
        `Cannot take gradients of a loss of shape [${value.shape.join(", ")}]: it must be one number. Sum it, or take its mean.`,
      );
    }
    const gradients = tape.gradients(value).map((d, k) => d ?? zerosLike(wrt[k] as Tensor));
    return { value, gradients };
  });
}

type Gradients<O> = O extends Tensor ? Tensor : readonly (Tensor | null)[];

/** An operation: `forward` computes from the arguments and says what backward needs; `backward` returns one gradient an argument. */
export interface OpDefinition<A extends readonly unknown[], O extends Tensor | readonly Tensor[], S> {
  readonly name: string;
  readonly forward: (...args: A) => { output: O; saved: S };
  /**
   * Gradients in the order of the arguments; null or undefined for those that have none. dy is null for outputs nobody used.
   * @param needed for each argument whether anybody asks for its gradient; a costly one that nobody needs may be left out.
   */
  readonly backward: (dy: Gradients<O>, saved: S, needed: readonly boolean[]) => readonly (Tensor | null | undefined)[];
}

/**
 * Makes a differentiable operation. Inside `forward` and `backward` nothing is recorded, so both may be written with
 * other operations. Called outside a step it opens one for itself and keeps the result.
 * @example
 * export const square = defineOp({
 *   name: "square",
 *   forward: (x: Tensor) => ({ output: multiply(x, x), saved: x }),
 *   backward: (dy, x) => [multiply(dy, multiply(x, 2))], // dx = 2 x dy
 * });
 */
export function defineOp<A extends readonly unknown[], O extends Tensor | readonly Tensor[], S>(
  op: OpDefinition<A, O, S>,
): (...args: A) => O {
  const apply = (...args: A): O => {
    const backend = commonBackend(args, op.name);
    if (!backend.inStep) return inStep(backend, () => apply(...args));
    const tape = running;
    const wanted = tape !== null && args.some((arg) => tape.tracks(arg));
    const { output, saved } = withoutTape(() => op.forward(...args), wanted);
    if (wanted) {
      const single = output instanceof Tensor;
      tape.record({
        name: op.name,
        args,
        outputs: single ? [output] : output,
        backward: (dOutputs, needed) => op.backward((single ? dOutputs[0] : dOutputs) as Gradients<O>, saved, needed),
      });
    }
    return output;
  };
  return apply;
}

/** The backend all tensors among `args` live on. @throws {ValueError} when they live on different ones. */
export function commonBackend(args: readonly unknown[], attempted: string): Backend {
  let found: Backend | undefined;
  for (const arg of args) {
    for (const x of Array.isArray(arg) ? arg : [arg]) {
      if (!(x instanceof Tensor)) continue;
      if (found && found !== x.backend) {
        throw new ValueError(
          `Cannot ${attempted} with tensors on "${found.name}" and on "${x.backend.name}": all must live on one backend. Make them with the same \`backend\` option.`,
        );
      }
      found = x.backend;
    }
  }
  if (!found) throw new ValueError(`Cannot ${attempted}: none of its arguments is a tensor. Make one with tensor(…).`);
  return found;
}

function onesLike(x: Tensor): Tensor {
  const out = allocate(x.shape, x.backend);
  x.backend.kernels.fill(out.storage, 1);
  return out;
}

function zerosLike(x: Tensor): Tensor {
  const out = allocate(x.shape, x.backend);
  x.backend.kernels.fill(out.storage, 0);
  return out;
}
