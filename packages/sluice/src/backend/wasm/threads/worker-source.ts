import * as control from "./control.ts";

/** What a worker gets on its way. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  /** 1, 2, …; the caller's thread is 0. */
  readonly thread: number;
}

const layout = JSON.stringify(control);

/**
 * The whole program of a worker, as text: a bundler has no file to find. It takes calls of the running job until there are
 * none, looks out for the next job for a moment, then sleeps.
 */
export const WORKER_SOURCE: string = `"use strict";
const at = ${layout};
function serve(start) {
  const cells = new Int32Array(start.control);
  const numbers = new Float64Array(start.control);
  const text = new Uint16Array(start.control, at.MESSAGE_AT, at.MESSAGE_UNITS);
  const instance = new WebAssembly.Instance(start.module, { env: { memory: start.memory } });
  const kernels = Object.values(instance.exports);
  const fail = (error) => {
    const message = String(error).slice(0, at.MESSAGE_UNITS);
    if (Atomics.compareExchange(cells, at.FAILED, 0, message.length) === 0)
      for (let i = 0; i < message.length; i++) text[i] = message.charCodeAt(i);
  };
  Atomics.add(cells, at.STARTED, 1);
  for (;;) {
    let ticket = Atomics.load(cells, at.TICKET);
    for (let i = 0; (ticket & 255) === 0 && i < at.SPINS; i++) ticket = Atomics.load(cells, at.TICKET);
    const left = ticket & 255;
    if (left === 0) {
      Atomics.add(cells, at.SLEEPERS, 1);
      Atomics.wait(cells, at.TICKET, ticket);
      Atomics.sub(cells, at.SLEEPERS, 1);
      continue;
    }
    const first = at.CALLS_AT / 8 + (left - 1) * at.CALL_NUMBERS;
    const kernel = kernels[numbers[first + 1]];
    const values = Array.from(numbers.subarray(first + 2, first + 2 + numbers[first]));
    const scratchBytes = numbers[at.SCRATCH_AT / 8];
    if (scratchBytes > 0) values[values.length - 1] += start.thread * scratchBytes;
    if (Atomics.compareExchange(cells, at.TICKET, ticket, ticket - 1) !== ticket) continue;
    try {
      kernel(...values);
    } catch (error) {
      fail(error);
    }
    if (Atomics.sub(cells, at.PENDING, 1) === 1) Atomics.notify(cells, at.PENDING);
  }
}
const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
if (threads?.workerData?.control) serve(threads.workerData);
else self.onmessage = (event) => serve(event.data);
`;
