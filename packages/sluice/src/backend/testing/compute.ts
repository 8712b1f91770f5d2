import fc from "fast-check";
import { expect } from "vitest";
import { RandomStream } from "../../random/philox.ts";
import type { Backend, HostArray, Storage } from "../backend.ts";
import type { Kernels } from "../kernels.ts";
import { createReferenceBackend } from "../reference/index.ts";

/** Named numbers a kernel works on; null where the contract allows a missing array. */
type Arrays = Readonly<Record<string, Float32Array | null>>;
type Storages<A extends Arrays> = { readonly [Key in keyof A]: Storage | Extract<A[Key], null> };
type Results<A extends Arrays> = { readonly [Key in keyof A]: HostArray };
export type KernelCall<A extends Arrays> = (kernels: Kernels, storages: Storages<A>) => void;

/** |actual − expected| ≤ atol + rtol·|expected|. */
export interface Tolerance {
  readonly rtol?: number;
  readonly atol?: number;
}

/** Half a unit in the last place of 1: the largest relative error of one float32 rounding. */
export const FLOAT32_ROUNDING: number = 2 ** -24;

/** Runs a kernel on copies of `arrays`, spread over step, persistent and host storage, and reads all of them back. */
export async function compute<A extends Arrays>(backend: Backend, arrays: A, call: KernelCall<A>): Promise<Results<A>> {
  const names = Object.keys(arrays);
  const reads = backend.step(() => {
    const storages = Object.fromEntries(names.map((name, k) => [name, store(backend, arrays[name]!, k)]));
    call(backend.kernels, storages as Storages<A>);
    return names.map((name) => storages[name] && backend.read(storages[name]));
  });
  const numbers = await Promise.all(reads);
  return Object.fromEntries(names.map((name, k) => [name, numbers[k]])) as Results<A>;
}

function store(backend: Backend, data: Float32Array | null, k: number): Storage | null {
  if (data === null) return null;
  if (k % 3 === 1) return backend.upload(data);
  const storage = k % 3 === 0 ? backend.allocate(data.length) : backend.allocatePersistent(data.length);
  backend.write(storage, data);
  return storage;
}

/**
 * The heart of the laws: a backend and the float64 reference, given the same float32 numbers, leave the same numbers in every
 * array, those the kernel had only to read included.
 */
export async function expectAgreement<A extends Arrays>(
  backend: Backend,
  arrays: A,
  call: KernelCall<A>,
  tolerance: Tolerance,
): Promise<void> {
  const actual = await compute(backend, arrays, call);
  const expected = await compute(createReferenceBackend(), arrays, call);
  for (const name of Object.keys(arrays)) {
    if (arrays[name]) expectClose(actual[name]!, expected[name]!, tolerance, name);
  }
}

/** Elementwise closeness; NaN meets NaN, and a number too large for float32 meets ∞. */
export function expectClose(
  actual: HostArray,
  expected: ArrayLike<number>,
  { rtol = 0, atol = 0 }: Tolerance,
  name: string,
): void {
  expect(actual.length, `length of ${name}`).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    const a = actual[i]!;
    const e = actual instanceof Float32Array ? Math.fround(expected[i]!) : expected[i]!;
    if (a === e || (Number.isNaN(a) && Number.isNaN(e)) || Math.abs(a - e) <= atol + rtol * Math.abs(e)) continue;
    expect.fail(`${name}[${i}] of ${actual.length} is ${a}, not ${e} ± ${atol + rtol * Math.abs(e)}`);
  }
}

export function maxAbs(x: ArrayLike<number>): number {
  return Array.from(x).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}

/** A source of float32 numbers for one case; the case's seed is the only thing fast-check has to shrink. */
export interface Numbers {
  /** `length` numbers, uniform in [low, high). */
  uniform(length: number, low?: number, high?: number): Float32Array;
  /** `length` whole numbers below `limit`. */
  below(length: number, limit: number): Float32Array;
  /** Room for a kernel's output: NaN, so that a number it failed to write shows. */
  output(length: number): Float32Array;
}

export function numbers(seed: number): Numbers {
  const stream = new RandomStream({ seed, stream: 0, step: 0 });
  return {
    uniform: (length, low = -1, high = 1) => Float32Array.from({ length }, () => low + (high - low) * stream.uniform()),
    below: (length, limit) => Float32Array.from({ length }, () => stream.below(limit)),
    output: (length) => new Float32Array(length).fill(Number.NaN),
  };
}

/** A size: mostly small, up to 70, so that tiles of 4, 8, 16, 32 and 64 are met full, cut and exceeded by a few. */
export function size(min = 0, max = 70): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min, max: Math.min(max, min + 9) }), fc.integer({ min, max }));
}

export const seeds: fc.Arbitrary<number> = fc.integer({ min: 0, max: 2 ** 31 });

/** Checks a property on `runs` cases, the same ones every time. */
export function always<T>(cases: fc.Arbitrary<T>, law: (value: T) => Promise<void>, runs = 60): Promise<void> {
  return fc.assert(fc.asyncProperty(cases, law), { seed: 1997, numRuns: runs });
}
