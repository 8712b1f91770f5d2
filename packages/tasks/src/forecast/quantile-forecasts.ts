import type { Model, NumericArray } from "sluice";
import { type OriginMatrix, originMatrix, type QuantileMatrix } from "../metrics/origin-matrix.ts";
import { type Band, fitBands, intervalAt } from "./calibration.ts";
import type { Recipe } from "./recipe.ts";
import type { PartWindows } from "./training-plan.ts";
import type { Place, SeriesColumns, WindowReader } from "./window-reader.ts";

/** Windows that are forecast together. */
const TOGETHER = 256;

/** Learned quantiles at many places, in the unit of each target: row-major [places, horizon, targets, levels], ascending at each point. */
export interface LearnedQuantiles {
  readonly places: readonly Place[];
  readonly values: Float64Array;
}

/** Runs the network at every place. A member's quantiles that cross are put in order [Chernozhukov et al. 2010, doi:10.3982/ECTA7880]. */
export async function forecastPlaces(
  network: Model,
  reader: WindowReader,
  part: Pick<PartWindows, "length" | "place">,
): Promise<LearnedQuantiles> {
  const places = Array.from({ length: part.length }, (_, index) => part.place(index));
  const { horizon: H, targets, levels } = reader.recipe;
  const Q = levels.length;
  const values = new Float64Array(places.length * H * targets.length * Q);
  if (places.length === 0) return { places, values };
  const outputs = await network.predictAll(
    { length: places.length, batch: (indices) => ({ x: reader.inputs(Array.from(indices, (index) => places[index] as Place)) }) },
    { batchSize: TOGETHER },
  );
  let at = 0;
  for (const { series, row } of places) {
    const one = reader.series[series] as SeriesColumns;
    for (let h = 0; h < H; h++) {
      for (let t = 0; t < targets.length; t++, at += Q) place(reader, one, t, row, h, outputs, values.subarray(at, at + Q), at);
    }
  }
  return { places, values };
}

/** y = mean + std (b + r · output), the output being the mean of the members', each in order. */
function place(
  reader: WindowReader,
  one: SeriesColumns,
  t: number,
  row: number,
  h: number,
  outputs: readonly NumericArray[],
  out: Float64Array,
  at: number,
): void {
  const { mean, std } = one.scale[t] as { mean: number; std: number };
  const residual = reader.recipe.targets[t]?.residual ?? 1;
  const base = reader.base(one, t, row, h);
  for (const { data } of outputs) {
    const member = data.slice(at, at + out.length).sort();
    for (let q = 0; q < out.length; q++) out[q] = (out[q] as number) + (member[q] as number) / outputs.length;
  }
  for (let q = 0; q < out.length; q++) out[q] = mean + std * (base + residual * (out[q] as number));
}

/** One target of the learned quantiles: the median at every place. */
export function medians({ places, values }: LearnedQuantiles, recipe: Recipe, target: number): OriginMatrix {
  const { horizon, levels } = recipe;
  const middle = levels.indexOf(0.5);
  const out = originMatrix(places.length, horizon);
  for (let i = 0; i < out.values.length; i++) out.values[i] = values[start(recipe, i, target) + middle] as number;
  return out;
}

/** One target's quantiles at `levels`, each the end of an interval (`intervalAt`). */
export function quantilesAt(
  { places, values }: LearnedQuantiles,
  recipe: Recipe,
  target: number,
  bands: readonly Band[],
  levels: readonly number[],
): QuantileMatrix {
  const { horizon } = recipe;
  const Q = recipe.levels.length;
  const middle = recipe.levels.indexOf(0.5);
  const out = new Float64Array(places.length * horizon * levels.length);
  for (let i = 0; i < places.length * horizon; i++) {
    const from = start(recipe, i, target);
    const learned = values.subarray(from, from + Q);
    const point = out.subarray(i * levels.length, (i + 1) * levels.length);
    levels.forEach((level, q) => {
      const [low, high] = intervalAt(bands, middle, learned, Math.abs(2 * level - 1));
      point[q] = level < 0.5 ? low : high;
    });
    point.sort();
  }
  return { origins: places.length, horizon, levels, values: out };
}

/** Bands of every target, measured on a part that training did not fit. */
export function fitAllBands(learned: LearnedQuantiles, reader: WindowReader): Band[][] {
  const { recipe } = reader;
  const Q = recipe.levels.length;
  return recipe.targets.map((_, t) => {
    const points = learned.places.flatMap(({ series, row }, o) => {
      const one = reader.series[series] as SeriesColumns;
      return Array.from({ length: recipe.horizon }, (_, h) => {
        const from = start(recipe, o * recipe.horizon + h, t);
        const known = one.observed[t]?.[row + h] !== 0;
        const actual = known ? (one.targets[t]?.[row + h] ?? Number.NaN) : Number.NaN;
        return { actual, quantiles: learned.values.subarray(from, from + Q) };
      });
    });
    return fitBands(recipe.levels, points);
  });
}

function start({ targets, levels }: Recipe, point: number, target: number): number {
  return (point * targets.length + target) * levels.length;
}
