import { ValueError } from "../../errors.ts";
import type { Network } from "../../models/network.ts";
import { checkCount } from "../source.ts";
import { CarriedStates } from "./carried-states.ts";
import { cutGraph, type GraphCuts } from "./cut-graph.ts";

/**
 * Truncated backpropagation through time, BPTT(k2; k1) of [Williams & Peng 1990, doi:10.1162/neco.1990.2.4.490]: sequences of
 * any length in the memory of a few steps. Time steps are counted.
 *
 * - A model with an output for every step is updated after every k1 steps. The loss of an update is that of its k1 steps, and
 *   its gradient flows back over the last k2 steps; those before give their state as a value. The state goes on to the end of
 *   the sequence, so the network reads all of it.
 * - A model with one output at the end is updated once a batch, with a gradient that flows back over the last k2 steps. With
 *   the data's `mask` these are the last k2 steps before the padding in each row.
 *
 * Every update is a training step: it draws its own dropout and counts in `model.trainingSteps`. The updates of one batch are
 * one unit for all else: callbacks, `stepsPerEpoch`, checkpoints and an abort wait for its end. With k1 = k2 = the length of the
 * sequences training is the same as without.
 */
export interface TruncatedOptions {
  /** k1, the steps between two updates. */
  readonly updateEvery: number;
  /** k2, the steps a gradient flows back; a multiple of `updateEvery`, which is its default. */
  readonly gradientSteps?: number;
}

/** How a model is trained piece by piece. */
export interface Truncation extends GraphCuts {
  readonly updateEvery: number;
  readonly gradientSteps: number;
  readonly states: CarriedStates;
}

/** @throws {ValueError} for numbers outside their rules, and for a model that needs its sequences whole. */
export function truncationOf(network: Network, { updateEvery, gradientSteps = updateEvery }: TruncatedOptions): Truncation {
  checkCount(updateEvery, "truncated.updateEvery");
  checkCount(gradientSteps, "truncated.gradientSteps");
  if (gradientSteps % updateEvery !== 0) {
    throw new ValueError(
      `Cannot use truncated.gradientSteps ${gradientSteps} with updateEvery ${updateEvery}: it is a multiple of updateEvery, for example ` +
        `${Math.ceil(gradientSteps / updateEvery) * updateEvery}, since gradients end where states are kept.`,
    );
  }
  const cuts = cutGraph(network.name, network.graph);
  return { ...cuts, updateEvery, gradientSteps, states: new CarriedStates(cuts.carried) };
}
