import { record } from "../autograd/tape.ts";
import { ValueError } from "../errors.ts";
import { showShape, sizeOf } from "../tensor/shape.ts";
import { inStep, type Tensor, tensor } from "../tensor/tensor.ts";
import {
  callOf,
  type InspectOptions,
  type PlainArray,
  plain,
  ready,
  recurrentLayer,
  type Subject,
  type SubjectInputs,
  unchanged,
} from "./subject.ts";
import type { TraceOptions } from "./trace.ts";
import { variedInput } from "./varied.ts";

/** Options of `connectivity`. */
export interface ConnectivityOptions extends InspectOptions {
  /** Steps of the output that are looked at, for outputs [B, T, …]. Default the last one; outputs [B, …] have no steps. */
  readonly output?: number | readonly number[];
  /** Which input is varied, when there are several. Default 0. */
  readonly input?: number;
}

/** How strongly outputs depend on each step of the input. */
export interface Connectivity {
  /** The steps of the output that were looked at; empty when it has none. */
  readonly outputs: readonly number[];
  /** ‖d output_t / d input_s‖ [B, K, S] for the K chosen t (1 when the output has no steps) and every s. */
  readonly norms: PlainArray;
}

/**
 * The norm of d output_t / d input_s, for each row, chosen t and every s: the root of the sum of squares over all features of
 * both [Madsen 2019, "Visualizing memorization in RNNs", doi:10.23915/distill.00016]. Read of the first output. Of indices that an
 * embedding reads, s is the vector that it gives for them.
 * Costs one pass forward and back for each feature of the chosen outputs.
 * @throws {ValueError} for a step that the output does not have, or an input that numbers cannot vary.
 * @example connectivity(model, x, { output: [10, 20] }).norms; // { shape: [B, 2, T], data }
 */
export function connectivity(
  subject: Subject,
  x: SubjectInputs,
  { output, input = 0, mask = null }: ConnectivityOptions = {},
): Connectivity {
  const inputs = ready(subject, x);
  const { x: varied, compute } = variedInput(subject, inputs, input, mask);
  const { shape } = inStep(subject.backend, () => compute(varied));
  const steps = outputSteps(shape, output);
  const width = sizeOf(shape.slice(steps.length > 0 ? 2 : 1));
  const [B = 0, S = 0] = varied.shape;
  const groups = (steps.length > 0 ? steps : [0]).map((t) => Array.from({ length: width }, (_, f) => t * width + f));
  const data = new Float64Array(B * groups.length * S);
  groups.forEach((elements, k) => {
    const norms = slopeNorms(compute, varied, elements);
    for (let b = 0; b < B; b++) data.set(norms.subarray(b * S, (b + 1) * S), (b * groups.length + k) * S);
  });
  return { outputs: steps, norms: plain([B, groups.length, S], data) };
}

/** Options of `memoryHorizon`. */
export interface MemoryHorizonOptions extends TraceOptions {
  /** The memory has faded where the norm stays below this share of the largest. Default 0.05. */
  readonly share?: number;
}

/** How far back the last state feels the input. */
export interface MemoryHorizon {
  readonly layer: string;
  /** ‖d h_T / d x_{T − lag}‖ for each lag, the mean over rows. */
  readonly norms: readonly number[];
  /** The first lag from which the norm stays below `share` of the largest; null when the sequence is too short to see it. */
  readonly horizon: number | null;
  /** The same for one half. */
  readonly halfLife: number | null;
}

/**
 * How far back a recurrent layer's last output reaches: |d h_T / d x_s| against the lag T − s, where T is the last used step of
 * the row and x the layer's own input [Bengio et al. 1994, doi:10.1109/72.279181]. For h_t = w h_{t−1} + x_t it is w^lag.
 * @throws {ValueError} when the layer is not named and there are several.
 * @example memoryHorizon(model, x).halfLife; // steps until half is forgotten
 */
export function memoryHorizon(
  subject: Subject,
  x: SubjectInputs,
  { layer: path, mask = null, share = 0.05 }: MemoryHorizonOptions = {},
): MemoryHorizon {
  const inputs = ready(subject, x);
  const layer = recurrentLayer(subject, path);
  const { inputs: read, context } = callOf(subject, layer, inputs, mask);
  const [sequence, ...states] = read as readonly [Tensor, ...Tensor[]];
  const last = (at: Tensor): Tensor => layer.cell.output(unchanged(layer, () => layer.run([at, ...states], context)).state ?? {});
  const { shape } = inStep(layer.backend, () => last(sequence));
  const slopes = slopeNorms(last, sequence, [...Array(sizeOf(shape.slice(1))).keys()]);
  const uses = context.masks[0]?.dataSync() ?? null;
  const byLag = lagsOf(slopes, sequence.shape, uses, layer.options.goBackwards ?? false);
  const norms = byLag.map((values) => values.reduce((a, b) => a + b, 0) / values.length);
  return { layer: layer.path, norms, horizon: fades(norms, share), halfLife: fades(norms, 0.5) };
}

/** Slopes [B, S] by lag: position among the used steps of a row, counted back from the one processed last. */
function lagsOf(
  slopes: Float64Array,
  [B = 0, S = 0]: readonly number[],
  uses: ArrayLike<number> | null,
  goBackwards: boolean,
): number[][] {
  const byLag: number[][] = [];
  for (let b = 0; b < B; b++) {
    const row = [...slopes.subarray(b * S, (b + 1) * S)].filter((_, s) => uses === null || uses[b * S + s] !== 0);
    for (const [lag, slope] of (goBackwards ? row : row.reverse()).entries()) byLag[lag] = [...(byLag[lag] ?? []), slope];
  }
  return byLag;
}

/** The first lag from which all norms are below `share` of the largest; null when the last one is not. */
function fades(norms: readonly number[], share: number): number | null {
  const largest = Math.max(0, ...norms);
  const first = norms.findLastIndex((norm) => largest > 0 && norm >= share * largest) + 1;
  return first === norms.length ? null : first;
}

/**
 * The root of Σ over `elements` of |d y[b, element] / d x[b, s]|², [B · S]. Rows do not mix, so one backward pass serves all of them.
 * @param elements places in a row of y. @param compute is run once for each.
 */
function slopeNorms(compute: (x: Tensor) => Tensor, x: Tensor, elements: readonly number[]): Float64Array {
  const [B = 0, S = 0] = x.shape;
  const width = x.size / Math.max(1, B * S);
  const squares = new Float64Array(B * S);
  for (const element of elements) {
    inputGradient(compute, x, element).forEach((slope, k) => {
      squares[Math.floor(k / width)] = (squares[Math.floor(k / width)] as number) + slope * slope;
    });
  }
  return squares.map(Math.sqrt);
}

/** d y[b, element] / d x[b, …] for each row, in x's order. @throws {ValueError} when y does not depend on x by numbers. */
export function inputGradient(compute: (x: Tensor) => Tensor, x: Tensor, element: number): Float64Array {
  return inStep(x.backend, () => {
    const { result: y, tape } = record([x], () => compute(x));
    const gradient = tape.gradients(y, oneInEachRow(y, element))[0];
    if (gradient) return Float64Array.from(gradient.dataSync());
    throw new ValueError(
      "Cannot take slopes with respect to this input: the output does not depend on it by numbers that can be varied. " +
        "Indices that several embeddings read are such; inspect the model from their outputs on.",
    );
  });
}

function oneInEachRow({ shape, size, backend }: Tensor, element: number): Tensor {
  const [B = 0] = shape;
  const data = new Float64Array(size);
  for (let b = 0; b < B; b++) data[(b * size) / B + element] = 1;
  return tensor(data, shape, { backend });
}

/** The chosen steps, from 0; none for outputs without a time axis. */
function outputSteps(shape: readonly number[], chosen: number | readonly number[] | undefined): readonly number[] {
  const T = shape[1] ?? 0;
  if (shape.length < 3) {
    if (chosen === undefined) return [];
    throw new ValueError(`Cannot choose steps of an output of shape ${showShape(shape)}: it has none. Leave \`output\` out.`);
  }
  const steps = chosen === undefined ? [T - 1] : typeof chosen === "number" ? [chosen] : chosen;
  const bad = steps.find((t) => !Number.isInteger(t) || t < 0 || t >= T);
  if (bad === undefined) return steps;
  throw new ValueError(`Cannot look at step ${bad} of an output with ${T} steps: choose from 0 to ${T - 1}.`);
}
