import { type WindowDataset, type WindowSource, windows } from "@sluice/data";
import type { Dataset, NumericArray } from "sluice";
import type { ForecastOptions } from "./forecast-types.ts";
import { costOfWindow, type NetworkSizes, valuesOfWindow } from "./network.ts";
import type { Prepared } from "./prepare.ts";
import type { Recipe } from "./recipe.ts";
import type { Place, WindowReader } from "./window-reader.ts";

/** Most windows that validation and test read, spread evenly. */
const MOST_JUDGED = 4000;
/** Most windows that one epoch reads. */
const MOST_AN_EPOCH = 100_000;
/** Steps of the optimizer that are aimed at. */
const STEPS = 1500;
/** Multiply-adds a second that a small machine manages; forward and backward take three passes. */
const RATE = 3e9;
const PASSES = 3;
/** What a step costs whatever its size. */
const SECONDS_A_STEP = 1e-3;
/** Networks whose forecasts are averaged, where the time allows this many epochs. */
const MEMBERS = 3;
const FEWEST_EPOCHS = 8;
/** Seconds to train unless told otherwise. */
export const DEFAULT_BUDGET = 60;

/** The windows of one part, and which of them are read. */
export interface PartWindows {
  /** How many there are. */
  readonly total: number;
  /** How many are read. */
  readonly length: number;
  place(index: number): Place;
}

/** Sizes and lengths of a training, chosen from the data. */
export interface TrainingPlan {
  readonly sizes: NetworkSizes;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Epochs without a better validation loss that are borne. */
  readonly patience: number;
  readonly train: PartWindows;
  readonly validation: PartWindows;
  readonly test: PartWindows;
  readonly estimatedSeconds: number;
  readonly memoryBytes: number;
  readonly notes: readonly string[];
}

/** Sizes, epochs and batches from the amount of data and the time allowed; the same for the same data and options. */
export function planTraining(prepared: Prepared, options: ForecastOptions): TrainingPlan {
  const { recipe } = prepared;
  const train = partWindows(prepared, "train", MOST_AN_EPOCH);
  const notes: string[] = [];
  if (train.length < train.total) {
    notes.push(
      `${train.length.toLocaleString("en-US")} of the ${train.total.toLocaleString("en-US")} training windows are read, spread evenly.`,
    );
  }
  const batchSize = options.batchSize ?? (train.length < 500 ? 16 : train.length < 6000 ? 64 : 128);
  const steps = Math.ceil(train.length / batchSize);
  const budget = options.budgetSeconds ?? DEFAULT_BUDGET;
  const wanted = options.epochs ?? Math.max(FEWEST_EPOCHS, Math.min(100, Math.round(STEPS / steps)));
  const sizesFor = (members: number): NetworkSizes => ({
    cell: options.cell ?? "lstm",
    units: options.units ?? (train.length < 4000 ? 16 : 32),
    features: 16,
    dropout: 0.2,
    members,
  });
  const secondsAnEpoch = (members: number) =>
    (PASSES * train.length * costOfWindow(recipe, sizesFor(members))) / RATE + steps * SECONDS_A_STEP;
  const members = secondsAnEpoch(MEMBERS) * Math.min(wanted, FEWEST_EPOCHS) <= budget ? MEMBERS : 1;
  const affordable = Math.max(1, Math.floor(budget / secondsAnEpoch(members)));
  const epochs = options.epochs ?? Math.min(wanted, affordable);
  if (members > 1) notes.push(`The forecast is the mean of ${members} networks that start from different random weights.`);
  if (epochs < wanted) notes.push(`${epochs} epochs instead of ${wanted}, to stay within ${budget} seconds.`);
  const sizes = sizesFor(members);
  return {
    sizes,
    epochs,
    batchSize,
    learningRate: options.learningRate ?? 2e-3,
    patience: Math.max(3, Math.round(epochs / 5)),
    train,
    validation: partWindows(prepared, "validation", MOST_JUDGED),
    test: partWindows(prepared, "test", MOST_JUDGED),
    estimatedSeconds: epochs * secondsAnEpoch(members),
    memoryBytes: 4 * PASSES * batchSize * valuesOfWindow(recipe, sizes),
    notes,
  };
}

/** The windows of one part of every series; a window of a later part reads back into the part before, as in use. */
function partWindows(
  { recipe, series, splits, reach }: Prepared,
  part: "train" | "validation" | "test",
  limit: number,
): PartWindows {
  const sources = series.map(({ id, rows }, s) => ({
    id,
    rows,
    columns: {},
    ...(splits[s]?.[part] as { from: number; to: number }),
  }));
  return spread(windowsOf(recipe, sources, reach), limit);
}

/** Every window of the sources; gaps in targets are weighed when they are read, so none is left out here. */
export function windowsOf({ horizon }: Pick<Recipe, "horizon">, series: readonly WindowSource[], reach: number): WindowDataset {
  return windows({ series, past: [], targets: [], windowLength: reach, horizon });
}

/**
 * At most `limit` windows, one from each of as many equal stretches, at a place in it that differs from stretch to stretch:
 * an even step could always meet the same hour.
 */
export function spread(all: WindowDataset, limit: number): PartWindows {
  const total = all.length;
  if (total <= limit) return { total, length: total, place: (index) => all.place(index) };
  const step = total / limit;
  const place = (index: number) => all.place(Math.floor((index + ((index * 0.618033988749895) % 1)) * step));
  return { total, length: limit, place };
}

/** What `fit` reads: the same targets for every member. */
export function windowDataset(reader: WindowReader, part: PartWindows, members: number): Dataset {
  return {
    length: part.length,
    batch: (indices) => {
      const places = Array.from(indices, (index) => part.place(index));
      const batch = { x: reader.inputs(places), y: Array<NumericArray>(members).fill(reader.targets(places)) };
      return reader.hasGaps ? { ...batch, sampleWeight: reader.weights(places) } : batch;
    },
  };
}
