import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { StateError } from "../../errors.ts";
import type { Backend, Storage } from "../backend.ts";
import { always, numbers, seeds, size } from "./compute.ts";

export function memoryLaws(makeBackend: () => Backend): void {
  let backend: Backend;
  let bytesEach: number;
  beforeEach(() => {
    backend = makeBackend();
    bytesEach = backend.precision === "float64" ? 8 : 4;
  });

  const numbersOf = async (storage: Storage): Promise<number[]> => Array.from(await backend.read(storage));

  test("step memory outside a step is refused, with the way out", () => {
    expect(backend.inStep).toBe(false);
    expect(() => backend.allocate(4)).toThrow(StateError);
    expect(() => backend.allocate(4)).toThrow(/step\(/);
  });

  test("a step hands back what its function returns, and its memory", () => {
    expect(backend.memory()).toMatchObject({ backend: backend.name, stepBytes: 0, peakStepBytes: 0 });
    const result = backend.step(() => {
      expect(backend.inStep).toBe(true);
      backend.allocate(1000);
      expect(backend.memory().stepBytes).toBeGreaterThanOrEqual(1000 * bytesEach);
      return "result";
    });
    expect(result).toBe("result");
    expect(backend.inStep).toBe(false);
    expect(backend.memory().stepBytes).toBe(0);
    expect(backend.memory().peakStepBytes).toBeGreaterThanOrEqual(1000 * bytesEach);
    expect(backend.memory().peakStepBytes).toBeLessThan(2000 * bytesEach);
  });

  test("storage of an ended step is refused everywhere, also while another step runs", async () => {
    const stale = backend.step(() => backend.allocate(3));
    const kept = backend.allocatePersistent(3);
    await expect(Promise.resolve().then(() => backend.read(stale))).rejects.toThrow(StateError);
    const uses: (() => unknown)[] = [
      () => backend.write(stale, [1, 2, 3]),
      () => backend.kernels.fill(stale, 1),
      () => backend.kernels.unary("tanh", stale, kept),
      () => backend.kernels.unary("tanh", kept, stale),
      () => backend.kernels.binary("add", kept, [1], stale, [1], kept, [3]),
    ];
    for (const use of uses) {
      expect(use).toThrow(StateError);
      expect(use).toThrow(/inside a step that has ended.*return it from the step/);
      backend.step(() => {
        backend.allocate(3); // stands where the stale storage stood
        expect(use).toThrow(StateError);
      });
    }
    expect(await numbersOf(kept)).toEqual([0, 0, 0]);
  });

  test("nested steps join the outer one", async () => {
    const numbersRead = await backend.step(() => {
      const inner = backend.step(() => {
        const storage = backend.allocate(2);
        backend.write(storage, [3, 4]);
        return storage;
      });
      expect(backend.inStep).toBe(true);
      expect(backend.memory().stepBytes).toBeGreaterThanOrEqual(2 * bytesEach);
      backend.kernels.unary("square", inner, inner);
      return backend.read(inner);
    });
    expect(Array.from(numbersRead)).toEqual([9, 16]);
    expect(backend.memory().stepBytes).toBe(0);
  });

  test("an exception inside a step, nested or not, closes it", async () => {
    const fail = (): never => {
      backend.allocate(10);
      throw new RangeError("on purpose");
    };
    expect(() => backend.step(fail)).toThrow("on purpose");
    expect(() => backend.step(() => backend.step(fail))).toThrow("on purpose");
    expect(backend.inStep).toBe(false);
    expect(backend.memory().stepBytes).toBe(0);
    backend.step(() => {
      expect(() => backend.step(fail)).toThrow("on purpose");
      expect(backend.inStep).toBe(true); // the outer step goes on
      backend.kernels.fill(backend.allocate(10), 1);
    });
    expect(backend.memory().stepBytes).toBe(0);
  });

  test("a scope gives back what was made in it while its step goes on, and leaves the rest alone", async () => {
    const read = await backend.step(() => {
      const total = backend.allocate(1000);
      backend.kernels.fill(total, 0);
      const bytes = backend.memory().stepBytes;
      for (let k = 1; k <= 10; k++) {
        const returned = backend.scope(() => {
          expect(backend.inStep).toBe(true);
          const part = backend.allocate(1000);
          backend.kernels.fill(part, k);
          backend.scope(() => backend.kernels.fill(backend.allocate(1000), Number.NaN));
          backend.kernels.binary("add", total, [1], part, [1], total, [1000]);
          return k;
        });
        expect(returned).toBe(k);
        expect(backend.memory().stepBytes).toBe(bytes);
      }
      const after = backend.allocate(1000); // stands where the scopes' storage stood
      backend.kernels.fill(after, Number.NaN);
      return backend.read(total);
    });
    expect(new Set(read)).toEqual(new Set([55]));
    const { stepBytes, peakStepBytes } = backend.memory();
    expect(stepBytes).toBe(0);
    expect(peakStepBytes).toBeGreaterThanOrEqual(3000 * bytesEach); // the total, a part, and the scope within
    expect(peakStepBytes).toBeLessThan(4000 * bytesEach);
  });

  test("storage of an ended scope is refused, in its step, in a later scope and after an exception", () => {
    backend.step(() => {
      const outer = backend.allocate(3);
      const stale: Storage[] = [];
      const fail = (): never => {
        stale.push(backend.allocate(3));
        throw new RangeError("on purpose");
      };
      expect(() => backend.scope(fail)).toThrow("on purpose");
      stale.push(backend.scope(() => backend.allocate(3)));
      for (const storage of stale) {
        expect(() => backend.kernels.unary("tanh", storage, outer)).toThrow(StateError);
        backend.scope(() => {
          backend.allocate(3);
          expect(() => backend.kernels.fill(storage, 1)).toThrow(StateError);
          backend.kernels.fill(outer, 1);
        });
      }
      expect(backend.inStep).toBe(true);
    });
    expect(backend.memory().stepBytes).toBe(0);
    expect(backend.scope(() => backend.inStep)).toBe(true); // outside a step it is one
    expect(backend.inStep).toBe(false);
  });

  test("host storage goes through scopes: read in several, written in one", async () => {
    const [constant, changed] = [backend.upload([1, 2, 3]), backend.upload([0, 0, 0])];
    backend.step(() => {
      for (let k = 0; k < 3; k++) {
        backend.scope(() => {
          backend.allocate(50 * k); // so that the copy lies elsewhere each time
          backend.kernels.binary("add", changed, [1], constant, [1], changed, [3]);
        });
      }
      backend.kernels.fill(backend.allocate(200), Number.NaN);
      backend.kernels.binary("add", changed, [1], constant, [1], changed, [3]);
    });
    expect(await numbersOf(changed)).toEqual([4, 8, 12]);
    expect(await numbersOf(constant)).toEqual([1, 2, 3]);
  });

  test("10,000 steps leave memory where the tenth left it", () => {
    const weights = backend.allocatePersistent(100);
    const constant = backend.upload(numbers(1).uniform(100));
    const train = (): void =>
      backend.step(() => {
        const [a, b] = [backend.allocate(100), backend.allocate(100)];
        backend.kernels.unary("tanh", constant, a);
        backend.kernels.binary("add", a, [1], weights, [1], b, [100]);
        backend.kernels.update("sgd", weights, b, [], [1e-3]);
      });
    for (let step = 0; step < 10; step++) train();
    const tenth = backend.memory();
    for (let step = 10; step < 10_000; step++) train();
    expect(backend.memory()).toEqual(tenth);
  });

  test("persistent storage starts at zero, takes writes at an offset, and outlives steps that grow memory", async () => {
    const kept = backend.allocatePersistent(6);
    backend.write(kept, [1, 2, 3], 2);
    backend.step(() => {
      const large = backend.allocate(3_000_000);
      backend.kernels.fill(large, 7);
      backend.kernels.copy(large, { offset: 2_999_999, strides: [] }, kept, { offset: 5, strides: [] }, [], false);
    });
    expect(await numbersOf(kept)).toEqual([0, 0, 1, 2, 3, 7]);
  });

  test("what goes in and what comes out are copies", async () => {
    const source = Float32Array.of(1, 2, 3);
    const constant = backend.upload(source);
    const kept = backend.allocatePersistent(3);
    backend.write(kept, source);
    source.fill(9);
    for (const storage of [constant, kept]) {
      (await backend.read(storage)).fill(8);
      expect(await numbersOf(storage)).toEqual([1, 2, 3]);
      expect(storage.length).toBe(3);
    }
  });

  test("kernels work on storage that outlives steps without a step around them", async () => {
    const [x, out] = [backend.upload([1, 2, 3]), backend.allocatePersistent(3)];
    backend.kernels.unary("square", x, out);
    expect(await numbersOf(out)).toEqual([1, 4, 9]);
    expect(backend.inStep).toBe(false);
    expect(backend.memory().stepBytes).toBe(0);
  });

  test("storages of one step never overlap, whatever their sizes", async () => {
    await always(fc.record({ sizes: fc.array(size(0, 100), { maxLength: 20 }), seed: seeds }), async ({ sizes, seed }) => {
      const make = numbers(seed);
      const data = sizes.map((n) => make.uniform(n));
      const reads = backend.step(() => {
        const storages = sizes.map((n, k) => (k % 2 === 0 ? backend.allocate(n) : backend.allocatePersistent(n)));
        for (const [k, storage] of storages.entries()) backend.write(storage, data[k]!);
        return storages.map((storage) => backend.read(storage));
      });
      const read = await Promise.all(reads);
      expect(read.map((values) => Array.from(values))).toEqual(data.map((values) => Array.from(values)));
    });
  });

  test("persistent storage is given back when nobody holds it any more", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const before = backend.memory().persistentBytes;
    (() => {
      for (let k = 0; k < 20; k++) backend.allocatePersistent(1000);
    })();
    expect(backend.memory().persistentBytes - before).toBeGreaterThanOrEqual(20_000 * bytesEach);
    for (let attempt = 0; attempt < 100 && backend.memory().persistentBytes > before; attempt++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(backend.memory().persistentBytes - before).toBeLessThanOrEqual(1000 * bytesEach); // a stack slot may still hold the last one
  });
}
