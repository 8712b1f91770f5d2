import type { HostArray } from "../backend/backend.ts";
import { checkWeightType, type WeightType } from "../backend/weight-types.ts";
import { StateError, ValueError } from "../errors.ts";
import type { Network } from "../models/network.ts";
import type { StreamPlan } from "./plan.ts";
import { startOf } from "./plan-builder.ts";
import { planNetwork } from "./plan-network.ts";
import { checkRows, checkStep, LiveNumbers } from "./stream.ts";
import { readState, writeState } from "./stream-state.ts";

/** Options of `streamPool`. */
export interface StreamPoolOptions {
  /** Most streams that are open at once. */
  readonly capacity: number;
  /** Most streams that one kernel call steps; more run in several. Default 32, or the capacity if that is smaller. */
  readonly batch?: number;
  /** How the weights are kept: see `StreamOptions`. */
  readonly weights?: WeightType;
}

/** One time step of one stream. */
export type PoolStep = readonly [stream: PooledStream, x: ArrayLike<number>];

interface Waiting {
  readonly stream: PooledStream;
  readonly x: ArrayLike<number>;
  readonly resolve: (output: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Many independent streams on one model: the weights are shared, each stream has its own state, and streams that are ready
 * together are stepped together. What a stream gives is, bit for bit, what it would give alone. `model.streams()` makes it.
 */
export class StreamPool {
  readonly capacity: number;
  private readonly plan: StreamPlan;
  private readonly batch: number;
  private readonly input: LiveNumbers;
  private readonly output: LiveNumbers;
  private readonly states: readonly LiveNumbers[];
  private waiting: Waiting[] = [];
  private openCount = 0;

  constructor(plan: StreamPlan, capacity: number, batch: number) {
    this.plan = plan;
    this.capacity = capacity;
    this.batch = batch;
    this.input = new LiveNumbers(plan, plan.input);
    this.output = new LiveNumbers(plan, plan.output);
    this.states = plan.states.map((part) => new LiveNumbers(plan, part));
  }

  /** Streams that are open now. */
  get size(): number {
    return this.openCount;
  }

  /**
   * A stream that begins with nothing remembered.
   * @throws {StateError} when `capacity` streams are open.
   */
  open(): PooledStream {
    if (this.openCount >= this.capacity) {
      throw new StateError(
        `Cannot open another stream: ${this.openCount} are open, which is the pool's capacity. Close one with stream.close(), or make the pool larger.`,
      );
    }
    this.openCount++;
    return new PooledStream(this, this.plan);
  }

  /**
   * One time step of each of several streams, in as few kernel calls as possible. The results stand in `stream.output`.
   * @throws as `Stream.push`, and {ValueError} for a stream that stands twice; then no state has changed.
   * @example pool.step([[pump, [1.5]], [valve, [0.2]]]); // then pump.output, valve.output
   */
  step(ready: readonly PoolStep[]): void {
    const seen = new Set<PooledStream>();
    for (const [stream, x] of ready) {
      stream.check(this, x);
      if (seen.has(stream))
        throw new ValueError("Cannot step one stream twice in one call: its second step needs the result of the first.");
      seen.add(stream);
    }
    for (let first = 0; first < ready.length; first += this.batch)
      this.stepRows(ready, first, Math.min(this.batch, ready.length - first));
  }

  private stepRows(ready: readonly PoolStep[], first: number, rows: number): void {
    for (let row = 0; row < rows; row++) {
      const [stream, x] = ready[first + row] as PoolStep;
      putRow(x, this.input.now(), row, this.plan.input.width);
      for (let k = 0; k < this.states.length; k++) {
        const part = stream.memory[k] as Float32Array;
        putRow(part, (this.states[k] as LiveNumbers).now(), row, part.length);
      }
    }
    this.plan.run(rows);
    for (let row = 0; row < rows; row++) {
      const [stream] = ready[first + row] as PoolStep;
      takeRow(this.output.now(), row, stream.output);
      for (let k = 0; k < this.states.length; k++) {
        takeRow((this.states[k] as LiveNumbers).now(), row, stream.memory[k] as Float32Array);
      }
    }
  }

  /** Keeps a step for the end of this turn of the event loop, where all that are ready run together. */
  enqueue(step: Waiting): void {
    if (this.waiting.length === 0) queueMicrotask(() => this.flush());
    this.waiting.push(step);
  }

  private flush(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (let rest = waiting; rest.length > 0; ) {
      const now = new Map<PooledStream, Waiting>();
      const later: Waiting[] = [];
      for (const each of rest) {
        if (now.has(each.stream)) later.push(each);
        else now.set(each.stream, each);
      }
      const round = [...now.values()];
      try {
        this.step(round.map(({ stream, x }) => [stream, x] as const));
        for (const { resolve, stream } of round) resolve(later.length > 0 ? stream.output.slice() : stream.output);
      } catch (error) {
        for (const { reject } of round) reject(error);
      }
      rest = later;
    }
  }

  /** Called by `PooledStream.close`. */
  release(): void {
    this.openCount--;
  }
}

function putRow(from: ArrayLike<number>, to: HostArray, row: number, width: number): void {
  for (let k = 0; k < width; k++) to[row * width + k] = from[k] as number;
}

function takeRow(from: HostArray, row: number, to: Float32Array): void {
  for (let k = 0; k < to.length; k++) to[k] = from[row * to.length + k] as number;
}

/** One sequence of a `StreamPool`. */
export class PooledStream {
  /** What the last step gave; overwritten by the next one. */
  readonly output: Float32Array;
  /** What it remembers, one array for each part of the state. */
  readonly memory: readonly Float32Array[];
  private readonly pool: StreamPool;
  private readonly plan: StreamPlan;
  private closed = false;

  constructor(pool: StreamPool, plan: StreamPlan) {
    this.pool = pool;
    this.plan = plan;
    this.output = new Float32Array(plan.output.width);
    this.memory = plan.states.map((part) => Float32Array.from(startOf(part)));
  }

  /**
   * One time step, run together with those of other streams that are pushed in the same turn of the event loop. Several
   * pushes to one stream run in their order. The result is `stream.output`: copy it to keep it beyond the next step.
   * @throws as `Stream.push`, by rejecting; then the state is as before.
   */
  push(x: ArrayLike<number>): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.check(this.pool, x);
      this.pool.enqueue({ stream: this, x: Float64Array.from(x), resolve, reject });
    });
  }

  /** What the stream remembers, as bytes; a `Stream` of the same model with batch 1 takes them too. */
  state(): Uint8Array {
    return writeState(this.plan.states, this.memory, 1);
  }

  /** Goes on where the stream that gave the bytes stood. @throws {FormatError} as `Stream.restore`. */
  restore(bytes: Uint8Array): void {
    const given = readState(bytes, this.plan.states, 1);
    this.memory.forEach((part, k) => void part.set(given[k] as Float32Array));
  }

  /** Forgets everything. */
  reset(): void {
    this.plan.states.forEach((part, k) => void this.memory[k]?.set(startOf(part)));
  }

  /** Gives its place in the pool back; a second call does nothing. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.pool.release();
  }

  /** @throws as `Stream.push`; {StateError} when the stream is closed or of another pool. */
  check(pool: StreamPool, x: ArrayLike<number>): void {
    if (this.closed || pool !== this.pool) {
      throw new StateError(
        `Cannot step this stream: ${this.closed ? "it is closed" : "it belongs to another pool"}. Open one with pool.open().`,
      );
    }
    checkStep(x, this.plan.input.width, this.plan, 1);
  }
}

/** See `Model.streams`. */
export function openStreams(
  network: Network,
  { capacity, batch = Math.min(capacity, 32), weights }: StreamPoolOptions,
): StreamPool {
  checkRows(capacity, "capacity");
  checkRows(batch, "batch");
  const type = checkWeightType(weights ?? network.weightType, `stream model "${network.name}"`);
  return new StreamPool(planNetwork(network, batch, type), capacity, batch);
}
