// One row: two processes that compute the same, timed in turn.
import { configs as batches, gigaFlops, streams } from "../configs.mjs";
import { missing, Peer } from "./peers.mjs";

export const configs = { ...batches, ...streams };
/** Rounds after which a row ends when a step of either side takes longer than `SLOW_MS`. */
const SLOW_ROUNDS = 3;
const SLOW_MS = 2000;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const spread = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * 0.75)] - sorted[Math.floor(sorted.length * 0.25)]) / median(values);
};

async function times(peer, count) {
  const { ms, error } = await peer.ask({ run: count });
  if (error) throw new Error(`${peer.name} failed: ${error}`);
  return ms;
}

/** Steps that fill about 200 ms, so that a round is long enough to time and short enough to interleave; and what one takes. */
async function pace(peer, { stepsPerTick = 1 }) {
  const [first] = await times(peer, 1);
  const ms = first > SLOW_MS ? first : median(await times(peer, 3));
  return { ms, steps: Math.max(1, Math.min(200, Math.round(200 / ms / stepsPerTick))) };
}

/**
 * Largest relative difference that counts as the same. The first training step says whether both compute the same loss; after it Adam divides
 * small gradients by their own size, so roundings grow: later losses only show that both learn alike. Small weights are rounded. More threads
 * change no bit.
 */
function tolerance(row, k) {
  if (row.what === "threads") return 0;
  if ((configs[row.config].weights ?? "float32") !== "float32") return 0.1;
  if (row.what !== "train") return 1e-4;
  return k === 0 ? 1e-5 : 1e-2;
}

/** How far apart the two sides' check numbers are, relative; or why they are not compared. */
function agreement(a, b, row) {
  const note = a.note ?? b.note ?? null;
  if (note) return { same: null, note };
  const gaps = a.check.map((value, k) => Math.abs(value - b.check[k]) / Math.max(1e-3, Math.abs(b.check[k])));
  return { worstRelativeDifference: Math.max(...gaps), same: gaps.every((gap, k) => gap <= tolerance(row, k)) };
}

/**
 * sluice on `threads` threads against `peer` on as many. `what`: train, forward, stream, or threads, a training step beside sluice itself on
 * one thread. `peerConfig`: what the other side runs, where it is not the same.
 * Gives the row, or the row with `skipped`, a sentence.
 */
export async function compare({ config, what, peer, threads, node, variant, rounds, peerConfig = config }) {
  const row = { config, what, peer, threads };
  const absent = missing(peer);
  if (absent) return { ...row, skipped: absent };
  const peerThreads = what === "threads" ? 1 : threads;
  const work = what === "threads" ? "train" : what;
  const [ours, theirs] = [
    new Peer({ peer: "sluice", threads, node, variant }),
    new Peer({ peer, threads: peerThreads, node, variant }),
  ];
  try {
    const a = await ours.ask({ set: { config: configs[config], what: work, threads } });
    const b = await theirs.ask({ set: { config: configs[peerConfig], what: work, threads: peerThreads } });
    const problem = a.error ?? b.error;
    if (problem) return { ...row, skipped: problem };
    const [paceA, paceB] = [await pace(ours, configs[config]), await pace(theirs, configs[peerConfig])];
    const turns = Math.max(paceA.ms, paceB.ms) > SLOW_MS ? Math.min(rounds, SLOW_ROUNDS) : rounds;
    const [timesA, timesB] = [[], []];
    for (let round = 0; round < turns; round++) {
      timesA.push(...(await times(ours, paceA.steps)));
      timesB.push(...(await times(theirs, paceB.steps)));
    }
    const [msA, msB] = [median(timesA), median(timesB)];
    const [unit, scale] = what === "stream" ? ["µs", 1000] : ["ms", 1];
    return {
      ...row,
      variant: a.about,
      ours: msA * scale,
      theirs: msB * scale,
      unit,
      ratio: msB / msA,
      gflops: (gigaFlops(configs[config]) * (work === "train" ? 3 : 1)) / (msA / 1000),
      spread: [spread(timesA), spread(timesB)],
      rounds: turns,
      check: agreement(a, b, row),
    };
  } catch (error) {
    return { ...row, skipped: error.message };
  } finally {
    ours.stop();
    theirs.stop();
  }
}
