import { readFileSync } from "node:fs";
import fc from "fast-check";
import { RandomStream } from "sluice";
import { describe, expect, test } from "vitest";
import * as hiddenMarkov from "./index.ts";
import type { HiddenMarkovModel } from "./model.ts";

const { fit, update, logLikelihood, symbolProbabilities, stateProbabilities, likeliestStates } = hiddenMarkov;

interface Numbers {
  readonly shape: readonly number[];
  readonly data: number[];
}

interface OracleCase {
  readonly name: string;
  readonly states: number;
  readonly symbols: number;
  readonly pseudocount: number;
  readonly model: Rows<Numbers>;
  readonly sequences: number[][];
  readonly expected: {
    readonly sequences: {
      readonly logLikelihood: number;
      readonly stateProbabilities: Numbers;
      readonly symbolProbabilities: Numbers;
      readonly likeliestStates: number[];
      readonly logProbability: number;
    }[];
    readonly update: Rows<Numbers>;
  };
}

interface Rows<T> {
  readonly initial: T;
  readonly transition: T;
  readonly emission: T;
}

const { cases } = JSON.parse(
  readFileSync(new URL("../../../../../oracles/values/hidden-markov.json", import.meta.url), "utf8"),
) as { cases: OracleCase[] };

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const worst = Math.max(0, ...Array.from(actual, (value, k) => Math.abs(value - (expected[k] as number))));
  expect(worst).toBeLessThanOrEqual(tolerance);
}

/** A model whose rows are random distributions; some probabilities are 0 when `sparse`. */
function randomModel(states: number, symbols: number, seed: number, sparse = false): HiddenMarkovModel {
  const random = new RandomStream({ seed, stream: 7, step: 0 });
  const rows = (count: number, width: number): number[] =>
    Array.from({ length: count }, () => {
      const row = Array.from({ length: width }, () => (sparse && random.below(3) === 0 ? 0 : 0.01 + random.uniform()));
      row[random.below(width)] = 1;
      const sum = row.reduce((a, b) => a + b, 0);
      return row.map((p) => p / sum);
    }).flat();
  return {
    kind: "hiddenMarkov",
    states,
    symbols,
    initial: rows(1, states),
    transition: rows(states, states),
    emission: rows(states, symbols),
  };
}

/** Every path through the states with P(path, symbols): the definition of the model, and nothing else. */
function allPaths(model: HiddenMarkovModel, sequence: readonly number[]): { path: number[]; p: number }[] {
  const { states: N, symbols: M, initial, transition, emission } = model;
  let paths = [{ path: [] as number[], p: 1 }];
  for (const symbol of sequence) {
    paths = paths.flatMap(({ path, p }) =>
      Array.from({ length: N }, (_, j) => {
        const last = path.at(-1);
        const move = last === undefined ? initial[j] : transition[last * N + j];
        return { path: [...path, j], p: p * (move as number) * (emission[j * M + symbol] as number) };
      }),
    );
  }
  return paths;
}

const probabilityOf = (model: HiddenMarkovModel, sequence: readonly number[]): number =>
  allPaths(model, sequence).reduce((sum, { p }) => sum + p, 0);

const small = fc
  .record({
    states: fc.integer({ min: 1, max: 3 }),
    symbols: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(1e6),
    sparse: fc.boolean(),
    steps: fc.array(fc.nat(2), { minLength: 1, maxLength: 6 }),
  })
  .map(({ states, symbols, seed, sparse, steps }) => ({
    model: randomModel(states, symbols, seed, sparse),
    sequence: steps.map((k) => k % symbols),
  }));

describe("against every path through the states", () => {
  test("likelihood, states and the likeliest path", () => {
    fc.assert(
      fc.property(small, ({ model, sequence }) => {
        const paths = allPaths(model, sequence);
        const total = paths.reduce((sum, { p }) => sum + p, 0);
        expect(Math.exp(logLikelihood(model, sequence))).toBeCloseTo(total, 12);
        if (total === 0) {
          expect(logLikelihood(model, sequence)).toBe(Number.NEGATIVE_INFINITY);
          for (const ask of [stateProbabilities, likeliestStates, symbolProbabilities]) {
            expect(() => ask(model, sequence)).toThrow(/has probability 0 under the model/);
          }
          expect(() => update(model, [sequence])).toThrow(/one of the sequences has probability 0/);
          return;
        }
        const posterior = new Array(sequence.length * model.states).fill(0);
        for (const { path, p } of paths) {
          path.forEach((i, t) => {
            posterior[t * model.states + i] += p / total;
          });
        }
        expectClose(stateProbabilities(model, sequence), posterior, 1e-12);
        const { states, logProbability } = likeliestStates(model, sequence);
        const best = Math.max(...paths.map(({ p }) => p));
        expect(Math.exp(logProbability)).toBeCloseTo(best, 12);
        const found = paths.find(({ path }) => path.join() === states.join());
        expect(found?.p).toBeCloseTo(best, 12);
      }),
      { numRuns: 300 },
    );
  });

  test("what comes next is the share of the longer sequence in the shorter one", () => {
    fc.assert(
      fc.property(small, ({ model, sequence }) => {
        fc.pre(probabilityOf(model, sequence) > 0);
        const told = symbolProbabilities(model, sequence);
        for (let t = 0; t <= sequence.length; t++) {
          const seen = sequence.slice(0, t);
          for (let k = 0; k < model.symbols; k++) {
            const share = probabilityOf(model, [...seen, k]) / probabilityOf(model, seen);
            expect(told[t * model.symbols + k]).toBeCloseTo(share, 12);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test("an update counts starts, moves and emissions on every path", () => {
    fc.assert(
      fc.property(small, fc.constantFrom(0, 0.3), ({ model, sequence }, pseudocount) => {
        const { states: N, symbols: M } = model;
        const sequences = [sequence, sequence.slice(0, 2)];
        fc.pre(probabilityOf(model, sequence) > 0);
        const counts = {
          initial: new Array(N).fill(pseudocount),
          transition: new Array(N * N).fill(pseudocount),
          emission: new Array(N * M).fill(pseudocount),
        };
        for (const symbols of sequences) {
          const total = probabilityOf(model, symbols);
          for (const { path, p } of allPaths(model, symbols)) {
            path.forEach((i, t) => {
              if (t === 0) counts.initial[i] += p / total;
              else counts.transition[(path[t - 1] as number) * N + i] += p / total;
              counts.emission[i * M + (symbols[t] as number)] += p / total;
            });
          }
        }
        const after = update(model, sequences, { pseudocount }).model;
        for (const [name, width] of [
          ["initial", N],
          ["transition", N],
          ["emission", M],
        ] as const) {
          const wanted = counts[name].map((count, k) => {
            const at = k - (k % width);
            const sum = counts[name].slice(at, at + width).reduce((a, b) => a + b, 0);
            return sum > 0 ? count / sum : (model[name][k] as number);
          });
          expectClose(after[name], wanted, 1e-10);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("against slopes of one recursion in PyTorch", () => {
  test.each(cases)("$name", ({ states, symbols, pseudocount, model: rows, sequences, expected }) => {
    const model: HiddenMarkovModel = {
      kind: "hiddenMarkov",
      states,
      symbols,
      initial: rows.initial.data,
      transition: rows.transition.data,
      emission: rows.emission.data,
    };
    sequences.forEach((sequence, k) => {
      const wanted = expected.sequences[k] as OracleCase["expected"]["sequences"][number];
      expect(logLikelihood(model, sequence)).toBeCloseTo(wanted.logLikelihood, 8);
      expectClose(symbolProbabilities(model, sequence), wanted.symbolProbabilities.data, 1e-10); // twelve digits stored
      expectClose(stateProbabilities(model, sequence), wanted.stateProbabilities.data, 1e-10);
      const { states: path, logProbability } = likeliestStates(model, sequence);
      expect([...path]).toEqual(wanted.likeliestStates);
      expect(logProbability).toBeCloseTo(wanted.logProbability, 8);
    });
    const after = update(model, sequences, { pseudocount });
    expect(after.logLikelihood).toBeCloseTo(
      expected.sequences.reduce((sum, { logLikelihood }) => sum + logLikelihood, 0),
      8,
    );
    for (const name of ["initial", "transition", "emission"] as const) {
      expectClose(after.model[name], expected.update[name].data, 1e-10);
    }
  });
});

describe("fit", () => {
  const sample = (model: HiddenMarkovModel, length: number, seed: number): number[] => {
    const random = new RandomStream({ seed, stream: 3, step: 0 });
    const draw = (row: readonly number[]): number => {
      let left = random.uniform();
      const found = row.findIndex((p) => {
        left -= p;
        return left < 0;
      });
      return found < 0 ? row.length - 1 : found;
    };
    const { states: N, symbols: M } = model;
    let state = draw(model.initial);
    return Array.from({ length }, () => {
      const symbol = draw(model.emission.slice(state * M, (state + 1) * M));
      state = draw(model.transition.slice(state * N, (state + 1) * N));
      return symbol;
    });
  };

  test("no update lowers the likelihood, nor with a pseudocount the likelihood times the prior", () => {
    const logPrior = ({ initial, transition, emission }: HiddenMarkovModel): number =>
      [...initial, ...transition, ...emission].reduce((sum, p) => sum + Math.log(p), 0);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(1e6),
        fc.array(fc.array(fc.nat(3), { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0, 0.1, 2),
        (states, symbols, seed, steps, pseudocount) => {
          const sequences = steps.map((sequence) => sequence.map((k) => k % symbols));
          let model = randomModel(states, symbols, seed);
          let before = Number.NEGATIVE_INFINITY;
          for (let k = 0; k < 12; k++) {
            const next = update(model, sequences, { pseudocount });
            const goal = next.logLikelihood + (pseudocount && pseudocount * logPrior(model));
            expect(goal).toBeGreaterThanOrEqual(before - 1e-9); // sums of some hundred terms
            before = goal;
            model = next.model;
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  const truth: HiddenMarkovModel = {
    kind: "hiddenMarkov",
    states: 2,
    symbols: 3,
    initial: [0.5, 0.5],
    transition: [0.9, 0.1, 0.2, 0.8],
    emission: [0.7, 0.2, 0.1, 0.1, 0.1, 0.8],
  };
  const training = Array.from({ length: 40 }, (_, k) => sample(truth, 100, k));

  test("finds the model that made the data, up to the names of its states", () => {
    const { model, runs, logLikelihood: reached } = fit(training, { states: 2, symbols: 3, seed: 1 });
    expect(runs).toHaveLength(3);
    expect(runs.every(({ converged }) => converged)).toBe(true);
    const swapped = (model.emission[0] as number) < (model.emission[3] as number);
    const order = swapped ? [1, 0] : [0, 1];
    const emission = order.flatMap((i) => model.emission.slice(3 * i, 3 * i + 3));
    const transition = order.flatMap((i) => order.map((j) => model.transition[2 * i + j] as number));
    expectClose(emission, truth.emission, 0.05); // 4000 symbols
    expectClose(transition, truth.transition, 0.05);
    const ofTruth = training.reduce((sum, sequence) => sum + logLikelihood(truth, sequence), 0);
    expect(reached).toBeGreaterThan(ofTruth); // the maximum of the training part lies above the truth
    expect(training.reduce((sum, sequence) => sum + logLikelihood(model, sequence), 0)).toBeCloseTo(reached, 6);
  });

  test("the same seed gives the same model, another seed another; the best restart is kept", () => {
    const options = { states: 3, symbols: 3, restarts: 4, iterations: 5 };
    const first = fit(training, { ...options, seed: 4 });
    expect(fit(training, { ...options, seed: 4 })).toEqual(first);
    expect(fit(training, { ...options, seed: 5 }).model).not.toEqual(first.model);
    expect(first.runs.map(({ history }) => history.length)).toEqual([6, 6, 6, 6]);
    expect(first.logLikelihood).toBe(Math.max(...first.runs.map(({ history }) => history.at(-1) as number)));
    expect(new Set(first.runs.map(({ history }) => history[0])).size).toBe(4);
    expect(JSON.parse(JSON.stringify(first.model))).toEqual(first.model);
  });

  test("one state is the frequency of each symbol; a pseudocount keeps the unseen possible", () => {
    const { model } = fit([[0, 0, 1, 0]], { states: 1, symbols: 3, restarts: 1 });
    expectClose(model.emission, [0.75, 0.25, 0], 1e-12);
    expect(logLikelihood(model, [2])).toBe(Number.NEGATIVE_INFINITY);
    const kept = fit([[0, 0, 1, 0]], { states: 1, symbols: 3, restarts: 1, pseudocount: 1 });
    expectClose(kept.model.emission, [4 / 7, 2 / 7, 1 / 7], 1e-12);
  });

  test("a transition of probability 0 stays so", () => {
    let model = randomModel(3, 2, 5);
    model = { ...model, initial: [1, 0, 0], transition: [0.5, 0.5, 0, 0, 0.5, 0.5, 0, 0, 1] };
    for (let k = 0; k < 5; k++) ({ model } = update(model, [[0, 1, 1, 0, 0, 1, 0]]));
    expect([2, 3, 6, 7].map((k) => model.transition[k])).toEqual([0, 0, 0, 0]);
    expect(model.initial).toEqual([1, 0, 0]);
  });

  test("long sequences do not underflow", () => {
    const long = sample(truth, 20_000, 9);
    const same = { ...truth, emission: [0.5, 0.3, 0.2, 0.5, 0.3, 0.2] }; // whatever the state: symbols are independent
    const wanted = long.reduce((sum, k) => sum + Math.log(same.emission[k] as number), 0);
    expect(wanted).toBeLessThan(-10_000);
    expect(logLikelihood(same, long)).toBeCloseTo(wanted, 6);
    const states = stateProbabilities(truth, long);
    for (let t = 0; t < long.length; t += 997) expect((states[2 * t] ?? 0) + (states[2 * t + 1] ?? 0)).toBeCloseTo(1, 9);
  });

  test("what does not fit is named", () => {
    const options = { states: 2, symbols: 3 };
    expect(() => fit([[0, 3]], options)).toThrow("has 3 at step 1, and symbols are whole numbers from 0 to 2");
    expect(() => fit([[0, 0.5]], options)).toThrow("has 0.5 at step 1");
    expect(() => fit([[]], options)).toThrow("Cannot fit a hidden Markov model: the sequences hold no symbol");
    expect(() => fit([[0]], { ...options, states: 0 })).toThrow("with states 0: it is a whole number, 1 or more");
    expect(() => fit([[0]], { ...options, restarts: 1.5 })).toThrow("with restarts 1.5");
    expect(() => fit([[0]], { ...options, pseudocount: -1 })).toThrow("with pseudocount -1");
    expect(() => fit([[0]], { ...options, tolerance: Number.NaN })).toThrow("with tolerance NaN");
    expect(() => logLikelihood({ ...truth, transition: [1, 0, 0] }, [0])).toThrow("transition has 3 numbers, and 2 states");
    expect(() => logLikelihood({ ...truth, initial: [0.5, 0.6] }, [0])).toThrow("row 0 of initial sums to 1.1");
    expect(() => logLikelihood({ ...truth, initial: [1.5, -0.5] }, [0])).toThrow("numbers from 0 up");
    expect(() => symbolProbabilities(truth, [-1])).toThrow("has -1 at step 0");
    expect(symbolProbabilities(truth, [])).toHaveLength(3);
    expect(likeliestStates(truth, []).logProbability).toBe(0);
  });
});
