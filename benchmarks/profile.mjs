// Where the time of a training step and of a forward pass goes: milliseconds and GF/s by kernel, against what a product alone reaches.
//   node benchmarks/profile.mjs --config med [--threads 1] [--variant wide] [--what train,forward] [--steps 30]. Needs a build (npm run build).
import { spawnSync } from "node:child_process";
import { realpathSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { configs, gigaFlops } from "./configs.mjs";
import { prepared, started } from "./peers/sluice-model.mjs";
import { KernelMeter } from "./profile/kernel-meter.mjs";
import { functionNames, sampled } from "./profile/sampling.mjs";
import { newestNode } from "./run/newest-node.mjs";

const help = `Prints milliseconds, calls and GF/s of each kernel in a training step and in a forward pass of sluice.

  node benchmarks/profile.mjs [options]

  --config NAME   ${Object.keys(configs).join(", ")}. Default med
  --what LIST     train, forward. Default both
  --threads N     default 1; with more, kernels are not told in parts
  --variant NAME  simd, relaxed, wide; by default sluice chooses
  --steps N       metered steps, default 30; as many run without the meter, in turn
  --inside        also by function, those inside a kernel and the library's own, by sampling; compiles the kernels once more for their names
  --node PATH     the Node to run on; default the newest there is
  --json FILE     the rows
`;

const { values: args } = parseArgs({
  options: {
    config: { type: "string", default: "med" },
    what: { type: "string", default: "train,forward" },
    threads: { type: "string", default: "1" },
    variant: { type: "string" },
    steps: { type: "string", default: "30" },
    inside: { type: "boolean", default: false },
    node: { type: "string", default: newestNode() },
    json: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

const refuse = (reason) => {
  console.error(reason);
  process.exit(2);
};

if (args.help) {
  process.stdout.write(help);
  process.exit();
}
if (!(args.config in configs)) refuse(`Cannot profile "${args.config}": --config takes ${Object.keys(configs).join(", ")}.`);
const wanted = args.what.split(",").map((name) => name.trim());
for (const what of wanted)
  if (!["train", "forward"].includes(what)) refuse(`Cannot profile "${what}": --what takes train, forward.`);
for (const option of ["threads", "steps"]) {
  const value = Number(args[option]);
  if (!Number.isInteger(value) || value < 1)
    refuse(`Cannot profile with --${option} ${args[option]}: it takes a whole number from 1.`);
}
// SLUICE_BENCH marks the run that is meant, so that this starts one process and no more.
if (process.env.SLUICE_BENCH === undefined && realpathSync(args.node) !== process.execPath) {
  const { status } = spawnSync(args.node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, SLUICE_BENCH: "profile" },
  });
  process.exit(status ?? 1);
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const config = configs[args.config];
const threads = Number(args.threads);
const meter = new KernelMeter();
meter.meterExports();
const backend = await started({ variant: args.variant, threads });
meter.meterKernels(backend);

/** GF/s of one product whose packed right side lies in the second-level cache: nearly all of it is the register tile. */
function productAlone() {
  const [M, N, K] = [1536, 256, 256];
  const [a, b, out] = [M * K, K * N, M * N].map((length) => backend.allocatePersistent(length));
  for (const [storage, value] of [
    [a, 0.5],
    [b, 0.25],
    [out, 0],
  ])
    backend.kernels.fill(storage, value);
  const shape = { M, N, K, transposeA: false, transposeB: false, batch: 1, accumulate: false };
  const time = () => {
    const start = performance.now();
    backend.kernels.matmul(a, b, out, shape);
    return (2 * M * N * K) / 1e6 / (performance.now() - start);
  };
  for (let k = 0; k < 50; k++) time();
  return time;
}

/** Shares below this are told together, and are not worth a line of their own inside a kernel. */
const LEAST_SHARE = 0.004;

/** Median milliseconds, calls and GF/s over the steps: the kernels, the largest first, each with its parts. */
function summary(steps, stepMs) {
  const rows = new Map();
  for (const list of steps) for (const row of list) rows.set(`${row.kernel}/${row.part}`, row);
  const medians = [...rows].map(([key, { kernel, part, calls, flops }]) => {
    const ms = median(steps.map((list) => list.find((row) => `${row.kernel}/${row.part}` === key)?.ms ?? 0));
    return { kernel, part, calls, ms, share: ms / stepMs, flops, gflops: flops ? flops / 1e6 / ms : null };
  });
  const largest = (a, b) => b.ms - a.ms;
  return medians
    .filter(({ part }) => part === null)
    .sort(largest)
    .map((whole) => {
      const parts = medians.filter(({ kernel, part }) => part !== null && kernel === whole.kernel).sort(largest);
      // Sizes are read from the calls' arguments. Where they do not add up to the kernel's own, a part's GF/s would be wrong.
      const sum = parts.reduce((total, { flops }) => total + (flops ?? 0), 0);
      const known = sum === (whole.flops ?? sum);
      return { ...whole, parts: threads > 1 ? [] : parts.map((part) => (known ? part : { ...part, gflops: null })) };
    });
}

async function profile(what) {
  const { model, x, y } = prepared(config);
  const step = what === "train" ? () => model.trainOnBatch(x, y) : () => model.predictOnBatch(x);
  const timed = async () => {
    const start = performance.now();
    await step();
    return performance.now() - start;
  };
  const alone = productAlone();
  for (let k = 0; k < 5; k++) await step();
  const [plain, metered, products, lists] = [[], [], [], []];
  for (let k = 0; k < Number(args.steps); k++) {
    plain.push(await timed());
    meter.start();
    metered.push(await timed());
    lists.push(meter.stop());
    products.push(alone());
  }
  const [stepMs, meteredMs] = [median(plain), median(metered)];
  const kernels = summary(lists, meteredMs);
  const outsideMs = meteredMs - kernels.reduce((sum, { ms }) => sum + ms, 0);
  const inside = args.inside ? await sampled(step, Number(args.steps), names) : [];
  return {
    ...{ config: args.config, what, variant: backend.variant, threads, stepMs, meteredMs },
    gflops: (gigaFlops(config) * (what === "train" ? 3 : 1)) / (stepMs / 1000),
    ceiling: { median: median(products), best: Math.max(...products) },
    kernels,
    inside,
    outside: { ms: outsideMs, share: outsideMs / meteredMs },
  };
}

function table({ config, what, variant, threads, stepMs, meteredMs, gflops, ceiling, kernels, outside, inside }) {
  const percent = (value) => `${(100 * value).toFixed(1)} %`;
  const cells = (name, calls, ms, share, speed, ofCeiling) =>
    `${name.padEnd(32)}${calls.padStart(6)}${ms.padStart(10)}${share.padStart(8)}${speed.padStart(8)}${ofCeiling.padStart(12)}`;
  const line = (name, { calls = "", ms, share, gflops: speed = null }) =>
    cells(
      ...[name, String(calls), ms.toFixed(3), percent(share)],
      ...(speed === null ? ["", ""] : [speed.toFixed(1), percent(speed / ceiling.best)]),
    );
  const worthALine = ({ share }) => share >= LEAST_SHARE;
  const small = kernels.filter((row) => !worthALine(row));
  const sum = (key) => small.reduce((total, row) => total + row[key], 0);
  return [
    `${config} ${what}, ${variant}, ${threads} ${threads === 1 ? "thread" : "threads"}, Node ${process.versions.node}: ` +
      `${stepMs.toFixed(2)} ms, ${gflops.toFixed(1)} GF/s (${meteredMs.toFixed(2)} ms while metered)`,
    `ceiling, a product alone in this run: ${ceiling.best.toFixed(1)} GF/s (median ${ceiling.median.toFixed(1)})`,
    cells("kernel", "calls", "ms", "share", "GF/s", "of ceiling"),
    ...kernels
      .filter(worthALine)
      .flatMap((whole) => [
        line(whole.kernel, whole),
        ...whole.parts.filter(worthALine).map((part) => line(`  ${part.part}`, part)),
      ]),
    ...(small.length > 0
      ? [line(`${small.length} smaller kernels`, { calls: sum("calls"), ms: sum("ms"), share: sum("share") })]
      : []),
    line("outside the kernels", outside),
    "",
    ...(inside.length > 0
      ? [`${"by function, sampled on the calling thread".padEnd(48)}${"ms".padStart(10)}${"share".padStart(8)}`]
      : []),
    ...inside
      .filter(({ share }) => share >= 0.01)
      .map(({ name, ms, share }) => `${name.padEnd(48)}${ms.toFixed(3).padStart(10)}${percent(share).padStart(8)}`),
    ...(inside.length > 0 ? [""] : []),
  ].join("\n");
}

const names = args.inside ? await functionNames(backend.variant) : new Map();
const profiles = [];
for (const what of wanted) {
  profiles.push(await profile(what));
  console.log(table(profiles.at(-1)));
}
if (args.json) writeFileSync(args.json, `${JSON.stringify({ node: process.version, profiles }, null, 1)}\n`);
process.exit();
