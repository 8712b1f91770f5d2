// What Weka says: `node recipes/intrusion/weka.mjs WEKA.jar` trains it on made-up rows and writes weka.json, which the tests compare with;
// `node recipes/intrusion/weka.mjs WEKA.jar FOLDER` prints its accuracy on NSL-KDD. It needs Java; the values are those of Weka 3.6.14.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv } from "node:process";
import { asColumns, madeUp, readFolder } from "./data.mjs";

const seeds = [1, 2, 3];
const [, , jar, folder] = argv;
if (jar === undefined) throw new Error("Cannot ask Weka without its jar: node recipes/intrusion/weka.mjs WEKA.jar [FOLDER]");

/** The classes that a classifier of Weka tells for the test rows, 1 for an attack. Columns are as the files have them. */
function ask(classifier, { train, test }) {
  const place = mkdtempSync(join(tmpdir(), "weka-"));
  const [trainFile, testFile] = ["train.arff", "test.arff"].map((name) => join(place, name));
  writeFileSync(trainFile, arff(train, train));
  writeFileSync(testFile, arff(test, train));
  const [type, ...options] = classifier.split(" ");
  const args = ["-Xmx2g", "-cp", jar, `weka.classifiers.${type}`, "-t", trainFile, "-T", testFile, "-p", "0", ...options];
  const printed = execFileSync("java", args, { encoding: "utf8", maxBuffer: 1e8, stdio: ["ignore", "pipe", "ignore"] });
  rmSync(place, { recursive: true });
  return [...printed.matchAll(/^\s*\d+\s+\d:\w+\s+\d:(\w+)/gm)].map(([, told]) => (told === "attack" ? 1 : 0));
}

function arff(rows, trainRows) {
  const { columns } = asColumns(rows, trainRows, { scaled: false });
  const head = columns.map(({ name, symbols }) => `@attribute ${name} ${symbols === null ? "numeric" : `{${symbols}}`}`);
  const lines = rows.map(({ cells, kind }) => `${cells},${kind === "normal" ? "normal" : "attack"}`);
  return ["@relation connections", ...head, "@attribute class {normal,attack}", "@data", ...lines, ""].join("\n");
}

if (folder === undefined) {
  const cases = seeds.map((seed) => {
    const parts = { train: madeUp(600, seed, 0), test: madeUp(300, seed, 1) };
    const told = (classifier) => ask(classifier, parts).join("");
    return { seed, j48: told("trees.J48"), naiveBayes: told("bayes.NaiveBayes") };
  });
  writeFileSync(new URL("weka.json", import.meta.url), `${JSON.stringify({ version: "3.6.14", cases }, null, 2)}\n`);
} else {
  const parts = readFolder(folder);
  const random = [1, 2, 3, 4, 5].flatMap((seed) => [`trees.RandomTree -S ${seed}`, `trees.RandomForest -I 10 -S ${seed}`]);
  for (const classifier of ["trees.J48", "bayes.NaiveBayes", "trees.NBTree", ...random]) {
    const told = ask(classifier, parts);
    const right = parts.test.map(({ kind }, n) => (told[n] === (kind === "normal" ? 0 : 1) ? 1 : 0));
    const share = (rows) => (100 * rows.reduce((sum, n) => sum + right[n], 0)) / rows.length;
    const all = parts.test.map((_, n) => n);
    const hard = all.filter((n) => parts.test[n].difficulty < 21);
    console.log(`${classifier}: ${share(all).toFixed(2)} % on KDDTest+, ${share(hard).toFixed(2)} % on KDDTest-21`);
  }
}
