// The bars this project set itself, each with how it is measured; see the tables in README.md.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compare } from "./compare.mjs";

const every = ["tut", "small", "med", "zaremba", "big", "gru", "bilstm"];
/** tfjs has the other GRU alone. */
const withoutResetAfter = every.map((config) => (config === "gru" ? "gru-before" : config));
const quick = ["tut", "small", "stream-16-64"];
const faster = (ratio) => ({
  text: `≥ ${ratio.toFixed(1)} ×`,
  met: (row) => row.ratio >= ratio,
  tell: (row) => `${row.ratio.toFixed(2)} ×`,
});
const within = (µs) => ({ text: `≤ ${µs} µs`, met: (row) => row.ours <= µs, tell: (row) => `${row.ours.toFixed(2)} µs` });

const lines = (line, configs, bar, run) => configs.map((config) => ({ line, config, bar: bar(config), ...run }));

/** Every comparison that has a bar. `on`: "newest" is a Node that re-vectorises, "plain" one that does not. */
function comparisons() {
  const native = (config) => faster(["tut", "small"].includes(config) ? 1.2 : 1);
  const training = [1, 2].flatMap((threads) =>
    lines(`training step, ${threads} ${threads === 1 ? "thread" : "threads"}, against PyTorch`, every, native, {
      ...{ what: "train", peer: "torch", threads, on: "newest" },
    }),
  );
  const streamed = (config, bar, run) =>
    lines("streamed step", [config], () => bar, { what: "stream", peer: "ort-node", threads: 1, ...run });
  const plain = { threads: 1, on: "plain" };
  return [
    ...training,
    ...lines("training step, no re-vectorisation, against PyTorch", every, () => faster(0.7), {
      what: "train",
      peer: "torch",
      ...plain,
    }),
    ...lines("training step, no re-vectorisation, against tfjs-wasm", withoutResetAfter, () => faster(25), {
      what: "train",
      peer: "tfjs-wasm",
      ...plain,
    }),
    ...lines("forward, against onnxruntime-node", every, () => faster(1), {
      what: "forward",
      peer: "ort-node",
      threads: 1,
      on: "newest",
    }),
    ...lines("forward, no re-vectorisation, against onnxruntime-web", every, () => faster(1.8), {
      what: "forward",
      peer: "ort-web",
      ...plain,
    }),
    ...streamed("stream-16-64", within(3), { on: "newest" }),
    ...streamed("stream-16-64", within(3), { on: "plain", line: "streamed step, no re-vectorisation" }),
    ...streamed("stream-64-256", within(15), { on: "newest" }),
    ...streamed("stream-64-256", within(25), { on: "plain", line: "streamed step, no re-vectorisation" }),
    ...streamed("stream-512-1024", faster(1), { on: "newest", line: "streamed step, against onnxruntime-node" }),
    ...streamed("stream-512-1024-int8", faster(2), {
      ...{ on: "newest", line: "streamed step, int8 against float32", peer: "sluice", peerConfig: "stream-512-1024" },
    }),
    ...lines("training step, 2 threads against 1", ["med", "zaremba", "big"], () => faster(1.7), {
      ...{ what: "threads", peer: "sluice", threads: 2, on: "newest" },
    }),
  ];
}

/** Memory, start-up, bundle and growth: footprint.mjs in a process of its own. */
function footprint(node, isQuick) {
  const folder = mkdtempSync(join(os.tmpdir(), "sluice-bench-"));
  const file = join(folder, "footprint.json");
  try {
    const script = fileURLToPath(new URL("../footprint.mjs", import.meta.url));
    const parameters = [
      "--expose-gc",
      script,
      "--json",
      file,
      ...(isQuick ? ["--what", "memory,startup,bundle", "--steps", "200"] : []),
    ];
    const { status } = spawnSync(node, parameters, { stdio: ["ignore", "ignore", "inherit"] });
    if (status !== 0) return [{ line: "footprint", bar: { text: "" }, skipped: `footprint.mjs ended with ${status}` }];
    return JSON.parse(readFileSync(file, "utf8"))
      .rows.filter(({ bar }) => bar !== null)
      .map(({ what, value, unit, bar, reached }) => ({
        ...{ line: what, what: "footprint", bar: { text: `≤ ${bar.toFixed(2)} ${unit}` } },
        ...{ measured: `${value.toFixed(2)} ${unit}`, value, unit, met: reached },
      }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Measures every bar, one row after the other, and gives each to `tell` when it is there. `newest`, `plain`: { node, version }; a plain Node that
 * could re-vectorise runs the kernels that do not ask for it. `isQuick`: the small configurations only.
 */
export async function measureBars({ newest, plain, rounds, isQuick, tell }) {
  const rows = [];
  const add = (row) => {
    rows.push(row);
    tell(row);
  };
  for (const { line, bar, on, ...run } of comparisons()) {
    if (isQuick && !quick.includes(run.config)) continue;
    const { node, version } = on === "newest" ? newest : plain;
    const tooOld = on === "newest" && Number.parseInt(version.slice(1), 10) < 24;
    const row = tooOld
      ? { ...run, skipped: `it needs Node 24 or newer, and this is ${version}; run "npm ci --ignore-scripts" in benchmarks/` }
      : await compare({ ...run, node, variant: on === "plain" ? "relaxed" : undefined, rounds });
    const result = row.skipped ? {} : { measured: bar.tell(row), met: bar.met(row) && row.check.same !== false };
    add({ ...row, line, node: version, bar: { text: bar.text }, ...result });
  }
  for (const row of footprint(newest.node, isQuick)) add({ ...row, node: newest.version });
  return rows;
}
