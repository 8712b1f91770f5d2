import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "./errors.ts";
import { type WindowOptions, windowInputs, windows } from "./windows.ts";

/** The same by brute force: every row of every series is tried as the first target row. */
function naive({ series, past, future = [], targets, windowLength: L, horizon: H, stride = 1, strict = false }: WindowOptions) {
  const found: { series: number; row: number; past: number[]; future: number[]; y: number[] }[] = [];
  let skipped = 0;
  series.forEach((s, index) => {
    const [from, to] = [s.from ?? 0, Math.min(s.to ?? s.rows, s.rows)];
    const first = Math.max(L, strict ? from + L : from);
    for (let row = first; row + H <= to; row += stride) {
      const cut = (names: readonly string[], start: number, end: number) => {
        const out: number[] = [];
        for (let t = start; t < end; t++) for (const name of names) out.push(s.columns[name]?.[t] as number);
        return out;
      };
      const known = targets.every((name) => (s.observed?.[name] ?? []).slice(row, row + H).every((o) => o === 1));
      const window = {
        series: index,
        row,
        past: cut(past, row - L, row),
        future: cut(future, row, row + H),
        y: cut(targets, row, row + H),
      };
      if (known && ![...window.past, ...window.future, ...window.y].some(Number.isNaN)) found.push(window);
      else skipped++;
    }
  });
  return { found, skipped };
}

const cell = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: -99, max: 99 }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);
const source = fc.integer({ min: 0, max: 24 }).chain((rows) => {
  const values = (n: number) => fc.array(cell, { minLength: n, maxLength: n });
  return fc.record(
    {
      rows: fc.constant(rows),
      columns: fc
        .tuple(values(rows), values(rows), values(rows + 3))
        .map(([a, b, c]) => ({ a: Float32Array.from(a), b: Float64Array.from(b), c: Float32Array.from(c) })),
      observed: fc
        .array(fc.constantFrom(1, 1, 1, 1, 0), { minLength: rows, maxLength: rows })
        .map((o) => ({ a: Uint8Array.from(o) })),
      from: fc.integer({ min: 0, max: rows }),
      to: fc.integer({ min: 0, max: rows + 2 }),
    },
    { requiredKeys: ["rows", "columns"] },
  );
});
const cases = fc.record({
  series: fc.array(source, { maxLength: 4 }),
  past: fc.constantFrom(["a"], ["a", "b", "c"]),
  future: fc.constantFrom([], ["c"], ["c", "b"]),
  targets: fc.constantFrom(["a"], ["b", "a"]),
  windowLength: fc.integer({ min: 1, max: 6 }),
  horizon: fc.integer({ min: 1, max: 5 }),
  stride: fc.integer({ min: 1, max: 4 }),
  strict: fc.boolean(),
});

const series = [
  { rows: 6, columns: { y: Float32Array.of(0, 1, 2, 3, 4, 5), p: Float32Array.of(0, 10, 20, 30, 40, 50, 60, 70) } },
];

describe("windows", () => {
  test("reads the past, the known future and the targets", () => {
    const set = windows({ series, past: ["y", "p"], future: ["p"], targets: ["y"], windowLength: 3, horizon: 2 });
    expect(set.length).toBe(2);
    expect(set.batch(Int32Array.of(1, 0))).toEqual({
      x: [
        { shape: [2, 3, 2], data: Float32Array.of(1, 10, 2, 20, 3, 30, 0, 0, 1, 10, 2, 20) },
        { shape: [2, 2, 1], data: Float32Array.of(40, 50, 30, 40) },
      ],
      y: { shape: [2, 2, 1], data: Float32Array.of(4, 5, 3, 4) },
    });
  });

  test("equals the naive construction, for any series, parts, gaps and strides", () => {
    fc.assert(
      fc.property(cases, (options) => {
        const set = windows(options);
        const { found, skipped } = naive(options);
        expect([set.length, set.skipped]).toEqual([found.length, skipped]);
        found.forEach((window, i) => {
          expect(set.place(i)).toEqual({ series: window.series, row: window.row });
        });
        const { x, y } = set.batch(Int32Array.from(found, (_, i) => found.length - 1 - i));
        const arrays = [...(x as readonly { data: Float32Array }[]), y as { data: Float32Array }].map((a) => [...a.data]);
        const backwards = [...found].reverse();
        const expected = [backwards.flatMap((w) => w.past), backwards.flatMap((w) => w.future), backwards.flatMap((w) => w.y)];
        expect(arrays).toEqual(options.future.length > 0 ? expected : [expected[0], expected[2]]);
      }),
      { numRuns: 1000 },
    );
  });

  test("ten million rows are read in place", () => {
    const rows = 10_000_000;
    const y = Float32Array.from({ length: rows }, (_, i) => i % 1000);
    const set = windows({ series: [{ rows, columns: { y } }], past: ["y"], targets: ["y"], windowLength: 48, horizon: 12 });
    expect(set.length).toBe(rows - 59);
    expect(set.place(9_999_940)).toEqual({ series: 0, row: 9_999_988 });
    const before = process.memoryUsage();
    const { y: targets } = set.batch(Int32Array.of(9_999_940));
    expect((targets as { data: Float32Array }).data[0]).toBe(988);
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(1e6);
  });

  test("on a long series a window takes nothing, and a batch the numbers that it gives", () => {
    const rows = 2_000_000;
    const y = Float32Array.from({ length: rows }, (_, i) => (i % 100_003 === 5 ? Number.NaN : i));
    const held = () => process.memoryUsage().arrayBuffers;
    const size = fc.integer({ min: 1, max: 200 });
    const options = fc.record({ windowLength: size, horizon: size, stride: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(options, fc.array(fc.nat(), { minLength: 1, maxLength: 64 }), ({ windowLength, horizon, stride }, picks) => {
        const before = held();
        const set = windows({ series: [{ rows, columns: { y } }], past: ["y"], targets: ["y"], windowLength, horizon, stride });
        const cut = held();
        const indices = Int32Array.from(picks, (pick) => pick % set.length);
        for (let time = 0; time < 20; time++) set.batch(indices);
        expect(set.length).toBeGreaterThan(500_000);
        expect(cut - before).toBeLessThanOrEqual(1e5); // one number a window would be 2 MB at least
        expect(held() - cut).toBeLessThanOrEqual(20 * 4 * picks.length * (windowLength + horizon) + 1e5);
      }),
      { numRuns: 20 },
    );
  });

  test("refuses sizes, columns and places that are not there", () => {
    const options = { series, past: ["y"], targets: ["y"], windowLength: 3, horizon: 2 };
    expect(() => windows({ ...options, horizon: 0 })).toThrow("Cannot cut windows with horizon 0");
    expect(() => windows({ ...options, past: ["z"] })).toThrow('Series number 0 has no column "z". Its columns are "y", "p".');
    expect(() => windows({ ...options, series: [{ ...series[0], id: "s", rows: 9 } as never] })).toThrow(
      'Series "s": column "y" has 6 values for 9 rows',
    );
    expect(() => windows(options).batch(Int32Array.of(2))).toThrow("Cannot read window 2: there are 2");
  });
});

describe("windowInputs", () => {
  const options = { series, past: ["y"], future: ["p"], windowLength: 2, horizon: 2 };

  test("reads the inputs of a forecast from the end of a series", () => {
    expect(windowInputs(options, [{ series: 0, row: 6 }]).map((a) => [...a.data])).toEqual([
      [4, 5],
      [60, 70],
    ]);
  });

  test("says how far the future columns reach", () => {
    expect(() => windowInputs({ ...options, horizon: 3 }, [{ series: 0, row: 6 }])).toThrow(
      'column "p" is known for 2 steps ahead; the horizon is 3',
    );
    expect(() => windowInputs(options, [{ series: 0, row: 1 }])).toThrow(DataError);
  });
});
