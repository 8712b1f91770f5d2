import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { getBackend, init } from "../backend/index.ts";
import type { GridLayer, GridOptions } from "../layers/grid-layer.ts";
import { bidirectional, gridLstmNd, highway, type Layer, lstm, mdLstm, multiDirectional, residual } from "../layers/index.ts";
import { scan } from "../layers/scan.ts";
import { maskFor, prepared } from "../layers/testing/recurrent-samples.ts";
import { sequential } from "../models/sequential.ts";
import { sizeOf } from "../tensor/shape.ts";
import { inStep, type Tensor, tensor } from "../tensor/tensor.ts";
import { expectClose } from "../testing/oracle.ts";
import type { PlainArray } from "./subject.ts";
import { type GateRange, gateCases } from "./testing/gate-cases.ts";
import { at, random } from "./testing/samples.ts";
import { type Trace, trace } from "./trace.ts";

await init({ backend: "wasm" });

const inRange: Readonly<Record<GateRange, (value: number) => boolean>> = {
  sigmoid: (v) => v > 0 && v < 1,
  unit: (v) => v >= 0 && v <= 1,
  tanh: (v) => v >= -1 && v <= 1,
  twice: (v) => v > -2 && v < 2,
  positive: (v) => v > 0,
  any: Number.isFinite,
};

const samples = fc.record({
  B: fc.integer({ min: 1, max: 3 }),
  T: fc.integer({ min: 1, max: 4 }),
  I: fc.integer({ min: 1, max: 3 }),
  units: fc.integer({ min: 1, max: 3 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
  goBackwards: fc.boolean(),
  masked: fc.boolean(),
});

/** The state after step t, as tensors again. */
function stateAt({ states, rows, steps }: Trace, t: number, like: Tensor): Record<string, Tensor> {
  const part = ({ shape, data }: PlainArray): Tensor => {
    const width = sizeOf(shape.slice(2));
    const values = Array.from({ length: rows }, (_, b) => data.slice((b * steps + t) * width, (b * steps + t + 1) * width));
    return tensor(values.flat(), [rows, ...shape.slice(2)], { backend: like.backend });
  };
  return Object.fromEntries(Object.entries(states).map(([name, array]) => [name, part(array)]));
}

describe.each([
  { backendName: "reference", tolerance: { rtol: 1e-10, atol: 1e-10 } },
  { backendName: "wasm", tolerance: { rtol: 2e-4, atol: 2e-5 } }, // a fused run adds up in another order
] as const)("traces on $backendName", ({ backendName, tolerance }) => {
  const backend = getBackend(backendName);

  test.each(gateCases())("of $name are its gates, states and outputs", ({ make, gates, frame = [] }) => {
    const check = ({ B, T, I, units, seed, goBackwards, masked }: typeof samples extends fc.Arbitrary<infer S> ? S : never) => {
      const x = random([B, T, ...frame, I], seed, backendName);
      const mask = masked ? maskFor({ B, T, I, seed, options: { units } }, backend) : null;
      const uses = mask?.dataSync() ?? null;
      const layer = prepared(make({ units, goBackwards, backend: backendName }), { I, frame, seed }, backend);
      const before = layer.forward(x, { mask });
      const traced = trace(layer, x, { mask });
      const after = layer.forward(x, { mask });
      expect(after.output.dataSync(), "tracing leaves the layer as it was").toEqual(before.output.dataSync());

      expect(Object.keys(traced.gates).toSorted()).toEqual(Object.keys(gates).toSorted());
      for (const [name, { shape, data }] of Object.entries(traced.gates)) {
        expect(shape.slice(0, 2)).toEqual([B, T]);
        const holds = inRange[gates[name] as GateRange];
        const width = sizeOf(shape.slice(2));
        const bad = data.findIndex((v, k) => (uses?.[Math.floor(k / width)] === 0 ? !Number.isNaN(v) : !holds(v)));
        expect(bad, `${name} = ${data[bad]}`).toBe(-1);
      }

      const last = stateAt(traced, goBackwards ? 0 : T - 1, x);
      for (const [name, part] of Object.entries(before.state)) {
        expectClose((last[name] as Tensor).dataSync(), part.dataSync(), tolerance, `final ${name}`);
      }
      const start = inStep(backend, () => layer.startingState(B));
      const unseen = scan((now, state) => layer.cell.step(now, state), start, x, {
        mask,
        goBackwards,
        output: (state) => layer.cell.output(state),
      });
      for (const [name, part] of Object.entries(unseen.state)) {
        expect((last[name] as Tensor).dataSync(), `${name}, bit for bit`).toEqual(part.dataSync());
      }
      const width = before.output.size / (B * T);
      const given = before.output.dataSync();
      for (let t = 0; t < T; t++) {
        const shown = layer.cell.output(stateAt(traced, t, x)).dataSync();
        const k = goBackwards ? T - 1 - t : t; // outputs stand in processing order
        const expected = Array.from({ length: B }, (_, b) => [
          ...given.slice((b * T + k) * width, (b * T + k + 1) * width),
        ]).flat();
        expectClose(shown, expected, tolerance, `output of step ${t}`);
      }
    };
    fc.assert(fc.property(samples, check), { numRuns: 12, seed: 4 });
  });

  const mdLstmGates = ["inputGate", "1/forgetGate", "2/forgetGate", "cellCandidate", "outputGate"];
  const lstmGates = ["inputGate", "forgetGate", "cellCandidate", "outputGate"];
  const grids: readonly (readonly [string, (options: GridOptions) => GridLayer, readonly string[]])[] = [
    ["mdLstm", (options) => mdLstm({ units: 3, ...options }), mdLstmGates],
    ["mdLstm with peepholes", (options) => mdLstm({ units: 3, peepholes: true, ...options }), mdLstmGates],
    [
      "gridLstmNd",
      (options) => gridLstmNd({ units: 3, depth: 2, priority: 1, ...options }),
      ["0", "1"].flatMap((level) => ["1", "2", "depth"].flatMap((k) => lstmGates.map((gate) => `${level}/${k}/${gate}`))),
    ],
  ];
  describe.each(grids)("of %s", (_name, make, gates) => {
    test.each([
      [[false, false], null],
      [[true, false], null],
      [[true, true], null],
      [
        [false, true],
        [1, 1, 1, 1, 0, 1],
      ],
    ])("read backwards along its axes %s, with the mask %s, stand in the input's order", (goBackwards, rows) => {
      const layer = make({ goBackwards, backend: backendName, seed: 2 });
      const x = random([2, 3, 4, 2], 5, backendName);
      const mask = rows && tensor(rows, [2, 3], { backend });
      const uses = rows?.flatMap((use) => [use, use, use, use]) ?? null; // along the second axis
      const { output } = layer.forward(x, { mask });
      const traced = trace(layer, x, { mask });
      expect([traced.type, traced.rows, traced.steps, traced.mask]).toEqual([layer.type, 2, 12, uses]);
      expect(traced.states.hiddenState).toEqual({ shape: [2, 12, 3], data: [...output.dataSync()] });
      expect(Object.keys(traced.gates).toSorted()).toEqual(gates.toSorted());
      for (const [name, { shape, data }] of Object.entries(traced.gates)) {
        expect(shape).toEqual([2, 12, 3]);
        const holds = inRange[name.endsWith("cellCandidate") ? "tanh" : "sigmoid"];
        expect(data.every((v, k) => (uses?.[Math.floor(k / 3)] === 0 ? Number.isNaN(v) : holds(v)))).toBe(true);
      }
      expect(layer.forward(x, { mask }).output.dataSync()).toEqual(output.dataSync());
    });
  });
});

test("mdLstm over one axis is traced as the LSTM with its weights", () => {
  const line = mdLstm({ units: 3, dimensions: 1, backend: "reference", seed: 2 });
  const x = random([2, 5, 2], 5);
  line.forward(x);
  const same = lstm({ units: 3, backend: "reference" });
  same.build([[null, null, 2]]);
  same.load(
    Object.fromEntries(
      line.parameters.map(({ path, tensor: { shape, dataSync } }, k) => [
        path.split("/").at(-1) as string,
        { shape, data: dataSync.call(line.parameters[k]?.tensor) },
      ]),
    ),
  );
  const [a, b] = [trace(line, x), trace(same, x)];
  for (const [name, gate] of Object.entries(b.gates)) {
    const found = a.gates[name === "forgetGate" ? "1/forgetGate" : name] as PlainArray;
    expectClose(found.data, gate.data, { atol: 1e-12 }, name);
  }
  for (const [name, { data }] of Object.entries(b.states)) expectClose(a.states[name]?.data ?? [], data, { atol: 1e-12 }, name);
});

test("layers inside wrappers are traced by their path", () => {
  const model = sequential(
    [
      bidirectional(lstm({ units: 2, returnSequences: true })),
      residual(lstm({ units: 4, name: "inner", returnSequences: true })),
      highway(lstm({ units: 4, returnSequences: true })),
    ],
    { backend: "reference", seed: 1 },
  );
  const x = random([2, 3, 2], 1);
  model.forward(x);
  const { output } = (model.layers[0] as Layer).forward(x);
  const [there, back] = ["forward", "backward"].map((way) => trace(model, x, { layer: `bidirectional/${way}` }).states);
  for (let t = 0; t < 3; t++) {
    for (const [states, from] of [
      [there, 0],
      [back, 2],
    ] as const) {
      const found = [0, 1].map((k) => at(states?.hiddenState as PlainArray, 1, t, k));
      expectClose(found, [...output.dataSync()].slice((3 + t) * 4 + from, (3 + t) * 4 + from + 2), { atol: 1e-12 });
    }
  }
});

test("each corner of a multi-directional layer is traced by its path", () => {
  const model = sequential([multiDirectional(mdLstm({ units: 2 }))], { backend: "reference", seed: 1 });
  const x = random([2, 3, 2, 2], 1);
  model.forward(x);
  const output = [...(model.layers[0] as Layer).forward(x).output.dataSync()];
  ["00", "01", "10", "11"].forEach((corner, k) => {
    const { states } = trace(model, x, { layer: `multiDirectional/${corner}` });
    expectClose(
      states.hiddenState?.data ?? [],
      output.filter((_, n) => Math.floor((n % 8) / 2) === k),
      { atol: 1e-12 },
    );
  });
});
