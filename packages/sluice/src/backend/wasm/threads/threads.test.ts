import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ValueError } from "../../../errors.ts";
import type { HostArray, Storage } from "../../backend.ts";
import { compute } from "../../testing/compute.ts";
import { kernelLaws } from "../../testing/kernel-laws.ts";
import { CELLS, expectSameWithoutGates, makeArrays, PLAIN, type RecurrentCase, runBoth } from "../../testing/recurrent-laws.ts";
import { chooseThreads } from "../host.ts";
import { loadWide } from "../module.ts";
import { allowRelaxedSimd } from "../testing/relaxed-simd.ts";
import { createWasmBackend, type WasmBackend } from "../wasm-backend.ts";
import { cut } from "./team.ts";

await allowRelaxedSimd();
await loadWide();

// More threads than this machine may have cores, and every kernel call worth sharing that is worth anything.
const COUNTS = [2, 3, 4, 16] as const;
const backends: WasmBackend[] = [];

function expectSameBits(actual: HostArray, expected: HostArray, name: string): void {
  expect(actual.length, name).toBe(expected.length);
  const wrong = expected.findIndex((value, i) => !Object.is(value, actual[i]));
  if (wrong >= 0) expect.fail(`${name}[${wrong}] is ${actual[wrong]}, not ${expected[wrong]}`);
}

async function start(threads: number, variant: "simd" | "relaxed" | "wide" = "relaxed", leastWork = 1): Promise<WasmBackend> {
  const backend = createWasmBackend({ variant, threads, leastWork });
  backends.push(backend);
  await backend.ready();
  return backend;
}

afterAll(() => {
  for (const backend of backends) backend.shutdown();
});

kernelLaws("wasm (relaxed) on 4 threads", () => {
  const backend = createWasmBackend({ variant: "relaxed", threads: 4, leastWork: 1 });
  backends.push(backend);
  void backend.ready();
  return backend;
});

describe.each(["simd", "relaxed", "wide"] as const)("the same bits on any number of threads: %s", (variant) => {
  const many: WasmBackend[] = [];
  let alone: WasmBackend;
  beforeAll(async () => {
    alone = createWasmBackend({ variant, threads: 1 });
    for (const threads of COUNTS) many.push(await start(threads, variant));
  });

  // Sizes that no thread count divides, beyond one block in some directions, with held steps.
  const sizes = [
    { T: 5, B: 7, I: 3, H: 21 },
    { T: 4, B: 13, I: 9, H: 70 },
    { T: 3, B: 1, I: 2, H: 5 },
    { T: 9, B: 33, I: 40, H: 130 },
  ];
  async function expectSameRuns(one: RecurrentCase): Promise<void> {
    const arrays = makeArrays(one);
    const expected = await compute(alone, arrays, runBoth(one));
    for (const backend of many) {
      const actual = await compute(backend, arrays, runBoth(one));
      for (const [name, values] of Object.entries(expected)) {
        if (values) expectSameBits(actual[name as keyof typeof actual] as HostArray, values, name);
      }
      await expectSameWithoutGates(alone, backend, one);
    }
  }

  test.each(CELLS)("%s, forward and backward", async (cell) => {
    for (const size of sizes) await expectSameRuns({ ...PLAIN, ...size, cell, masked: "holes" });
  });

  test("lstm with weights so large that threads share the units", async () => {
    await expectSameRuns({ ...PLAIN, T: 3, B: 5, I: 7, H: 530, cell: "lstm", masked: "holes" });
  });

  test.each(CELLS)("%s over many chunks of steps", async (cell) => {
    await expectSameRuns({ ...PLAIN, T: 40, B: 33, I: 2, H: 21, cell, masked: "holes" });
  });

  test("products in all forms, updates and functions of elements", () => {
    const wave = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(1.7 * i + 0.3));
    const run = (backend: WasmBackend): number[][] => {
      const { kernels } = backend;
      const results: Storage[] = [];
      for (const [M, N, K, batch] of [
        [19, 37, 41, 1],
        [5, 17, 9, 7],
        [3, 600, 5, 2],
        [70, 1, 300, 1],
      ] as const) {
        for (const transposeA of [false, true]) {
          for (const transposeB of [false, true]) {
            const out = backend.upload(wave(batch * M * N));
            const [a, b] = [backend.upload(wave(batch * M * K)), backend.upload(wave(batch * K * N))];
            kernels.matmul(a, b, out, { M, N, K, transposeA, transposeB, batch, accumulate: transposeA });
            results.push(out);
          }
        }
      }
      const [p, m, v] = [backend.upload(wave(1003)), backend.upload(wave(1003)), backend.upload(wave(1003).map(Math.abs))];
      kernels.update("adam", p, backend.upload(wave(1003)), [m, v], [0.01, 0.9, 0.999, 1e-7, 0.001]);
      const y = backend.upload(wave(1003));
      kernels.unary("tanh", p, y);
      kernels.unaryGradient("tanh", p, y, m, m);
      kernels.binary("multiply", m, [1], y, [1], y, [1003]);
      kernels.binary("add", y, [1], backend.upload([0.5]), [0], v, [1003]);
      return [...results, p, m, v, y].map((storage) => Array.from(backend.readSync(storage)));
    };
    const expected = run(alone);
    for (const backend of many) expect(run(backend)).toEqual(expected);
  });
});

describe("worker threads", () => {
  test("are counted, timed and named in the report; the bits stay the same after they are gone", async () => {
    const backend = await start(3);
    expect(backend.report()).toMatchObject({ threads: 3, threadsRunning: 3, threadsReason: "asked for" });
    expect(backend.report().forkJoinUs).toBeGreaterThan(0);
    const x = backend.upload(Float32Array.from({ length: 999 }, (_, i) => i / 100 - 5));
    const [before, after] = [backend.upload(new Float32Array(999)), backend.upload(new Float32Array(999))];
    backend.kernels.unary("sigmoid", x, before);
    backend.shutdown();
    backend.kernels.unary("sigmoid", x, after);
    expect(backend.readSync(after)).toEqual(backend.readSync(before));
    expect(backend.report()).toMatchObject({ threads: 1, threadsRunning: 1, threadsReason: "the workers were shut down" });
  });

  test("start with the first large work, not before", () => {
    const backend = createWasmBackend({ threads: 2 });
    backends.push(backend);
    expect(backend.report()).toMatchObject({ threads: 2, threadsRunning: 1, forkJoinUs: null });
    const x = backend.upload(new Float32Array(100));
    backend.kernels.unary("tanh", x, x);
    expect(backend.report().threadsRunning).toBe(1);
  });

  test("see memory that has grown since they started", async () => {
    const backend = await start(4);
    for (const n of [1000, 3_000_000, 9_000_001]) {
      const x = backend.allocatePersistent(n);
      backend.kernels.fill(x, 3);
      backend.kernels.unary("square", x, x);
      expect(new Set(backend.readSync(x))).toEqual(new Set([9]));
    }
  });

  test("a number of threads that cannot be is refused with the way out", () => {
    for (const threads of [0, 65, 1.5, Number.NaN]) expect(() => createWasmBackend({ threads })).toThrow(ValueError);
    expect(() => createWasmBackend({ threads: 0 })).toThrow(/threads = 0.*from 1 to 64/);
    process.env.SLUICE_THREADS = "many";
    try {
      expect(() => createWasmBackend()).toThrow(/SLUICE_THREADS = NaN/);
      process.env.SLUICE_THREADS = "3";
      expect(chooseThreads(undefined)).toEqual({ threads: 3, why: "SLUICE_THREADS" });
      expect(chooseThreads(2)).toEqual({ threads: 2, why: "asked for" });
    } finally {
      delete process.env.SLUICE_THREADS;
    }
    expect(chooseThreads(undefined).threads).toBeGreaterThanOrEqual(1);
  });
});

describe("cut", () => {
  test.each([
    [10, 3, 1],
    [100, 7, 16],
    [5, 16, 1],
    [17, 2, 16],
    [0, 4, 1],
    [1, 1, 1],
  ])("%i in %i parts at multiples of %i covers everything once, in order", (n, parts, unit) => {
    const runs = cut(n, parts, unit);
    expect(runs.length).toBeLessThanOrEqual(parts);
    let next = 0;
    for (const [from, to] of runs) {
      expect(from).toBe(next);
      expect(from % unit).toBe(0);
      expect(to).toBeGreaterThan(from);
      next = to;
    }
    expect(next).toBe(n);
    const lengths = runs.map(([from, to]) => Math.ceil((to - from) / unit));
    if (n > 0) expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
  });
});
