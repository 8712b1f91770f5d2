import { afterEach, describe, expect, test, vi } from "vitest";
import type { ThreadPool as Pool } from "./pool.ts";
import type { Call, WasmFunctions } from "./team.ts";

// The real worker, but it ends where it would run its first call.
vi.mock(import("./worker-source.ts"), async (real) => {
  const { WORKER_SOURCE } = await real();
  const dying = WORKER_SOURCE.replace("kernel(...values);", "process.exit(3);");
  if (dying === WORKER_SOURCE) throw new Error("the worker's program has changed: this test must follow it");
  return { WORKER_SOURCE: dying };
});

// The test's set-up has loaded the true worker: these modules are loaded again, with the one above.
vi.resetModules();
const [{ StateError }, { WasmMemory }, { compileKernels }, { ThreadPool }] = await Promise.all([
  import("../../../errors.ts"),
  import("../memory.ts"),
  import("../module.ts"),
  import("./pool.ts"),
]);

const pools: Pool[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.stop("the test is over");
});

/** A pool of two whose worker dies with its first call, and a job of products that it takes part in. */
async function startPool(patienceMs: number): Promise<{ pool: Pool; run: () => Float32Array }> {
  const memory = new WasmMemory(true);
  const module = compileKernels("simd", true) as WebAssembly.Module;
  const { exports } = new WebAssembly.Instance(module, { env: { memory: memory.wasm } });
  const pool = new ThreadPool(2, module, memory.wasm, exports as WasmFunctions, 1, patienceMs);
  pools.push(pool);
  await pool.ready();
  expect(pool.running).toBe(2);
  const [parts, width] = [16, 2_000_000];
  const out = memory.allocatePersistent(parts * 4);
  const ones = memory.allocatePersistent(width);
  memory.write(ones, new Float32Array(width).fill(1));
  // Sums long enough for the worker to wake during the first of them.
  const calls = Array.from({ length: parts }, (_, k): Call => {
    const scratch = memory.scratch(64);
    return ["reduceSum", memory.input(ones, width), memory.output(out, parts * 4) + 16 * k, 1, width, 1, scratch];
  });
  const run = (): Float32Array => {
    pool.run(calls, 0);
    return memory.readSync(out).filter((_, k) => k % 4 === 0);
  };
  return { pool, run };
}

describe("a worker that dies", () => {
  test("in the middle of a call: an error instead of waiting for ever, then one thread with the right results", async () => {
    const { pool, run } = await startPool(300);
    // A busy machine may wake the worker only after a job has ended; sooner or later it takes part in one.
    const untilItTakesPart = (): void => {
      for (let job = 0; job < 500; job++) run();
    };
    expect(untilItTakesPart).toThrow(StateError);
    expect(pool.problem).toBe("a worker died in the middle of its work");
    expect(pool.running).toBe(1);
    expect(pool.partsFor(1e9)).toBe(1);
    expect(new Set(run())).toEqual(new Set([2_000_000]));
  });

  test("between two jobs: the pool ends, and the next job does not need it", async () => {
    const { pool, run } = await startPool(60_000);
    const [worker] = (pool as unknown as { workers: { terminate(): Promise<number> }[] }).workers;
    await worker?.terminate();
    await expect.poll(() => pool.problem).toMatch(/a worker stopped: it ended with code 1/);
    expect(new Set(run())).toEqual(new Set([2_000_000]));
  });
});
