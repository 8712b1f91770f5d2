import { stepBackend } from "../backend/wasm/step-backend.ts";
import type { WeightType } from "../backend/weight-types.ts";
import { FormatError, ShapeError, ValueError } from "../errors.ts";
import { refusing } from "../formats/safetensors/model-texts.ts";
import { readModel } from "../formats/safetensors/read-model.ts";
import { makePlan, type StreamPlan } from "../streaming/plan.ts";
import type { StepForm } from "../streaming/step-forms.ts";
import { checkStep, LiveNumbers, planStream, type Stream, type StreamOptions } from "../streaming/stream.ts";
import { showShape, sizeOf } from "../tensor/shape.ts";
import type { NumericArray } from "../training/dataset.ts";
import { graphOf } from "./graph.ts";

/** Options of `loadModel`. */
export interface LoadOptions {
  /** The kinds of layers that the model may have: `[lstm, dense]`. What is not listed is not in the program. */
  readonly layers: readonly StepForm[];
  /** Takes weights that are NaN or infinite. Default false: such a file is refused. */
  readonly allowNonFinite?: boolean;
}

/** Options of `predict`. */
export interface InferencePredictOptions {
  /** Rows that are computed side by side. Default 32. */
  readonly batchSize?: number;
}

/**
 * The model that `saveModel` of the whole library kept, for predictions and streams alone. It runs models that can be streamed: one
 * input, one output, and layers that need one time step at a time.
 * @throws {FormatError} when the file is damaged, newer than this version, has a layer that is not listed in `layers`, or weights
 * that do not fit; {StateError} when the kernels do not run on this host.
 * @example
 * import { dense, loadModel, lstm } from "sluice/inference";
 * const model = await loadModel(bytes, { layers: [lstm, dense] });
 * const { data } = await model.predict({ shape: [1, 50, 16], data: history });
 * const stream = model.stream();
 * const [next] = stream.push(reading);
 */
export async function loadModel(file: Uint8Array, { layers, allowNonFinite = false }: LoadOptions): Promise<InferenceModel> {
  const { config, weightType, weight, unread } = readModel(file, allowNonFinite);
  const graph = graphOf(config, layers, weight, file.length);
  const backend = await stepBackend();
  const plan = (rows: number, type: WeightType): StreamPlan => makePlan(graph, backend, rows, type);
  const first = refusing(() => plan(1, weightType), "its configuration does not work"); // every weight is asked for and checked here
  const odd = unread();
  if (odd !== undefined)
    throw new FormatError(
      `Cannot load this model: its file has a weight "${odd}" that its configuration does not ask for. The file is damaged.`,
    );
  return new InferenceModel(config.name, graph.inputs[0] ?? [], weightType, plan, first);
}

/** Rows that are computed side by side, on a plan of their own. */
class Rows {
  readonly plan: StreamPlan;
  readonly step: Float32Array;
  private readonly input: LiveNumbers;
  private readonly output: LiveNumbers;

  constructor(plan: StreamPlan, capacity: number) {
    this.plan = plan;
    this.step = new Float32Array(capacity * plan.input.width);
    this.input = new LiveNumbers(plan, plan.input);
    this.output = new LiveNumbers(plan, plan.output);
  }

  reset(): void {
    for (const { storage } of this.plan.states) this.plan.backend.steps.numbers(storage).fill(0);
  }

  /** One time step of the first rows of `step`; the result holds until the next call. */
  run(rows: number): Float32Array {
    const size = rows * this.plan.input.width;
    const step = this.step.subarray(0, size);
    checkStep(step, size, this.plan, rows);
    this.input.now().set(step);
    this.plan.run(rows);
    return this.output.float32();
  }
}

/** A model for inference: `loadModel` makes it. */
export class InferenceModel {
  readonly name: string;
  /** Shape of the input, batch axis included; null is a size that may change. */
  readonly inputShape: readonly (number | null)[];
  /** How the file keeps the weights; what `predict` and `stream` compute with. */
  readonly weightType: WeightType;
  private readonly plan: (rows: number, type: WeightType) => StreamPlan;
  /** What `predict` runs on, by the number of rows. */
  private readonly batches: Map<number, Rows>;

  constructor(
    name: string,
    inputShape: readonly (number | null)[],
    weightType: WeightType,
    plan: (rows: number, type: WeightType) => StreamPlan,
    first: StreamPlan,
  ) {
    this.name = name;
    this.inputShape = inputShape;
    this.weightType = weightType;
    this.plan = plan;
    this.batches = new Map([[1, new Rows(first, 1)]]);
  }

  /**
   * The model reading one step at a time with its state kept, as `Model.stream` of the whole library.
   * @throws {ValueError} when `batch` is not a whole number from 1 up, or `weights` is unknown.
   * @example const [next] = model.stream().push([0.1, 0.2, 0.3]);
   */
  stream(options: StreamOptions = {}): Stream {
    return planStream(this, options, this.plan);
  }

  /**
   * The output for every example: x [N, T, …] → [N, …], or [N, T, …] when the model gives one for each step. It is what a stream gives
   * that is pushed the same steps, bit for bit.
   * @throws {ShapeError} when x does not fit; {NumericError} when it holds NaN or ∞.
   */
  async predict(x: NumericArray, { batchSize = 32 }: InferencePredictOptions = {}): Promise<NumericArray> {
    this.check(x, batchSize);
    const [N, T] = x.shape as [number, number];
    const batch = this.rowsFor(N === 1 ? 1 : batchSize);
    const { input, output } = batch.plan;
    const steps = output.sequence ? T : 1;
    const data = new Float32Array(N * steps * output.width);
    for (let first = 0; first < N; first += batchSize) {
      const rows = Math.min(batchSize, N - first);
      batch.reset();
      for (let t = 0; t < T; t++) {
        for (let b = 0; b < rows; b++) {
          const at = ((first + b) * T + t) * input.width;
          batch.step.set(x.data.subarray(at, at + input.width), b * input.width);
        }
        const y = batch.run(rows);
        if (!output.sequence && t < T - 1) continue;
        for (let b = 0; b < rows; b++) {
          const to = (first + b) * steps + (output.sequence ? t : 0);
          data.set(y.subarray(b * output.width, (b + 1) * output.width), to * output.width);
        }
      }
    }
    return { shape: [N, ...(output.sequence ? [T] : []), ...output.shape], data };
  }

  private rowsFor(count: number): Rows {
    const rows = this.batches.get(count) ?? new Rows(this.plan(count, this.weightType), count);
    this.batches.set(count, rows);
    return rows;
  }

  private check({ shape, data }: NumericArray, batchSize: number): void {
    const { name, inputShape } = this;
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new ValueError(`Cannot use batchSize ${batchSize}: it is a whole number from 1 up.`);
    const fits = shape.length === inputShape.length && inputShape.every((size, k) => size === null || size === shape[k]);
    if (!fits || shape[0] === 0 || shape[1] === 0 || sizeOf(shape) !== data.length) {
      throw new ShapeError(
        `Cannot run model "${name}" on shape ${showShape(shape)} with ${data.length} numbers: it reads ${showShape(inputShape)}, where ? is any ` +
          "size from 1 up and the first axis counts examples. Reshape the data.",
      );
    }
  }
}
