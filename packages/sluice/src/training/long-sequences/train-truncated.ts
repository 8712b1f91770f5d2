import { record } from "../../autograd/tape.ts";
import { holdingChanges } from "../../layers/own-changes.ts";
import type { Model } from "../../models/model.ts";
import { sameShape } from "../../tensor/shape.ts";
import { type CheckedBatch, toTensors } from "../batch.ts";
import type { Meter } from "../meter.ts";
import { type Objective, objective } from "../objective.ts";
import { readBack, type StepResult } from "../step.ts";
import type { CarriedState, CarriedStates } from "./carried-states.ts";
import { alignEnds, cutBatch, stepsOf } from "./pieces.ts";
import type { Truncation } from "./truncation.ts";

/** What a truncated run over one batch is told. */
export interface TruncatedRun {
  /** Leave the weights alone when the loss is not a finite number; the batch ends there. */
  readonly guard: boolean;
  /** Gets the predictions of every update, if it wants them. */
  readonly meter: Meter;
  /** Gives the event loop its turn between updates. */
  readonly pace: () => Promise<void> | undefined;
}

/**
 * Trains on one batch, piece by piece: see `TruncatedOptions`. Counts its updates but the last in `model.trainingSteps`.
 * @returns the mean loss over the steps that count; no predictions.
 */
export async function trainTruncated(
  model: Model,
  batch: CheckedBatch,
  truncation: Truncation,
  run: TruncatedRun,
): Promise<StepResult> {
  const { gradientSteps, everyStep, states } = truncation;
  const T = stepsOf(batch, truncation);
  model.backend.step(() => states.start(batch.size));
  if (everyStep && T > 0) return trainEveryStep(model, batch, T, truncation, run);
  const tail = Math.max(0, T - gradientSteps);
  const aligned = tail > 0 ? alignEnds(batch, truncation) : batch;
  for (const piece of piecesOf(aligned, truncation, 0, tail)) {
    model.backend.step(() => states.keep(read(model, piece, states, states.copy())));
    await run.pace();
  }
  return update(model, [cutBatch(aligned, truncation, tail, T)], states, run);
}

/** One update every k1 steps, over a window of the last k2. */
async function trainEveryStep(
  model: Model,
  batch: CheckedBatch,
  T: number,
  truncation: Truncation,
  run: TruncatedRun,
): Promise<StepResult> {
  const { updateEvery, gradientSteps, states } = truncation;
  const mean = new MeanResult();
  for (let end = updateEvery; end - updateEvery < T; end += updateEvery) {
    if (end > updateEvery) model.trainingSteps++;
    const window = [...piecesOf(batch, truncation, Math.max(0, end - gradientSteps), Math.min(end, T))];
    const updated = await update(model, window, states, run, end >= gradientSteps);
    if (run.guard && !Number.isFinite(updated.loss)) return updated;
    mean.add(updated);
    await run.pace();
  }
  return mean.result;
}

/** Steps `from` … `to` − 1 of a batch in pieces of k1 steps, the last one as long as is left. */
function* piecesOf(batch: CheckedBatch, truncation: Truncation, from: number, to: number): Generator<CheckedBatch> {
  const { updateEvery } = truncation;
  for (let at = from; at < to; at += updateEvery) yield cutBatch(batch, truncation, at, Math.min(at + updateEvery, to));
}

/** Reads a piece for its states alone: those after it. */
function read(model: Model, piece: CheckedBatch, carried: CarriedStates, before: CarriedState): CarriedState {
  const { x, masks } = toTensors(model, piece);
  const { after, observe } = carried.catcher();
  holdingChanges(() => model.run(x, { training: true, masks, step: model.trainingSteps, states: before, observe }));
  return after;
}

/** What one update gave; `used` counts the entries of the loss. The predictions are in the meter. */
interface Updated extends StepResult {
  readonly used: number;
}

/**
 * One update: reads the pieces of a window one behind the other, prices the last, and lets the gradient flow back to the
 * beginning of the first. A piece in which nothing counts, all padding, updates nothing.
 * @param advance whether the next window begins one piece later.
 */
function update(
  model: Model,
  window: readonly CheckedBatch[],
  carried: CarriedStates,
  { guard, meter }: TruncatedRun,
  advance = false,
): Promise<Updated> {
  const { backend, compiled, trainingSteps: step } = model;
  const last = window.at(-1) as CheckedBatch;
  return backend.step(() => {
    const parameters = model.parameters.filter(({ trainable }) => trainable);
    const wrt = parameters.map(({ tensor }) => tensor);
    const { result: run, make } = holdingChanges(() =>
      record(wrt, () => {
        const borders = [carried.copy()];
        for (const piece of window.slice(0, -1)) borders.push(read(model, piece, carried, borders.at(-1) as CarriedState));
        const { after, observe } = carried.catcher();
        const run = { training: true, step, states: borders.at(-1) as CarriedState, observe };
        const priced = objective(model, compiled, toTensors(model, last), run);
        return { priced, next: borders[1] ?? after };
      }),
    );
    const { priced, next } = run.result;
    const used = entriesOf(priced);
    const sound = !guard || Number.isFinite(priced.loss.dataSync()[0]);
    if (sound && used > 0) {
      make();
      compiled.optimizer.apply(parameters, run.tape.gradients(priced.loss));
    }
    if (advance) carried.keep(next);
    return readBack(priced, meter.wantsPredictions).then(({ predictions, ...losses }) => {
      meter.addPredictions(predictions, last.y);
      return { ...losses, predictions: [], used };
    });
  });
}

/** How many entries the loss counts: rows, or their steps without the masked ones. */
function entriesOf({ outputs, masks }: Objective): number {
  const counts = outputs.map(({ shape }, k) => {
    const mask = masks[k];
    if (mask && sameShape(shape.slice(0, 2), mask.shape)) return Array.from(mask.dataSync()).reduce((sum, use) => sum + use, 0);
    return (shape[0] as number) * (shape.length > 2 ? (shape[1] as number) : 1);
  });
  return counts.reduce((a, b) => a + b, 0);
}

/** The mean of several results, each weighed by the entries of its loss. */
class MeanResult {
  result: StepResult = { loss: 0, outputLosses: [], predictions: [] };
  private entries = 0;

  add({ loss, outputLosses, used }: Updated): void {
    if (used === 0) return;
    this.entries += used;
    const share = used / this.entries;
    const towards = (mean: number, value: number): number => mean + (value - mean) * share;
    const before = this.result;
    this.result = {
      loss: towards(before.loss, loss),
      outputLosses: outputLosses.map((value, k) => towards(before.outputLosses[k] ?? 0, value)),
      predictions: [],
    };
  }
}
