import fc from "fast-check";
import { expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import type { BinaryName, UnaryName, View } from "../kernels.ts";
import { BINARY, UNARY } from "../reference/functions.ts";
import { createReferenceBackend } from "../reference/index.ts";
import { always, compute, expectAgreement, expectClose, numbers, seeds, size } from "./compute.ts";

const UNARY_NAMES = Object.keys(UNARY) as UnaryName[];
const BINARY_NAMES = Object.keys(BINARY) as BinaryName[];

/** Where a function is drawn from; (−8, 8) unless it would leave its domain or its accuracy there. */
const DOMAINS: { readonly [Name in UnaryName]?: readonly [number, number] } = {
  sqrt: [0.01, 8],
  log: [0.01, 8],
  log1p: [-0.9, 8],
  reciprocal: [0.1, 8],
};

/** A few units in the last place of float32, of the value or of 1: vectorised polynomials, with slopes made from outputs. */
const FEW_ULPS = { rtol: 2e-6, atol: 1e-6 };

const SPECIAL = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e-45,
  -1e-45,
  1e-38,
  -1e-38,
  88,
  -88,
  104,
  -104,
  1e4,
  -1e4,
  3e38,
  -3e38,
  1,
  -1,
  0.5,
  -0.5,
  3,
  -3,
  6,
  -6,
];

export function elementwiseLaws(backend: Backend): void {
  test.each(UNARY_NAMES)("unary %s agrees with the reference, also in place", async (name) => {
    await always(
      fc.record({ n: size(), seed: seeds, inPlace: fc.boolean() }),
      async ({ n, seed, inPlace }) => {
        const make = numbers(seed);
        const arrays = { x: make.uniform(n, ...(DOMAINS[name] ?? [-8, 8])), out: make.output(n) };
        await expectAgreement(backend, arrays, (k, { x, out }) => k.unary(name, x, inPlace ? x : out), FEW_ULPS);
      },
      20,
    );
  });

  test.each(UNARY_NAMES)("unary %s meets its limits: NaN, ±∞, ±0, denormal, huge", async (name) => {
    const periodic = name === "sin" || name === "cos"; // no float32 method has digits left for huge arguments
    const x = Float32Array.from(
      periodic ? SPECIAL.filter((value) => !(Math.abs(value) >= 1e4) || !Number.isFinite(value)) : SPECIAL,
    );
    const arrays = { x, out: new Float32Array(x.length) };
    await expectAgreement(backend, arrays, (k, { x, out }) => k.unary(name, x, out), FEW_ULPS);
  });

  test.each(UNARY_NAMES)("unaryGradient %s agrees with the reference, also in place", async (name) => {
    await always(
      fc.record({ n: size(), seed: seeds, inPlace: fc.boolean() }),
      async ({ n, seed, inPlace }) => {
        const make = numbers(seed);
        const x = make.uniform(n, ...(DOMAINS[name] ?? [-8, 8]));
        const { y } = await compute(createReferenceBackend(), { x, y: make.output(n) }, (k, { x, y }) => k.unary(name, x, y));
        const arrays = { x, y: Float32Array.from(y), dy: make.uniform(n), dx: make.output(n) };
        const tolerance = { rtol: 1e-5, atol: 1e-6 }; // y carries a rounding of its own into the slope
        await expectAgreement(
          backend,
          arrays,
          (k, { x, y, dy, dx }) => k.unaryGradient(name, x, y, dy, inPlace ? dy : dx),
          tolerance,
        );
      },
      20,
    );
  });

  test.each(["relu", "relu6", "abs", "sign"] as const)("the slope of %s at its kink in 0 is 0", async (name) => {
    const arrays = {
      x: new Float32Array(5),
      y: new Float32Array(5),
      dy: new Float32Array(5).fill(1),
      dx: new Float32Array(5).fill(7),
    };
    const { dx } = await compute(backend, arrays, (k, { x, y, dy, dx }) => k.unaryGradient(name, x, y, dy, dx));
    expect(Array.from(dx, Math.abs)).toEqual([0, 0, 0, 0, 0]);
  });

  test.each(
    BINARY_NAMES,
  )("binary %s agrees with the reference under broadcast, transposed strides and in place", async (name) => {
    const domain = name === "power" || name === "divide" ? ([0.1, 4] as const) : ([-4, 4] as const);
    await always(binaryCases, async ({ shape, a, b, seed, inPlace }) => {
      const make = numbers(seed);
      const [aStrides, bStrides] = [stridesOf(shape, a), stridesOf(shape, b)];
      const arrays = {
        a: make.uniform(spanOf(shape, aStrides), ...domain),
        b: make.uniform(spanOf(shape, bStrides), ...domain),
        out: make.output(product(shape)),
      };
      if (name === "equal") arrays.b.set(arrays.a.subarray(0, Math.min(arrays.a.length, arrays.b.length)));
      const aIsDense = inPlace && a.axes.every((axis, k) => axis === k) && !a.broadcast.some(Boolean);
      await expectAgreement(
        backend,
        arrays,
        (k, { a, b, out }) => k.binary(name, a, aStrides, b, bStrides, aIsDense ? a : out, shape),
        { rtol: 4e-6, atol: 1e-7 }, // power: the rounding of b·log a, up to 5.5, stands in the exponent
      );
    });
  });

  test("power takes whole exponents of a negative base, minimum and maximum pass NaN on, comparisons with it are false", async () => {
    const a = Float32Array.of(-2, -2, -1.5, 0, 0, 2, Number.NaN, 1, -0, 4);
    const b = Float32Array.of(3, -2, 2, 0, 2, 0.5, 1, Number.NaN, 0, 4);
    for (const name of ["power", "minimum", "maximum", "less", "lessEqual", "equal"] as const) {
      // 1 ** NaN is NaN to JavaScript and 1 to IEEE 754: left open
      const [left, right] = name === "power" ? [a.subarray(0, 6), b.subarray(0, 6)] : [a, b];
      const arrays = { left, right, out: new Float32Array(left.length) };
      await expectAgreement(backend, arrays, (k, s) => k.binary(name, s.left, [1], s.right, [1], s.out, [left.length]), {
        rtol: 4e-6,
      });
    }
  });

  test("select picks by condition, lets no NaN through and works in place", async () => {
    await always(fc.record({ n: size(), seed: seeds, target: fc.constantFrom("a", "b", "out") }), async ({ n, seed, target }) => {
      const make = numbers(seed);
      const condition = make.below(n, 3).map((value) => value - 1);
      const arrays = {
        condition,
        a: make.uniform(n).map((value, i) => (condition[i] === 0 ? Number.NaN : value)),
        b: make.uniform(n).map((value, i) => (condition[i] === 0 ? value : Number.NaN)),
        out: make.output(n),
      };
      const results = await compute(backend, arrays, (k, s) => k.select(s.condition, s.a, s.b, s[target as "a" | "b" | "out"]));
      expectClose(
        results[target as "a" | "b" | "out"],
        Array.from(condition, (c, i) => (c === 0 ? arrays.b[i]! : arrays.a[i]!)),
        {},
        target,
      );
    });
  });

  test("fill writes every element and nothing else", async () => {
    await always(
      fc.record({ n: size(), value: fc.constantFrom(0, -0, 1.5, Number.POSITIVE_INFINITY, Number.NaN) }),
      async ({ n, value }) => {
        const arrays = { before: numbers(1).uniform(3), out: numbers(2).output(n), after: numbers(3).uniform(3) };
        await expectAgreement(backend, arrays, (k, { out }) => k.fill(out, value), {});
      },
    );
  });

  test("copy moves any view onto any view, replacing or adding, and touches nothing beside it", async () => {
    await always(
      fc.record({ shape: shapes, from: layouts, to: layouts, accumulate: fc.boolean(), seed: seeds }),
      async ({ shape, from, to, accumulate, seed }) => {
        const [xView, xLength] = viewOf(shape, from);
        const [outView, outLength] = viewOf(shape, { ...to, broadcast: [false, false, false, false] });
        const make = numbers(seed);
        const arrays = { x: make.uniform(xLength), out: make.uniform(outLength) };
        const oneRounding = { rtol: 1.2e-7, atol: 1.2e-7 };
        await expectAgreement(backend, arrays, (k, { x, out }) => k.copy(x, xView, out, outView, shape, accumulate), oneRounding);
      },
      300,
    );
  });

  test("dropoutMask gives the same bits on every backend", async () => {
    const keys = fc.record({
      seed: fc.integer({ min: 0, max: 2 ** 53 - 1 }),
      stream: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      step: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    });
    await always(
      fc.record({ n: size(0, 300), rate: fc.double({ min: 0, max: 0.999, noNaN: true }), key: keys }),
      async ({ n, rate, key }) => {
        await expectAgreement(backend, { out: numbers(1).output(n) }, (k, { out }) => k.dropoutMask(out, rate, key), {});
      },
    );
  });
}

/** How a dense array of a shape may lie in memory: `axes` orders the axes from outermost to innermost. */
interface Layout {
  readonly axes: readonly number[];
  readonly broadcast: readonly boolean[];
  readonly reverse: readonly boolean[];
  /** Elements left unused around each innermost step, and before the view. */
  readonly gap: number;
}

const shapes = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }),
  fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 2 }),
);
const flags = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });
const layouts: fc.Arbitrary<Layout> = fc.record({
  axes: fc.oneof(fc.constant([0, 1, 2, 3]), fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 })),
  broadcast: fc.oneof(fc.constant([false, false, false, false]), flags),
  reverse: fc.oneof(fc.constant([false, false, false, false]), flags),
  gap: fc.constantFrom(0, 0, 1, 3),
});
const binaryCases = fc.record({ shape: shapes, a: layouts, b: layouts, seed: seeds, inPlace: fc.boolean() });

function product(shape: readonly number[]): number {
  return shape.reduce((p, n) => p * n, 1);
}

/** Positive strides of a layout, without gaps; 0 on a broadcast axis. */
function stridesOf(shape: readonly number[], { axes, broadcast }: Layout): number[] {
  const strides = shape.map(() => 0);
  let stride = 1;
  for (const axis of axes.filter((axis) => axis < shape.length).reverse()) {
    if (broadcast[axis]) continue;
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Elements an array needs to be read through these strides. */
function spanOf(shape: readonly number[], strides: readonly number[]): number {
  return product(shape) === 0 ? 0 : 1 + shape.reduce((last, n, axis) => last + (n - 1) * Math.abs(strides[axis]!), 0);
}

/** A view with gaps and reversed axes, and the length of the storage that holds it. */
function viewOf(shape: readonly number[], layout: Layout): [View, number] {
  const wide = stridesOf(shape, layout).map((stride) => stride * (1 + layout.gap));
  const strides = wide.map((stride, axis) => (layout.reverse[axis] ? -stride : stride));
  const reversed = wide.reduce(
    (sum, stride, axis) => sum + (layout.reverse[axis] ? Math.max(shape[axis]! - 1, 0) * stride : 0),
    0,
  );
  return [{ offset: layout.gap + reversed, strides }, layout.gap + Math.max(spanOf(shape, wide), reversed) + layout.gap];
}
