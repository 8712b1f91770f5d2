import { StateError, ValueError } from "../errors.ts";
import type { SymbolicShape } from "../layers/layer.ts";
import type { Optimizer } from "../optimizers/optimizers.ts";
import { openStream } from "../streaming/plan-network.ts";
import type { Stream, StreamOptions } from "../streaming/stream.ts";
import { openStreams, type StreamPool, type StreamPoolOptions } from "../streaming/stream-pool.ts";
import type { ArrayInputs } from "../training/arrays.ts";
import { checkBatch } from "../training/batch.ts";
import { type Compiled, type CompileOptions, type CompileSpec, compile } from "../training/compile.ts";
import type { BatchStream, Dataset, NumericArray } from "../training/dataset.ts";
import { evaluateSource, predictSource } from "../training/evaluate.ts";
import { fit } from "../training/fit.ts";
import type { EvaluateOptions, FitOptions, PredictOptions } from "../training/fit-options.ts";
import type { History } from "../training/history.ts";
import { type Logs, Meter } from "../training/meter.ts";
import { arraysToBatch, inputSource, labelledSource } from "../training/prepare.ts";
import { predictStep, testStep, trainStep } from "../training/step.ts";
import { type ModelOptions, Network } from "./network.ts";

/**
 * A network that can be trained. Make one with `sequential` or `model`, say how to train it with `compile`, then `fit`,
 * `evaluate`, `predict`. Nothing has to be disposed.
 */
export class Model extends Network {
  /** Training steps done so far, over all calls of fit: which random numbers dropout draws next. */
  trainingSteps = 0;
  private training: Compiled | null = null;

  /**
   * Says how to train.
   * @throws {ValueError} for unknown names of optimizers, losses or metrics, or lists that do not fit the outputs.
   * @example model.compile({ optimizer: { type: "adam", learningRate: 0.01, globalClipNorm: 1 }, loss: "mse", metrics: ["mae"] });
   */
  compile(options: CompileOptions): this {
    this.training = compile(options, this.built ? this.graph.outputs.length : 1);
    return this;
  }

  /** What `compile` prepared. @throws {StateError} before compile. */
  get compiled(): Compiled {
    if (this.training) return this.training;
    throw new StateError(
      `Cannot train or evaluate model "${this.name}" before compile: say how, for example model.compile({ optimizer: "adam", loss: "mse" }).`,
    );
  }

  /** The optimizer `compile` made, with its memory. @throws {StateError} before compile. */
  get optimizer(): Optimizer {
    return this.compiled.optimizer;
  }

  /** How it was compiled, as plain data; null before compile, or when a loss is a function. */
  get compileSpec(): CompileSpec | null {
    return this.training?.spec ?? null;
  }

  /**
   * Trains. Examples are arrays x and y (typed arrays with a shape, tensors, nested arrays), a `Dataset` read by index, or a
   * `BatchStream`. A page trains in a worker (see `FitOptions.worker`); elsewhere the event loop has a turn every 30 ms. An abort by
   * `options.signal` finishes the step and returns normally.
   * @throws {StateError} before compile; {ShapeError} when data and model do not fit; {NumericError} when data or loss hold NaN.
   * @example
   * const history = await model.fit(x, y, { epochs: 20, batchSize: 64, validationSplit: 0.2 });
   * history.valLoss.at(-1);
   */
  fit(x: ArrayInputs, y: ArrayInputs, options?: FitOptions): Promise<History>;
  fit(data: Dataset | BatchStream, options?: FitOptions): Promise<History>;
  fit(x: ArrayInputs | Dataset | BatchStream, second?: ArrayInputs | FitOptions, third?: FitOptions): Promise<History> {
    return fit(this, x, second, third);
  }

  /**
   * Loss and metrics over examples, by name: `{ loss, mae }`.
   * @throws {StateError} before compile; {ShapeError} when data and model do not fit.
   */
  evaluate(x: ArrayInputs, y: ArrayInputs, options?: EvaluateOptions): Promise<Logs>;
  evaluate(data: Dataset | BatchStream, options?: EvaluateOptions): Promise<Logs>;
  async evaluate(
    x: ArrayInputs | Dataset | BatchStream,
    second?: ArrayInputs | EvaluateOptions,
    third?: EvaluateOptions,
  ): Promise<Logs> {
    const { source, options } = await labelledSource(this, x, second, third);
    return evaluateSource(this, this.compiled, source, { steps: options.steps });
  }

  /**
   * The output for every example, in order: [N, …].
   * @throws {ValueError} for a model with several outputs: see `predictAll`; {ShapeError} when data and model do not fit.
   */
  async predict(x: ArrayInputs | Dataset | BatchStream, options: PredictOptions = {}): Promise<NumericArray> {
    const [first, ...more] = await this.predictAll(x, options);
    if (more.length > 0)
      throw new ValueError(
        `Cannot predict one output of model "${this.name}": it has ${more.length + 1}. Call predictAll, which returns all of them.`,
      );
    return first as NumericArray;
  }

  /** Every output for every example, in the model's order. */
  async predictAll(x: ArrayInputs | Dataset | BatchStream, options: PredictOptions = {}): Promise<NumericArray[]> {
    return predictSource(this, await inputSource(this, x, options));
  }

  /** One training step on one batch; its loss and metrics. `model.trainingSteps` counts it. */
  async trainOnBatch(x: ArrayInputs, y: ArrayInputs): Promise<Logs> {
    const batch = checkBatch(this, await arraysToBatch(this, x, y), { targets: true });
    const meter = new Meter(this, this.compiled);
    const step = this.trainingSteps++;
    meter.add(await trainStep(this, this.compiled, batch, { step, predictions: meter.wantsPredictions, guard: false }), batch);
    return meter.logs();
  }

  /** Loss and metrics of one batch. */
  async testOnBatch(x: ArrayInputs, y: ArrayInputs): Promise<Logs> {
    const batch = checkBatch(this, await arraysToBatch(this, x, y), { targets: true });
    const meter = new Meter(this, this.compiled);
    meter.add(await testStep(this, this.compiled, batch, { step: 0, predictions: meter.wantsPredictions }), batch);
    return meter.logs();
  }

  /**
   * The model as it stands, reading one step at a time with its state kept: pushing a sequence step by step gives what `predict`
   * gives for the part read so far (with `returnSequences`, the newest step of it).
   * @throws {ValueError} naming the layer that needs more than one step (bidirectional, flatten over time …);
   * {StateError} before the weights exist.
   * @example
   * const stream = model.stream(); // of lstm({ units: 32, inputShape: [null, 3] }) and dense({ units: 1 })
   * const [next] = stream.push([0.1, 0.2, 0.3]);
   */
  stream(options: StreamOptions = {}): Stream {
    return openStream(this, options);
  }

  /**
   * Many independent streams that share the weights: see `StreamPool`.
   * @throws as `stream`.
   * @example
   * const pool = model.streams({ capacity: 1000 });
   * const [pump, valve] = [pool.open(), pool.open()];
   * const [a, b] = await Promise.all([pump.push([1.5]), valve.push([0.2])]); // one kernel call for both
   */
  streams(options: StreamPoolOptions): StreamPool {
    return openStreams(this, options);
  }

  /** The outputs of one batch, in the model's order. */
  async predictOnBatch(x: ArrayInputs): Promise<NumericArray[]> {
    const batch = checkBatch(this, await arraysToBatch(this, x), { targets: false });
    return (await predictStep(this, batch)).map(({ output }) => output);
  }
}

export type { ModelOptions, SymbolicShape };
