// Times sluice against its peers, interleaved: ours, theirs, ours, theirs … in one run; medians and their ratio.
//   node bench.mjs --config tut,small --peer torch,tfjs-wasm --what train,forward --threads 1,2 --json FILE · node bench.mjs --bars --md FILE
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { configs as batches, streams } from "./configs.mjs";
import { measureBars } from "./run/bars.mjs";
import { compare, configs } from "./run/compare.mjs";
import { newestNode } from "./run/newest-node.mjs";
import { peerNames } from "./run/peers.mjs";
import { barsTable, line, versionOf, watchMachine } from "./run/report.mjs";

const help = `Times sluice against its peers, both sides interleaved in one run.

  node benchmarks/bench.mjs [options]
  node benchmarks/bench.mjs --bars [--md FILE] [--json FILE] [--rounds N] [--quick]

  --bars          every bar this project set itself, met or missed; takes half an hour or more. The Node that runs this command stands for
                  those that do not re-vectorise, so run it with Node 20 or 22
  --quick         with --bars: one round of the small configurations, to see that all of it works
  --md FILE       with --bars: the table as Markdown

  --config LIST   ${Object.keys(batches).join(", ")};
                  for --what stream: ${Object.keys(streams).join(", ")}. Default tut,small
  --peer LIST     ${peerNames.join(", ")}. Default tfjs-wasm; what is not installed is skipped
  --what LIST     train, forward, stream; threads: a training step on --threads against one thread of sluice, no peer. Default train
  --threads LIST  default 1
  --rounds N      turns of each side, default 7; 3 where a step takes seconds
  --variant NAME  the kernels sluice runs (simd, relaxed, wide); by default it chooses
  --node PATH     the Node that runs both sides; default the newest there is
  --json FILE     the rows, with the machine, its load and Node's version

Peers are installed by "npm ci --ignore-scripts" in benchmarks/. PyTorch: SLUICE_PYTHON names a Python that has it (default python3).
`;

const { values: args } = commandLine({
  options: {
    bars: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    md: { type: "string" },
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

const listed = (text) => text.split(",").map((name) => name.trim());
function known(option, allowed) {
  for (const name of listed(args[option]))
    if (!allowed.includes(name)) refuse(`Cannot run --${option} ${name}: it takes ${allowed.join(", ")}.`);
  return listed(args[option]);
}
function whole(option, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) refuse(`Cannot run --${option} ${text}: it takes whole numbers from 1.`);
  return value;
}

if (args.help) {
  process.stdout.write(help);
  process.exit();
}
const names = { config: known("config", Object.keys(configs)), peer: known("peer", peerNames) };
const work = known("what", ["train", "forward", "stream", "threads"]);
const threadCounts = listed(args.threads).map((text) => whole("threads", text));
const rounds = args.quick ? 1 : whole("rounds", args.rounds);
if ((args.quick || args.md) && !args.bars) refuse("Cannot run --quick or --md alone: they belong to --bars.");
const node = args.node ?? newestNode();
const date = new Date().toISOString().slice(0, 10);
const machine = watchMachine();

if (args.bars) {
  const versions = { newest: versionOf(node), plain: process.version };
  const rows = await measureBars({
    newest: { node, version: versions.newest },
    plain: { node: process.execPath, version: versions.plain },
    ...{ rounds, isQuick: args.quick },
    tell: (row) =>
      console.error(
        `${row.line}: ${row.skipped ? "skipped" : row.measured} (${row.bar.text})${row.peer ? `\n  ${line(row)}` : ""}`,
      ),
  });
  const report = { machine: machine(2), node: versions, date, rows };
  console.log(barsTable(report));
  if (args.md) writeFileSync(args.md, barsTable(report));
  if (args.json) writeFileSync(args.json, `${JSON.stringify(report, null, 1)}\n`);
} else {
  const rows = [];
  for (const threads of threadCounts) {
    for (const what of work) {
      for (const config of names.config) {
        for (const peer of what === "threads" ? ["sluice"] : names.peer) {
          const row = await compare({ config, what, peer, threads, node, variant: args.variant, rounds });
          rows.push(row);
          console.log(line(row));
        }
      }
    }
  }
  const report = { machine: machine(Math.max(...threadCounts)), node: versionOf(node), date, rows };
  if (args.json) writeFileSync(args.json, `${JSON.stringify(report, null, 1)}\n`);
}
