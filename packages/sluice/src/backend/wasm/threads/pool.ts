import { StateError } from "../../../errors.ts";
import { nodeModule } from "../host.ts";
import {
  CALL_NUMBERS,
  CALLS_AT,
  CONTROL_BYTES,
  FAILED,
  MESSAGE_AT,
  MESSAGE_UNITS,
  MOST_CALLS,
  PENDING,
  SCRATCH_AT,
  SLEEPERS,
  SPINS,
  STARTED,
  TICKET,
} from "./control.ts";
import type { Call, Team, WasmFunctions } from "./team.ts";
import { WORKER_SOURCE, type WorkerStart } from "./worker-source.ts";

/** Jobs are told apart by this many bits, above the eight that count their calls. */
const JOB_MASK = 0x7fffff;

/** Multiply-adds that a call is to have at least: some twenty microseconds, while waking a worker takes up to ten. */
const LEAST_WORK = 2 ** 20;

/** A call that has not ended after so long is given up with the worker that took it, unless the caller's own took long as well. */
const PATIENCE_MS = 30_000;
/** The patience is spent in this many waits, so that a process that was stopped for a while does not lose it at once. */
const WAITS = 30;
/** Calls of one job are of about one size: a worker that takes this many times as long as the caller did is dead. */
const TIMES_AS_LONG = 20;

/** A worker of Node or of a browser. */
interface Worker {
  terminate(): unknown;
}

/**
 * Workers on the memory of one backend. They start when there is work to share, so a program that never has one pays nothing, and
 * take part once they are up; the caller's thread takes calls as well and runs those that no worker has taken, so no job waits
 * for a worker to wake.
 */
export class ThreadPool implements Team {
  /** What ended the pool, or null while it lives. */
  problem: string | null = null;
  private readonly wasm: WasmFunctions;
  private readonly indices: ReadonlyMap<string, number>;
  private readonly start: Omit<WorkerStart, "thread">;
  readonly most: number;
  private readonly leastWork: number;
  private readonly patienceMs: number;
  private readonly cells: Int32Array;
  private readonly numbers: Float64Array;
  private workers: Worker[] | null = null;

  /** @param threads with the caller's. `wasm`: the exports of an instance of `module` on `memory`. `patienceMs`: see `PATIENCE_MS`. */
  constructor(
    threads: number,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    wasm: WasmFunctions,
    leastWork: number = LEAST_WORK,
    patienceMs: number = PATIENCE_MS,
  ) {
    this.wasm = wasm;
    this.indices = new Map(Object.keys(wasm).map((name, index) => [name, index]));
    this.start = { module, memory, control: new SharedArrayBuffer(CONTROL_BYTES) };
    this.cells = new Int32Array(this.start.control);
    this.numbers = new Float64Array(this.start.control);
    this.most = threads;
    this.leastWork = leastWork;
    this.patienceMs = patienceMs;
  }

  /** Threads that would take part in a job now, the caller's included; the first call starts the workers. */
  muster(): number {
    this.workers ??= this.hire();
    return this.running;
  }

  shares(work: number): boolean {
    return work >= 2 * this.leastWork;
  }

  partsFor(work: number): number {
    return this.shares(work) ? Math.min(Math.floor(work / this.leastWork), this.muster()) : 1;
  }

  /** Threads that are up, the caller's included. */
  get running(): number {
    return this.problem === null ? 1 + Atomics.load(this.cells, STARTED) : 1;
  }

  /** Microseconds from handing an empty call to every thread to having them all back, the median of many; null with one thread. */
  measureForkJoin(): number | null {
    const { running } = this;
    if (running === 1) return null;
    const calls = Array.from({ length: running }, (): Call => ["productScratch", 0]);
    const times = Array.from({ length: 201 }, () => {
      const start = performance.now();
      this.run(calls, 0);
      return (performance.now() - start) * 1000;
    });
    return times.sort((a, b) => a - b)[100] as number;
  }

  /** Starts the workers and gives them `patienceMs` to come up. */
  async ready(patienceMs = 5000): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (this.muster() < this.most && this.problem === null && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Ends the workers; from then on the caller's thread works alone. */
  stop(problem: string): void {
    this.problem ??= problem;
    for (const worker of this.workers ?? []) worker.terminate();
    this.workers = [];
  }

  run(calls: readonly Call[], scratchBytes: number): void {
    if (calls.length === 1 || this.problem !== null) {
      for (const [kernel, ...args] of calls) this.wasm[kernel]?.(...args);
      return;
    }
    for (let first = 0; first < calls.length; first += MOST_CALLS) {
      this.runJob(calls.slice(first, first + MOST_CALLS), scratchBytes);
    }
  }

  private runJob(calls: readonly Call[], scratchBytes: number): void {
    const { cells } = this;
    this.post(calls, scratchBytes);
    const began = performance.now();
    let problem: unknown = null;
    for (;;) {
      const ticket = Atomics.load(cells, TICKET);
      const left = ticket & 255;
      if (left === 0) break;
      if (Atomics.compareExchange(cells, TICKET, ticket, ticket - 1) !== ticket) continue;
      const [kernel, ...args] = calls[left - 1] as Call;
      try {
        this.wasm[kernel]?.(...args);
      } catch (error) {
        problem ??= error;
      }
      Atomics.sub(cells, PENDING, 1);
    }
    this.join(began);
    problem = this.takeFailure() ?? problem;
    if (problem !== null) throw problem;
  }

  /** Writes the job down, then publishes it and wakes as many sleepers as it can feed. */
  private post(calls: readonly Call[], scratchBytes: number): void {
    const { cells, numbers } = this;
    numbers[SCRATCH_AT / 8] = scratchBytes;
    calls.forEach(([kernel, ...args], k) => {
      const at = CALLS_AT / 8 + k * CALL_NUMBERS;
      numbers[at] = args.length;
      numbers[at + 1] = this.indices.get(kernel) as number;
      numbers.set(args, at + 2);
    });
    Atomics.store(cells, PENDING, calls.length);
    const job = ((Atomics.load(cells, TICKET) >>> 8) + 1) & JOB_MASK;
    Atomics.store(cells, TICKET, (job << 8) | calls.length);
    if (calls.length > 1 && Atomics.load(cells, SLEEPERS) > 0) Atomics.notify(cells, TICKET, calls.length - 1);
  }

  /** Waits for the calls that workers have taken. @throws {StateError} when one of them never ends. */
  private join(began: number): void {
    for (let i = 0; i < SPINS; i++) if (Atomics.load(this.cells, PENDING) === 0) return;
    const waitMs = Math.max(this.patienceMs, TIMES_AS_LONG * (performance.now() - began)) / WAITS;
    for (let waits = 0; waits < WAITS; ) {
      const pending = Atomics.load(this.cells, PENDING);
      if (pending === 0) return;
      waits = Atomics.wait(this.cells, PENDING, pending, waitMs) === "timed-out" ? waits + 1 : 0;
    }
    this.stop("a worker died in the middle of its work");
    throw new StateError(
      `Cannot finish this computation: a worker thread took a part of it and has not come back after ${Math.round((waitMs * WAITS) / 1000)} s, so it is dead. ` +
        "Its part is missing from the results. Compute again: this thread now works alone, with the same bits.",
    );
  }

  /** What the first call that failed on a worker said; null when none did. */
  private takeFailure(): Error | null {
    const length = Atomics.exchange(this.cells, FAILED, 0);
    if (length === 0) return null;
    const text = new Uint16Array(this.start.control, MESSAGE_AT, MESSAGE_UNITS).slice(0, length);
    return new Error(`internal: a kernel failed on a worker thread: ${String.fromCharCode(...text)}`);
  }

  private hire(): Worker[] {
    try {
      return Array.from({ length: this.most - 1 }, (_, k) =>
        startWorker({ ...this.start, thread: k + 1 }, (reason) => this.stop(`a worker stopped: ${reason}`)),
      );
    } catch (error) {
      this.problem = `workers cannot be started: ${error instanceof Error ? error.message : String(error)}`;
      return [];
    }
  }
}

interface NodeWorker extends Worker {
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "exit", listener: (code: number) => void): void;
  unref(): void;
}

interface NodeWorkerThreads {
  readonly Worker: new (source: string, options: object) => NodeWorker;
}

let workerUrl: string | null = null;

/** A worker on its way: of worker_threads in Node, where it keeps no process alive, else a Web Worker. */
function startWorker(start: WorkerStart, onProblem: (reason: string) => void): Worker {
  const threads = nodeModule<NodeWorkerThreads>("node:worker_threads");
  if (threads !== null) {
    // No flags and no environment: what the program preloads is not meant for these.
    const worker = new threads.Worker(WORKER_SOURCE, { eval: true, workerData: start, execArgv: [], env: {} });
    worker.on("error", ({ message }) => onProblem(message));
    worker.on("exit", (code) => onProblem(`it ended with code ${code}`));
    worker.unref();
    return worker;
  }
  workerUrl ??= URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
  const worker = new globalThis.Worker(workerUrl);
  worker.onerror = ({ message }) => onProblem(message);
  worker.postMessage(start);
  return worker;
}
