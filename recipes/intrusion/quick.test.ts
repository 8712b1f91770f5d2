import { readFileSync } from "node:fs";
import { RandomStream } from "sluice";
import { expect, test } from "vitest";
import { predictC45, trainC45 } from "./c45.mjs";
import { compare, shareRight } from "./compare.mjs";
import { asColumns, asGroups, asMatrix, madeUp } from "./data.mjs";
import { predictNaiveBayes, trainNaiveBayes } from "./naive-bayes.mjs";
import { predictNbTree, trainNbTree } from "./nb-tree.mjs";
import { predictTrees, trainForest, trainRandomTree } from "./random-trees.mjs";
import { predictSvm, trainSvm } from "./svm.mjs";

interface WekaCase {
  seed: number;
  j48: string;
  naiveBayes: string;
}
const { cases } = JSON.parse(readFileSync(new URL("weka.json", import.meta.url), "utf8")) as { cases: WekaCase[] };

const made = (seed: number, scaled = false) => {
  const [train, test] = [madeUp(600, seed, 0), madeUp(300, seed, 1)];
  return { rows: test, train: asColumns(train, train, { scaled }), test: asColumns(test, train, { scaled }) };
};

test.each(cases)("J48 and naive Bayes tell every row as Weka does: seed $seed", ({ seed, j48, naiveBayes }) => {
  const { train, test } = made(seed);
  expect(predictC45(trainC45(train), test).join("")).toBe(j48);
  expect(predictNaiveBayes(trainNaiveBayes(train), test).join("")).toBe(naiveBayes);
  expect(j48).not.toBe(naiveBayes);
});

test("the SVM finds the minimum that libsvm finds", () => {
  const { seed, objective, supportVectors, told } = JSON.parse(readFileSync(new URL("libsvm.json", import.meta.url), "utf8"));
  const { train, test } = made(seed, true);
  const fitted = trainSvm(asMatrix(train), train.y);
  expect(Math.abs(fitted.objective - objective)).toBeLessThan(1e-3); // both stop when no condition is broken by more than 1e-3
  expect(fitted.weights.length).toBe(supportVectors);
  expect(predictSvm(fitted, asMatrix(test)).join("")).toBe(told);
});

test("a random tree that draws every column splits where the entropy falls most, and tells its training rows apart", () => {
  const random = new RandomStream({ seed: 4, stream: 0, step: 0 });
  const columns = ["a", "b"].map((name) => ({
    name,
    symbols: null,
    values: Float64Array.from({ length: 80 }, () => random.below(1000)),
  }));
  const [a, b] = columns.map(({ values }) => values) as [Float64Array, Float64Array];
  const y = a.map((value, n) => (value + 2 * (b[n] as number) > 1500 ? 1 : 0));
  const tree = trainRandomTree({ columns, y }, 1); // floor(log2 3) + 1 = 2 columns
  expect(predictTrees([tree], { columns, y })).toEqual([...y]);
  const entropy = (labels: number[]): number => {
    const p = labels.reduce((sum, label) => sum + label, 0) / labels.length;
    return [p, 1 - p].reduce((sum, share) => sum - (share > 0 ? share * Math.log2(share) : 0), 0) * labels.length;
  };
  const after = (values: Float64Array, threshold: number): number =>
    [true, false].reduce((sum, below) => sum + entropy([...y].filter((_, n) => (values[n] as number) <= threshold === below)), 0);
  const all = columns.flatMap(({ values }) => [...values].map((threshold) => after(values, threshold)));
  const { column, threshold } = tree as unknown as { column: 0 | 1; threshold: number };
  expect(after([a, b][column] as Float64Array, threshold)).toBeCloseTo(Math.min(...all.filter(Number.isFinite)), 9);
  expect(trainForest({ columns, y }, 1, 3).length).toBe(3);
});

test("NBTree splits where naive Bayes alone is blind", () => {
  const random = new RandomStream({ seed: 5, stream: 0, step: 0 });
  const rows = (count: number) => {
    const symbol = Int16Array.from({ length: count }, () => random.below(2));
    const number = Float64Array.from({ length: count }, () => random.uniform());
    const columns = [
      { name: "symbol", symbols: ["a", "b"], values: symbol },
      { name: "number", symbols: null, values: number },
    ];
    return { columns, y: Uint8Array.from(symbol, (code, n) => ((code === 1) === (number[n] as number) > 0.5 ? 1 : 0)) };
  };
  const [train, test] = [rows(400), rows(200)];
  const right = (told: number[]): number => told.filter((label, n) => label === test.y[n]).length / 200;
  expect(right(predictNaiveBayes(trainNaiveBayes(train), test))).toBeLessThan(0.65);
  expect(right(predictNbTree(trainNbTree(train), test))).toBeGreaterThan(0.97);
});

test("columns are scaled by the training rows, and every number stands in one of four steps", () => {
  const { train } = made(1, true);
  for (const { symbols, values } of train.columns) {
    if (symbols === null) expect([Math.min(...values), Math.max(...values)]).toEqual([0, 1]);
  }
  const rows = madeUp(3, 9, 0);
  const [changed] = rows as [{ cells: string[] }];
  changed.cells[2] = "gopher"; // a service that training lacks
  const columns = asColumns(rows, madeUp(600, 1, 0), { scaled: true });
  const matrix = asMatrix(columns);
  const [, inputs] = matrix.shape as [number, number];
  expect(columns.columns[2]?.values[0]).toBe(-1);
  expect(matrix.data.slice(3, 6)).toEqual(new Float32Array(3)); // duration, two protocols, then three services
  const groups = asGroups(columns, matrix);
  expect(groups.shape).toEqual([3, 4, inputs]);
  const steps = Array.from({ length: inputs }, (_, i) => [0, 1, 2, 3].map((t) => groups.data[t * inputs + i] as number));
  expect(steps.map((of) => of.reduce((a, b) => a + b, 0))).toEqual([...matrix.data.slice(0, inputs)]);
  const places = [0, 1, 2, 3].map((t) => steps.flatMap((of, i) => (of[t] === 0 ? [] : [i])));
  const first = [0, 13, 26, 35, inputs]; // one number a column, but 2 + 3 + 2 for the symbols of columns 2 to 4
  places.forEach((inputsOf, t) => {
    expect(Math.min(...inputsOf)).toBeGreaterThanOrEqual(first[t] as number);
    expect(Math.max(...inputsOf)).toBeLessThan(first[t + 1] as number);
  });
});

test("quick run: every learner of the table, and none can know the new attacks", async () => {
  const { rows, heldOut, text } = await compare({ quick: true, seed: 1 });
  const unseen = madeUp(300, 1, 1);
  const on = (name: string, kind: string): number => {
    const told = rows.find((row) => row.name === name)?.runs[0]?.told as number[];
    return shareRight(unseen, told, (row: { kind: string }) => row.kind === kind);
  };
  expect(rows.length).toBe(16);
  for (const name of ["J48 (C4.5)", "NBTree", "SVM, RBF kernel", "LSTM, one step", "BiLSTM, four steps"]) {
    expect(on(name, "flood"), name).toBeGreaterThan(0.7);
    expect(on(name, "unknown"), name).toBeLessThan(0.35); // made as normal rows are
  }
  const [majority] = rows as [{ runs: { accuracy: number; told: number[] }[] }];
  expect(majority.runs[0]?.accuracy).toBeCloseTo(
    shareRight(unseen, majority.runs[0]?.told as number[], () => true),
    12,
  );
  expect(Math.min(...heldOut)).toBeGreaterThan(0.7);
  expect(text).not.toMatch(/NaN|undefined/);
});

test("without the files it says which it needs", async () => {
  await expect(compare({ seed: 1, data: "nowhere" })).rejects.toThrow(
    /Cannot read NSL-KDD from nowhere: it needs KDDTrain\+_20Percent/,
  );
});
