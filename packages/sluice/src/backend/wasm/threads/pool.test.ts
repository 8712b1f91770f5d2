import { afterEach, expect, test } from "vitest";
import { WasmMemory } from "../memory.ts";
import { compileKernels } from "../module.ts";
import { ThreadPool } from "./pool.ts";
import type { Call, WasmFunctions } from "./team.ts";

let pool: ThreadPool | null = null;
afterEach(() => pool?.stop("the test is over"));

async function startPool(threads: number): Promise<{ pool: ThreadPool; memory: WasmMemory }> {
  const memory = new WasmMemory(true);
  const module = compileKernels("simd", true) as WebAssembly.Module;
  const { exports } = new WebAssembly.Instance(module, { env: { memory: memory.wasm } });
  pool = new ThreadPool(threads, module, memory.wasm, exports as WasmFunctions, 1);
  await pool.ready();
  return { pool, memory };
}

test("every call of every job is made once, also with more calls than one job holds", async () => {
  const { pool, memory } = await startPool(3);
  for (const count of [2, 5, 255, 700]) {
    const counters = memory.allocatePersistent(count * 16);
    const ones = memory.allocatePersistent(1);
    memory.write(ones, [1]);
    const [at, one] = [memory.output(counters, count * 16), memory.input(ones, 1)];
    // counter += 1 for each call
    const calls = Array.from({ length: count }, (_, k): Call => {
      const counter = at + k * 64;
      return ["binaryAdd", counter, 0, 4, one, 0, 0, counter, 1, 1];
    });
    for (let job = 0; job < 50; job++) pool.run(calls, 0);
    const seen = memory.readSync(counters).filter((_, i) => i % 16 === 0);
    expect(new Set(seen)).toEqual(new Set([50]));
  }
});

test("a call that fails is an error of the job, on whichever thread it ran, and the pool goes on", async () => {
  const { pool, memory } = await startPool(2);
  const far = 2 ** 31; // beyond the memory
  const block = memory.allocatePersistent(16);
  const at = memory.output(block, 16);
  for (let round = 0; round < 20; round++) {
    expect(() =>
      pool.run(
        [
          ["fill", far, 1, 4],
          ["fill", far, 1, 4],
        ],
        0,
      ),
    ).toThrow(/out of bounds/);
    pool.run(
      [
        ["fill", at, round, 4],
        ["fill", at + 16, round, 4],
      ],
      0,
    );
    expect(Array.from(memory.readSync(block)).slice(0, 8)).toEqual(new Array(8).fill(round));
  }
});

test("each thread has scratch memory of its own", async () => {
  const { pool, memory } = await startPool(4);
  const bytes = 64 * 1024;
  const scratch = memory.scratch(bytes * 4);
  const n = 20_000;
  const outs = Array.from({ length: 8 }, () => memory.allocatePersistent(11));
  const x = memory.allocatePersistent(n * 11);
  memory.write(
    x,
    Float32Array.from({ length: n * 11 }, (_, i) => i % 7),
  );
  const calls = outs.map((out): Call => ["reduceSum", memory.input(x, n * 11), memory.output(out, 11), 1, n, 11, scratch]);
  for (let round = 0; round < 10; round++) pool.run(calls, bytes);
  const [first, ...others] = outs.map((out) => Array.from(memory.readSync(out)));
  for (const other of others) expect(other).toEqual(first);
});
