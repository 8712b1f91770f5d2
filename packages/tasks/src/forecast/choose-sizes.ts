import type { Values } from "@sluice/data";
import { seasonBefore } from "../baselines/simple.ts";
import type { Moments, TargetRecipe } from "./recipe.ts";

/** Steps that one step of the recurrent layer may read together. */
const SEGMENTS: readonly number[] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128];
/** Steps that the recurrent layer takes over a window, about. */
const LAYER_STEPS = 8;
/** Seasons of so many steps are read one at a time. */
const SEASON_AS_SEGMENT = { least: 8, most: 48 };
/** A shorter window is not worth more than its steps cost. */
const LEAST_WINDOW = 128;

/** Origins looked at to measure a base. */
const SAMPLE = 2000;

/** How far back a forecast reads. */
export interface WindowSizes {
  readonly windowLength: number;
  readonly segment: number;
  readonly lags: number;
}

/**
 * Steps of the past that are read: four horizons, at least 128, at most `room`, in whole segments. A segment is a season where that
 * has 8 to 48 steps, otherwise as many steps as it takes for the recurrent layer to need at most 8 of its own over the window.
 */
export function chooseWindow(horizon: number, room: number, season: number, given?: number): WindowSizes {
  const wanted = given ?? Math.max(1, Math.min(room, Math.max(4 * horizon, LEAST_WINDOW)));
  const { least, most } = SEASON_AS_SEGMENT;
  const bySeason = season >= least && season <= most && wanted >= 3 * season && (given === undefined || given % season === 0);
  const segment = bySeason ? season : segmentOf(wanted, given !== undefined);
  const whole =
    bySeason && given === undefined
      ? Math.min(Math.ceil(wanted / segment) + 1, Math.floor(room / segment))
      : Math.floor(wanted / segment);
  const windowLength = whole * segment;
  return { windowLength, segment, lags: Math.min(windowLength, Math.max(24, horizon)) };
}

function segmentOf(windowLength: number, exact: boolean): number {
  const fits = SEGMENTS.filter((segment) => !exact || windowLength % segment === 0);
  return fits.find((segment) => windowLength / segment < LAYER_STEPS + 1) ?? fits.at(-1) ?? 1;
}

/** A training part, standardised when read. */
export interface TrainingColumn extends Moments {
  readonly values: Values;
}

/**
 * Chooses what the network corrects, the last value or the value one season before, by mean absolute error over the training
 * rows, and measures what that leaves.
 */
export function chooseBase(
  name: string,
  season: number,
  seasonLags: number,
  train: readonly TrainingColumn[],
  horizon: number,
): TargetRecipe {
  const last = baseErrors(train, horizon, season * seasonLags, (origin) => origin - 1);
  if (seasonLags === 0) return { name, season, base: "last", seasonLags, residual: last.spread };
  const before = baseErrors(train, horizon, season * seasonLags, (origin, h) => seasonBefore(origin, h, season));
  const base = before.absolute < last.absolute ? "season" : "last";
  return { name, season, base, seasonLags, residual: base === "season" ? before.spread : last.spread };
}

function baseErrors(
  train: readonly TrainingColumn[],
  horizon: number,
  reach: number,
  baseRow: (origin: number, h: number) => number,
): { absolute: number; spread: number } {
  const origins = train.reduce((sum, { values }) => sum + Math.max(0, values.length - horizon - reach), 0);
  const stride = Math.max(1, Math.floor(origins / SAMPLE));
  let [count, sum, squares] = [0, 0, 0];
  for (const { values, std } of train) {
    for (let origin = Math.max(1, reach); origin + horizon <= values.length; origin += stride) {
      for (let h = 0; h < horizon; h++) {
        const error = ((values[origin + h] as number) - (values[baseRow(origin, h)] as number)) / std;
        if (Number.isNaN(error)) continue;
        count++;
        sum += Math.abs(error);
        squares += error * error;
      }
    }
  }
  const spread = Math.sqrt(squares / count);
  return { absolute: sum / count, spread: spread > 1e-9 && Number.isFinite(spread) ? spread : 1 };
}
