import type { FeatureRows } from "./features.ts";
import type { LabelledRows } from "./logistic.ts";
import type { Neighbours } from "./types.ts";

/** Training examples that are kept; of more, these many evenly spaced. */
const MOST = 10_000;

/** Keeps the training rows. */
export function keepNeighbours({ rows, columns, values, y }: LabelledRows): Neighbours {
  const kept = Array.from({ length: Math.min(rows, MOST) }, (_, k) => Math.floor((k * rows) / Math.min(rows, MOST)));
  return {
    features: kept.flatMap((n) => Array.from(values.subarray(n * columns, (n + 1) * columns))),
    y: kept.map((n) => y[n] as number),
  };
}

/** The class of the nearest neighbour by Euclidean distance, the first of several; a distance is summed no further than the least so far. */
export function nearestClasses({ features, y }: Neighbours, { rows, columns, values }: FeatureRows): number[] {
  const stored = Float64Array.from(features);
  return Array.from({ length: rows }, (_, n) => {
    let [least, told] = [Number.POSITIVE_INFINITY, y[0] as number];
    for (let k = 0; k < y.length; k++) {
      let distance = 0;
      for (let a = n * columns, b = k * columns; b < (k + 1) * columns && distance < least; a++, b++) {
        distance += ((values[a] as number) - (stored[b] as number)) ** 2;
      }
      if (distance < least) [least, told] = [distance, y[k] as number];
    }
    return told;
  });
}
