/** A function and its slope: writes the gradient at `point` and returns the value. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

/** Pairs of steps and changes of slope that stand for the curvature. */
const MEMORY = 10;

/**
 * The minimum of a smooth convex function by L-BFGS [Liu & Nocedal 1989, doi:10.1007/BF01589116], with steps halved until
 * the value falls by 10⁻⁴ of what the slope promises. Moves `point` there and returns the steps taken; it ends when no slope
 * is steeper than `tolerance`, when rounding hides any further fall, or after `limit` steps.
 */
export function minimise(
  objective: Objective,
  point: Float64Array,
  { tolerance, limit }: { readonly tolerance: number; readonly limit: number },
): number {
  let gradient = new Float64Array(point.length);
  let value = objective(point, gradient);
  const pairs: { step: Float64Array; change: Float64Array; curvature: number }[] = [];
  for (let taken = 0; taken < limit; taken++) {
    if (gradient.every((slope) => Math.abs(slope) <= tolerance)) return taken;
    const direction = newtonLike(gradient, pairs);
    const fall = dot(gradient, direction);
    let length = pairs.length === 0 ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient))) : 1;
    const next = new Float64Array(point.length);
    const nextGradient = new Float64Array(point.length);
    let reached = Number.POSITIVE_INFINITY;
    for (; length > 1e-12; length /= 2) {
      for (let k = 0; k < next.length; k++) next[k] = (point[k] as number) + length * (direction[k] as number);
      reached = objective(next, nextGradient);
      if (reached <= value + 1e-4 * length * fall) break;
    }
    if (!(reached <= value)) return taken;
    const step = next.map((to, k) => to - (point[k] as number));
    const change = nextGradient.map((to, k) => to - (gradient[k] as number));
    const curvature = dot(step, change);
    if (curvature > 0) pairs.push({ step, change, curvature });
    if (pairs.length > MEMORY) pairs.shift();
    point.set(next);
    gradient = nextGradient;
    value = reached;
  }
  return limit;
}

/** −H g, H the inverse curvature that the pairs stand for (two loops, newest pair first and then last). */
function newtonLike(
  gradient: Float64Array,
  pairs: readonly { step: Float64Array; change: Float64Array; curvature: number }[],
): Float64Array {
  const direction = gradient.map((slope) => -slope);
  const taken = pairs.map(() => 0);
  for (let p = pairs.length - 1; p >= 0; p--) {
    const { step, change, curvature } = pairs[p] as (typeof pairs)[number];
    taken[p] = dot(step, direction) / curvature;
    addTo(direction, -(taken[p] as number), change);
  }
  const newest = pairs.at(-1);
  if (newest !== undefined) {
    const scale = newest.curvature / dot(newest.change, newest.change);
    for (let k = 0; k < direction.length; k++) direction[k] = (direction[k] as number) * scale;
  }
  for (const [p, { step, change, curvature }] of pairs.entries()) {
    addTo(direction, (taken[p] as number) - dot(change, direction) / curvature, step);
  }
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

function addTo(sum: Float64Array, factor: number, values: Float64Array): void {
  for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] as number) + factor * (values[k] as number);
}
