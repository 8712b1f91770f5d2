import type { HostArray, Storage } from "../backend/backend.ts";
import type { StepBackend } from "../backend/step-kernels.ts";
import { checkWeightType, type WeightType } from "../backend/weight-types.ts";
import { NumericError, ShapeError, ValueError } from "../errors.ts";
import type { StreamPlan } from "./plan.ts";
import { startOf } from "./plan-builder.ts";
import { readState, writeState } from "./stream-state.ts";

/** Options of `stream`. */
export interface StreamOptions {
  /** B, sequences that go on side by side, one row each. Default 1. */
  readonly batch?: number;
  /**
   * How the weights are kept: "float32" (the default, or what `quantize` chose), "float16", "bfloat16" or "int8". Fewer bytes
   * are faster where memory is the limit, and round the weights; biases stay float32. With "int8" what a product reads is
   * rounded to 16 bits too.
   */
  readonly weights?: WeightType;
}

/**
 * A model that reads a sequence one step at a time and remembers: `model.stream()` makes it. Its weights are those the model had
 * then; training the model further does not change them.
 */
export class Stream {
  /** Rows of each push. */
  readonly batch: number;
  /** Numbers of one row that a push reads. */
  readonly inputSize: number;
  /** Numbers of one row that a push gives. */
  readonly outputSize: number;
  private readonly plan: StreamPlan;
  private readonly input: LiveNumbers;
  private readonly output: LiveNumbers;

  constructor(plan: StreamPlan, batch: number) {
    this.plan = plan;
    this.batch = batch;
    this.inputSize = plan.input.width;
    this.outputSize = plan.output.width;
    this.input = new LiveNumbers(plan, plan.input);
    this.output = new LiveNumbers(plan, plan.output);
    this.reset();
  }

  /** How the weights are kept. */
  get weights(): WeightType {
    return this.plan.weights;
  }

  /**
   * One time step: x [batch · inputSize], row after row → [batch · outputSize]. The result is a view of the stream's own memory:
   * it holds until the next push, restore or reset; copy it with `.slice()` to keep it. Allocates nothing.
   * @throws {ShapeError} for another number of values; {NumericError} for NaN or ∞, which would stay in the state for ever;
   * {ValueError} for an index outside an embedding. Then the state is as before.
   * @example for (const x of readings) alarm(stream.push([x])[0]);
   */
  push(x: ArrayLike<number>): Float32Array {
    const { plan, batch } = this;
    checkStep(x, batch * this.inputSize, plan, batch);
    this.input.now().set(x);
    plan.run(batch);
    return this.output.float32();
  }

  /** What the stream remembers, as bytes to store or send: a safetensors file. @example await writeFile("pump-7.state", stream.state()); */
  state(): Uint8Array {
    const { states } = this.plan;
    const numbers = states.map(({ storage }) => Float32Array.from(this.plan.backend.steps.numbers(storage)));
    return writeState(states, numbers, this.batch);
  }

  /**
   * Goes on where the stream that gave the bytes stood.
   * @throws {FormatError} when they are damaged, or of another model or batch; then the state is as before.
   */
  restore(bytes: Uint8Array): void {
    const { states, backend } = this.plan;
    const given = readState(bytes, states, this.batch);
    states.forEach(({ storage }, k) => void backend.steps.numbers(storage).set(given[k] as Float32Array));
  }

  /** Forgets everything: the next push is the first of a sequence. */
  reset(): void {
    for (const part of this.plan.states) {
      const start = startOf(part); // first: memory may move
      const numbers = this.plan.backend.steps.numbers(part.storage);
      for (let k = 0; k < numbers.length; k++) numbers[k] = start[k % part.width] as number;
    }
  }
}

/** A view of a plan's memory, asked for again when the memory has moved. */
export class LiveNumbers {
  private readonly backend: StepBackend;
  private readonly storage: Storage;
  private view: HostArray;
  /** For float64 numbers, which leave in float32. */
  private readonly copy: Float32Array | null;

  constructor({ backend }: StreamPlan, { storage }: { readonly storage: Storage }) {
    this.backend = backend;
    this.storage = storage;
    this.view = backend.steps.numbers(storage);
    this.copy = this.view instanceof Float32Array ? null : new Float32Array(this.view.length);
  }

  now(): HostArray {
    if (this.view.length !== this.storage.length) this.view = this.backend.steps.numbers(this.storage);
    return this.view;
  }

  /** The same in float32: the memory itself, or a copy of float64 numbers. */
  float32(): Float32Array {
    const view = this.now();
    if (view instanceof Float32Array) return view;
    this.copy?.set(view);
    return this.copy as Float32Array;
  }
}

/** @throws as `Stream.push`. */
export function checkStep(x: ArrayLike<number>, size: number, { input, checks }: StreamPlan, rows: number): void {
  if (x.length !== size) {
    throw new ShapeError(
      `Cannot push ${x.length} numbers into a stream: one step is ${rows} rows of ${input.width}, so ${size}. Push one time step at a time, row after row.`,
    );
  }
  for (let k = 0; k < size; k++) {
    const value = x[k] as number;
    if (value - value !== 0) {
      throw new NumericError(
        `Cannot push ${value} (number ${k} of the step) into a stream: it would stay in its state for ever. Fill the gap first, or leave this step out.`,
      );
    }
  }
  for (let k = 0; k < checks.length; k++) (checks[k] as (numbers: ArrayLike<number>, rows: number) => void)(x, rows);
}

/** A model that can be streamed, and how its weights are kept by default. */
export interface Streamed {
  readonly name: string;
  readonly weightType: WeightType;
}

/** A stream on a plan of its own. See `Model.stream`. */
export function planStream(
  { name, weightType }: Streamed,
  { batch = 1, weights = weightType }: StreamOptions,
  plan: (rows: number, type: WeightType) => StreamPlan,
): Stream {
  checkRows(batch, "batch");
  return new Stream(plan(batch, checkWeightType(weights, `stream model "${name}"`)), batch);
}

/** @throws {ValueError} unless the number is whole and at least 1. */
export function checkRows(count: number, option: string): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new ValueError(`Cannot open a stream with ${option} ${count}: it is a whole number from 1 up.`);
}
