import { ShapeError } from "../../errors.ts";
import { sameShape, showShape } from "../../tensor/shape.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";
import { abs, add, exp, maximum, multiply, negate, softplus, subtract } from "./elementwise.ts";
import { concat, expandDims, reshape, reverse, slice, squeeze, stack } from "./shape.ts";

/** Joins what stands for a run of steps with what stands for the run right after it: `[a, b] ∘ [a′, b′]`. */
export type Combine = (before: readonly Tensor[], after: readonly Tensor[]) => readonly Tensor[];

/**
 * All prefixes x_0, x_0 ∘ x_1, x_0 ∘ x_1 ∘ x_2, … along axis 1, for any associative ∘ [Blelloch 1990, "Prefix sums and their
 * applications"]: neighbours are joined, half as many prefixes are found, and the others follow from them. That is O(T) work in
 * log₂ T rounds of whole-tensor operations, where a loop takes T rounds. It differentiates when `combine` is made of operations.
 * @param parts tensors [B, T, …]; an element is what all of them hold at one t.
 * @example associativeScan([x], ([a], [b]) => [add(a, b)]) // running sums
 */
export function associativeScan(parts: readonly Tensor[], combine: Combine): readonly Tensor[] {
  const T = parts[0]?.shape[1] ?? 0;
  if (T < 2) return parts;
  const half = Math.floor(T / 2);
  const paired = parts.map((x) => {
    const [B, , ...rest] = x.shape as [number, number, ...number[]];
    return reshape(slice(x, 0, 2 * half, { axis: 1 }), [B, half, 2, ...rest]);
  });
  const evens = paired.map((x) => squeeze(slice(x, 0, 1, { axis: 2 }), 2));
  const odds = paired.map((x) => squeeze(slice(x, 1, 2, { axis: 2 }), 2));
  const atOdds = associativeScan(combine(evens, odds), combine); // prefixes that end at 1, 3, 5, …
  const later = parts.map((x, k) => {
    const rest = slice(evens[k] as Tensor, 1, half, { axis: 1 });
    return T % 2 === 1 ? concat([rest, slice(x, T - 1, T, { axis: 1 })], { axis: 1 }) : rest;
  });
  const followers = later[0]?.shape[1] ?? 0;
  const atLater =
    followers > 0
      ? combine(
          atOdds.map((x) => slice(x, 0, followers, { axis: 1 })),
          later,
        )
      : later;
  return parts.map((x, k) => {
    const [B, , ...rest] = x.shape as [number, number, ...number[]];
    const at = concat([slice(x, 0, 1, { axis: 1 }), atLater[k] as Tensor], { axis: 1 });
    const woven = reshape(stack([slice(at, 0, half, { axis: 1 }), atOdds[k] as Tensor], { axis: 2 }), [B, 2 * half, ...rest]);
    return T % 2 === 1 ? concat([woven, slice(at, half, half + 1, { axis: 1 })], { axis: 1 }) : woven;
  });
}

/** Step (a, b) is h ↦ a h + b. */
const composeLinear: Combine = ([a, b], [a2, b2]) => [
  multiply(a as Tensor, a2 as Tensor),
  add(multiply(a2 as Tensor, b as Tensor), b2 as Tensor),
];

/** The same with logarithms of a and b. */
const composeLogLinear: Combine = ([a, b], [a2, b2]) => [
  add(a as Tensor, a2 as Tensor),
  logAddExp(add(a2 as Tensor, b as Tensor), b2 as Tensor),
];

/** log(eᵃ + eᵇ), without overflow. */
function logAddExp(a: Tensor, b: Tensor): Tensor {
  return add(maximum(a, b), softplus(negate(abs(subtract(a, b)))));
}

const linearScanOp = defineOp({
  name: "linearScan",
  forward: (a: Tensor, b: Tensor, initial: Tensor) => {
    const [product, sum] = associativeScan([a, b], composeLinear) as [Tensor, Tensor];
    const h = add(sum, multiply(product, expandDims(initial, 1)));
    return { output: h, saved: { a, h, initial } };
  },
  backward: (dy, { a, h, initial }) => {
    if (h.shape[1] === 0) return [null, null, null];
    const dh = sumBackwards(later(a), dy); //                     dh_t     = dy_t + a_{t+1} dh_{t+1}
    const dInitial = squeeze(slice(multiply(a, dh), 0, 1, { axis: 1 }), 1);
    return [multiply(dh, earlier(h, initial)), dh, dInitial]; // da_t     = dh_t h_{t−1},  db_t = dh_t,  dInitial = a_0 dh_0
  },
});

/**
 * The linear recurrence h_t = a_t ⊙ h_{t−1} + b_t at all t at once, by `associativeScan`. Nothing is divided and no logarithm
 * is taken, so it is as safe as the loop for factors in [0, 1] and terms of any sign.
 * a, b [B, T, …], initial h_{−1} [B, …] → [B, T, …].
 * @throws {ShapeError} when the shapes do not fit each other.
 * @example linearScan(keep, gained, h) // keep and gained [B, T, H], h [B, H]
 */
export function linearScan(a: Tensor, b: Tensor, initial: Tensor): Tensor {
  checkShapes(a, b, [a.shape[0] ?? 0, ...a.shape.slice(2)], initial);
  return a.shape[1] === 0 ? b : linearScanOp(a, b, initial);
}

/**
 * log h_t for h_t = a_t ⊙ h_{t−1} + b_t with h_{−1} = 0, from the logarithms of a ≥ 0 and b > 0: what h would lose to overflow or
 * to underflow its logarithm keeps. Backward runs on the shares a_t h_{t−1} / h_t and b_t / h_t, which lie in [0, 1].
 * logA, logB [B, T, …] → [B, T, …].
 * @throws {ShapeError} when the shapes differ.
 */
export const logLinearScan: (logA: Tensor, logB: Tensor) => Tensor = defineOp({
  name: "logLinearScan",
  forward: (logA: Tensor, logB: Tensor) => {
    checkShapes(logA, logB);
    const [, logH] = associativeScan([logA, logB], composeLogLinear) as [Tensor, Tensor];
    return { output: logH, saved: { logA, logB, logH } };
  },
  backward: (dy, { logA, logB, logH }) => {
    if (logH.shape[1] === 0) return [null, null];
    const gained = exp(subtract(logB, logH)); // b_t / h_t
    const kept = keptShares(logA, logH); //      a_t h_{t−1} / h_t, 0 at t = 0
    const dh = sumBackwards(later(kept), dy); // dlog h_t = dy_t + kept_{t+1} dlog h_{t+1}
    return [multiply(dh, kept), multiply(dh, gained)];
  },
});

function keptShares(logA: Tensor, logH: Tensor): Tensor {
  const T = logH.shape[1] as number;
  const before = slice(logH, 0, T - 1, { axis: 1 });
  const after = exp(subtract(add(slice(logA, 1, T, { axis: 1 }), before), slice(logH, 1, T, { axis: 1 })));
  return concat([zerosLike(slice(logH, 0, 1, { axis: 1 })), after], { axis: 1 });
}

/** g_t = dy_t + a_t g_{t+1}, from the last t to the first. */
function sumBackwards(a: Tensor, dy: Tensor): Tensor {
  const [, g] = associativeScan([reverse(a, 1), reverse(dy, 1)], composeLinear) as [Tensor, Tensor];
  return reverse(g, 1);
}

/** x_{t+1} at t, 0 at the end. */
function later(x: Tensor): Tensor {
  const T = x.shape[1] as number;
  return concat([slice(x, 1, T, { axis: 1 }), zerosLike(slice(x, 0, 1, { axis: 1 }))], { axis: 1 });
}

/** x_{t−1} at t, `first` at 0. */
export function earlier(x: Tensor, first: Tensor): Tensor {
  const T = x.shape[1] as number;
  return T === 0 ? x : concat([expandDims(first, 1), slice(x, 0, T - 1, { axis: 1 })], { axis: 1 });
}

function zerosLike(x: Tensor): Tensor {
  const out = allocate(x.shape, x.backend);
  x.backend.kernels.fill(out.storage, 0);
  return out;
}

function checkShapes(a: Tensor, b: Tensor, state?: readonly number[], initial?: Tensor): void {
  if (a.rank < 2 || !sameShape(a.shape, b.shape) || (state && initial && !sameShape(initial.shape, state))) {
    throw new ShapeError(
      `Cannot scan factors ${showShape(a.shape)} with terms ${showShape(b.shape)}${initial ? ` from ${showShape(initial.shape)}` : ""}: ` +
        "both are [batch, time, …] of one shape, and the initial state is that without the time axis.",
    );
  }
}
