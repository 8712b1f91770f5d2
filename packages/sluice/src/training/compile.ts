import { ValueError } from "../errors.ts";
import { type Loss, type LossFunction, type LossSpec, makeLoss } from "../losses/losses.ts";
import { type Metric, type MetricSpec, makeMetric } from "../metrics/metrics.ts";
import { makeOptimizer, type Optimizer } from "../optimizers/optimizers.ts";
import type { OptimizerName, OptimizerSpec } from "../optimizers/rules.ts";

/** How a model is to be trained. */
export interface CompileOptions {
  /** A name or plain data. Default "rmsprop", as in Keras. */
  readonly optimizer?: OptimizerName | OptimizerSpec;
  /** One loss for every output, or a list with one for each output. */
  readonly loss: LossSpec | LossFunction | readonly (LossSpec | LossFunction)[];
  /** Names or plain data, reported beside the loss; for several outputs each metric is taken of each output. Default none. */
  readonly metrics?: readonly MetricSpec[];
  /** Factor of each output's loss in the sum. Default 1 each. */
  readonly lossWeights?: readonly number[];
}

/** `CompileOptions` as plain data, every default filled in: what model files keep. */
export interface CompileSpec {
  readonly optimizer: OptimizerSpec;
  readonly loss: readonly LossSpec[];
  readonly metrics: readonly MetricSpec[];
  readonly lossWeights: readonly number[];
}

/** What `compile` prepares. */
export interface Compiled {
  readonly optimizer: Optimizer;
  /** One for each output. */
  readonly losses: readonly Loss[];
  readonly lossWeights: readonly number[];
  /** Fresh metrics of each output. */
  readonly makeMetrics: () => readonly (readonly Metric[])[];
  /** Null when a loss is a function, which plain data cannot carry. */
  readonly spec: CompileSpec | null;
}

/** @throws {ValueError} for unknown names, or lists that do not have one entry for each output. */
export function compile({ optimizer = "rmsprop", loss, metrics = [], lossWeights }: CompileOptions, outputs: number): Compiled {
  const losses = Array.isArray(loss) ? (loss as readonly (LossSpec | LossFunction)[]) : new Array(outputs).fill(loss);
  const weights = lossWeights ?? new Array<number>(outputs).fill(1);
  if (losses.length !== outputs || weights.length !== outputs) {
    throw new ValueError(
      `Cannot compile with ${losses.length} losses and ${weights.length} loss weights: the model has ${outputs} outputs. Give one loss for all, or one of each for each output.`,
    );
  }
  const made = losses.map((each: LossSpec | LossFunction) => makeLoss(each));
  const makeMetrics = (): readonly (readonly Metric[])[] => made.map(({ spec }) => metrics.map((each) => makeMetric(each, spec)));
  makeMetrics(); // says now what it does not know
  const maker = makeOptimizer(optimizer);
  const specs = made.map(({ spec }) => spec);
  const plain = specs.every((spec) => spec !== null);
  return {
    optimizer: maker,
    losses: made,
    lossWeights: weights,
    makeMetrics,
    spec: plain ? { optimizer: maker.spec, loss: specs as LossSpec[], metrics, lossWeights: weights } : null,
  };
}
