import { fitStandardScaler } from "@sluice/data";
import type { FeatureKind, FeatureLayout, Sequences } from "./types.ts";

/** Rows of features, row-major [rows, columns]. */
export interface FeatureRows {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** N, T and I of sequences. @throws {RangeError} for another rank, other counts, an infinite value, or a length outside 1 … T. */
export function sizesOf({ x, lengths }: Sequences): { examples: number; steps: number; inputs: number } {
  const { shape, data } = x;
  const [examples = 0, steps = 0, inputs = 0] = shape.length === 2 ? [shape[0], 1, shape[1]] : shape;
  if (shape.length < 2 || shape.length > 3 || examples * steps * inputs !== data.length || data.length === 0) {
    throw new RangeError(
      `Cannot read sequences of shape [${shape.join(", ")}] with ${data.length} numbers: baselines read ` +
        "[examples, steps, variables] or [examples, variables], none of them 0, and as many numbers as that holds.",
    );
  }
  for (let k = 0; k < data.length; k++) {
    if (Math.abs(data[k] as number) !== Number.POSITIVE_INFINITY) continue;
    throw new RangeError(
      `Cannot read sequences with the value ${data[k]} at place ${k}: replace it, or write NaN if it is missing.`,
    );
  }
  if (lengths !== undefined) {
    const wrong = Array.from(lengths).findIndex((length) => !Number.isInteger(length) || length < 1 || length > steps);
    if (lengths.length !== examples || wrong >= 0) {
      const what = wrong >= 0 ? `length ${lengths[wrong]} of example ${wrong}` : `${lengths.length} lengths`;
      throw new RangeError(
        `Cannot read ${examples} sequences of ${steps} steps with ${what}: give each its length, 1 to ${steps}.`,
      );
    }
  }
  return { examples, steps, inputs };
}

/** Learns the scale of each variable from the steps that count. The layout reads as many steps as `train` has. */
export function fitFeatures(train: Sequences, kind: FeatureKind): FeatureLayout {
  const { examples, steps, inputs } = sizesOf(train);
  const columns: number[][] = Array.from({ length: inputs }, () => []);
  for (let n = 0; n < examples; n++) {
    for (let t = 0; t < (train.lengths?.[n] ?? steps); t++) {
      for (let i = 0; i < inputs; i++) columns[i]?.push(train.x.data[(n * steps + t) * inputs + i] as number);
    }
  }
  return { kind, steps, scale: fitStandardScaler(columns.map((column) => Float64Array.from(column))) };
}

/**
 * The features of sequences, in standardised units z = (x − mean) / std.
 *
 *     steps      z_(t,i), t = 0 … T − 1    0, the mean, where a sequence has ended; steps beyond the layout's T are not read
 *     summary    of each variable: first, last, mean, std, lowest and highest z of the steps that count
 *
 * A missing value, NaN, reads as the mean.
 * @throws {RangeError} when the sequences have other variables than the layout was fitted to.
 */
export function readFeatures(layout: FeatureLayout, sequences: Sequences): FeatureRows {
  const { examples, steps, inputs } = sizesOf(sequences);
  const { mean, std } = layout.scale;
  if (inputs !== mean.length) {
    throw new RangeError(`Cannot read sequences of ${inputs} variables: the baseline was fitted to ${mean.length}.`);
  }
  const columns = layout.kind === "steps" ? layout.steps * inputs : 6 * inputs;
  const values = new Float64Array(examples * columns);
  for (let n = 0; n < examples; n++) {
    const length = sequences.lengths?.[n] ?? steps;
    for (let i = 0; i < inputs; i++) {
      const at = (t: number): number => {
        const x = sequences.x.data[(n * steps + t) * inputs + i] as number;
        return Number.isNaN(x) ? 0 : (x - (mean[i] as number)) / (std[i] as number);
      };
      if (layout.kind === "summary") values.set(summaryOf(at, length), n * columns + 6 * i);
      else for (let t = 0; t < Math.min(length, layout.steps); t++) values[n * columns + t * inputs + i] = at(t);
    }
  }
  return { rows: examples, columns, values };
}

function summaryOf(at: (t: number) => number, length: number): number[] {
  const z = Array.from({ length }, (_, t) => at(t));
  const average = z.reduce((sum, value) => sum + value, 0) / length;
  const variance = z.reduce((sum, value) => sum + (value - average) ** 2, 0) / length;
  const [lowest, highest] = z.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as [number, number]);
  return [z[0] as number, z[length - 1] as number, average, Math.sqrt(variance), lowest, highest];
}
