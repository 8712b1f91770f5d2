// What sluice costs beside its speed: start-up, bundle size, memory, growth with T and B, long series. Needs a build (npm run build).
//   node --expose-gc benchmarks/footprint.mjs [--what memory,startup,bundle,growth,series] [--steps 10000] [--json FILE]
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import os from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { getHeapSpaceStatistics } from "node:v8";
import { firstLoadBytes } from "../scripts/bundle-size.mjs";
import { bigSeries } from "./big-series.mjs";
import { configs, layersOf, materials } from "./configs.mjs";
import { growth } from "./growth.mjs";

/** What Node gets from "sluice"; bundlers get the modules beside it. */
const entry = fileURLToPath(new URL("../packages/sluice/dist/bundle/index.js", import.meta.url));
const modules = fileURLToPath(new URL("../packages/sluice/dist/", import.meta.url));
/** Memory stands first, so that nothing else of this process is in its figures. */
const sections = {
  memory: memoryUse,
  startup,
  bundle,
  growth: () => growth({ trainer, row }),
  series: () => bigSeries({ row }),
};
const { values: args } = parseArgs({
  options: {
    what: { type: "string", default: Object.keys(sections).join(",") },
    steps: { type: "string", default: "10000" },
    json: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
/** One figure: what was measured, in which unit, and the most it may be where there is a bar. */
const row = (what, value, unit, bar = null) => ({ what, value, unit, bar, reached: bar === null ? null : value <= bar });

/** Import and a first prediction in a fresh process, without the time Node itself takes to start. */
function startup() {
  const program = `
    const start = performance.now();
    const { dense, init, lstm, sequential } = await import(${JSON.stringify(pathToFileURL(entry).href)});
    if (INIT) await init();
    const imported = performance.now() - start;
    const model = sequential([lstm({ units: 64, inputShape: [null, 16] }), dense({ units: 1 })]);
    await model.predict({ shape: [1, 50, 16], data: new Float32Array(800) });
    console.log(JSON.stringify({ imported, total: performance.now() - start }));
    process.exit();`;
  const timed = (init) => {
    const parameters = ["--input-type=module", "-e", program.replace("INIT", String(init))];
    const { stdout, stderr } = spawnSync(process.execPath, parameters, { encoding: "utf8" });
    if (!stdout) throw new Error(`Cannot time a first prediction: ${stderr}`);
    return JSON.parse(stdout);
  };
  const runs = Array.from({ length: 9 }, () => ({ plain: timed(false), chosen: timed(true) }));
  return [
    row("start-up: import", median(runs.map(({ plain }) => plain.imported)), "ms"),
    row("start-up: import, first prediction", median(runs.map(({ plain }) => plain.total)), "ms", 100),
    row("start-up: import, init(), first prediction", median(runs.map(({ chosen }) => chosen.total)), "ms"),
  ];
}

/** What a page loads at once, gzipped, for three apps: all there is, one that trains, one that only predicts and streams. */
async function bundle() {
  const from = (file) => JSON.stringify(`${modules}${file}`);
  const apps = [
    { what: "everything", source: `export * from ${from("index.js")};` },
    { what: "loadModel alone", source: `export { loadModel } from ${from("index.js")};` },
    { what: "lstm, dense: train, predict", source: `export { dense, lstm, sequential } from ${from("index.js")};`, bar: 60 },
    { what: "lstm, dense: inference", source: `export { dense, loadModel, lstm } from ${from("inference.js")};`, bar: 20 },
  ];
  const rows = [];
  for (const { what, source, bar } of apps) {
    for (const kernels of [true, false]) {
      const kilobytes = (await firstLoadBytes(source, { kernels })) / 1000;
      rows.push(row(`bundle: ${what}, ${kernels ? "with" : "without"} kernels`, kilobytes, "KB gzip", kernels ? null : bar));
    }
  }
  return rows;
}

let library = null;
/** The library with its fastest kernels on one thread, chosen once. */
async function started() {
  if (library === null) {
    library = await import(pathToFileURL(entry).href);
    await (await library.init({ turbo: true, threads: 1 })).ready?.();
  }
  return library;
}

/** A compiled LSTM with a dense head, as every training table has it. */
async function trainer(config) {
  const { dense, lstm, memory, sequential } = await started();
  const model = sequential([lstm({ units: config.H, inputShape: [null, config.I] }), dense({ units: 1 })]);
  model.compile({ optimizer: { type: "adam", learningRate: 0.001 }, loss: "mse" });
  const { x, y } = materials(config);
  return { step: () => model.trainOnBatch(x, y), memory };
}

/** Heap and backend memory after 10 steps and after many; the bytes of med's step against what the step has to hold. */
async function memoryUse() {
  const steps = Number(args.steps);
  const small = await trainer({ B: 4, T: 10, I: 4, H: 16 });
  /** Megabytes of V8's heap: objects, and the code it compiled of our functions with its tables. */
  const heap = () => {
    globalThis.gc();
    const of = (isCode) =>
      getHeapSpaceStatistics()
        .filter(({ space_name }) => /code|trusted/.test(space_name) === isCode)
        .reduce((sum, { space_used_size }) => sum + space_used_size, 0) / 1e6;
    return { objects: of(false), code: of(true) };
  };
  const upTo = async (from, end) => {
    for (let k = from; k < end; k++) await small.step();
    return [heap(), small.memory()];
  };
  const [heapBefore, before] = await upTo(0, 10);
  const warm = Math.min(1000, Math.floor(steps / 2));
  const [heapWarm] = await upTo(10, warm);
  const [heapAfter, after] = await upTo(warm, steps);
  return [
    row("memory: heap after 10 steps", heapBefore.objects, "MB"),
    row(`memory: heap after ${steps} steps`, heapAfter.objects, "MB", heapBefore.objects * 1.05),
    row(
      `memory: heap, added by each step after ${warm}`,
      ((heapAfter.objects - heapWarm.objects) * 1e6) / (steps - warm),
      "bytes",
    ),
    // V8 compiles the hot functions while steps run, and keeps that in its heap too.
    row("memory: compiled code after 10 steps", heapBefore.code, "MB"),
    row(`memory: compiled code after ${steps} steps`, heapAfter.code, "MB"),
    row("memory: persistent bytes after 10 steps", before.persistentBytes / 1e6, "MB"),
    row(`memory: persistent bytes after ${steps} steps`, after.persistentBytes / 1e6, "MB", before.persistentBytes / 1e6),
    ...(await stepBytes(configs.med)),
    row("memory: peak RSS of this process", process.resourceUsage().maxRSS / 1000, "MB"),
  ];
}

/**
 * What a training step holds at most (its own bytes, and the weights and Adam's slots that outlive it) against weights · 3 and the
 * activations kept for backward: x, and for each time step four gates, c and h.
 */
async function stepBytes(config) {
  const { B, T, I, H } = config;
  const { step, memory } = await trainer(config);
  for (let k = 0; k < 3; k++) await step();
  const { peakStepBytes, persistentBytes } = memory();
  const shapes = [...layersOf(config).flatMap(({ forward }) => Object.values(forward)), [H, 1], [1]];
  const weights = 4 * shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const activations = 4 * B * T * (I + 6 * H);
  return [
    row("memory: med, weights · 3 + activations", (3 * weights + activations) / 1e6, "MB"),
    row("memory: med, held by a step (peak + persistent)", (peakStepBytes + persistentBytes) / 1e6, "MB"),
    row(
      "memory: med, held ÷ (weights · 3 + activations)",
      (peakStepBytes + persistentBytes) / (3 * weights + activations),
      "×",
      1.3,
    ),
  ];
}

function line({ what, value, unit, bar, reached }) {
  const against = bar === null ? "" : `${reached ? "within" : "above"} ${bar.toFixed(2)}`;
  return `${what.padEnd(60)} ${value.toFixed(2).padStart(10)} ${unit.padEnd(10)} ${against}`;
}

function refuse(reason) {
  console.error(reason);
  process.exit(2);
}

if (args.help) {
  console.log(
    `node --expose-gc benchmarks/footprint.mjs [--what ${Object.keys(sections).join(",")}] [--steps 10000] [--json FILE]`,
  );
  process.exit();
}
const wanted = args.what.split(",").map((name) => name.trim());
for (const name of wanted)
  if (!(name in sections)) refuse(`Cannot measure "${name}": --what takes ${Object.keys(sections).join(", ")}.`);
if (wanted.includes("memory") && !globalThis.gc)
  refuse("Cannot measure the heap: run node --expose-gc benchmarks/footprint.mjs.");

const rows = [];
for (const name of wanted) {
  for (const measured of await sections[name]()) {
    rows.push(measured);
    console.log(line(measured));
  }
}
if (args.json) {
  const machine = `${os.cpus()[0].model}, ${os.cpus().length} cores`;
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(args.json, `${JSON.stringify({ machine, node: process.version, date, rows }, null, 1)}\n`);
}
process.exit();
