// Rows for a reader, and the machine they were measured on.
import { spawnSync } from "node:child_process";
import os from "node:os";

/** "v26.10.0" of a Node at this path. */
export function versionOf(node) {
  if (node === process.execPath) return process.version;
  const { stdout, error } = spawnSync(node, ["--version"], { encoding: "utf8" });
  if (error || !stdout) throw new Error(`Cannot run ${node}: it does not start. --node takes the path of a Node executable.`);
  return stdout.trim();
}

/** A load average above which something else than this run was busy: beside `own` threads of it. */
const busy = (load, own) => load > own + 0.5;

/** Call it before the rows; the function it gives, called behind them with the most threads a row had, tells the machine and its load. */
export function watchMachine() {
  const [before] = os.loadavg();
  return (threads) => {
    const [after] = os.loadavg();
    return {
      cpu: os.cpus()[0]?.model ?? "unknown",
      cores: os.cpus().length,
      loadBefore: before,
      loadAfter: after,
      otherLoad: busy(before, 0) || busy(after, threads),
    };
  };
}

/** One row in one line. */
export function line({ config, what, peer, threads, skipped, ours, theirs, unit, gflops, variant, ratio, check }) {
  const name = `${config.padEnd(8)} ${what.padEnd(7)} ${peer.padEnd(10)} threads ${threads}`;
  if (skipped) return `${name}  skipped: ${skipped}`;
  const same = check.note
    ? `not compared: ${check.note}`
    : `same: ${check.same} (${check.worstRelativeDifference.toExponential(1)})`;
  return (
    `${name}  ours ${ours.toFixed(3)} ${unit} (${gflops.toFixed(1)} GF/s, ${variant})  ` +
    `theirs ${theirs.toFixed(3)} ${unit}  ratio ${ratio.toFixed(2)}  ${same}`
  );
}

const verdict = ({ met, skipped }) => (skipped ? "not measured" : met ? "met" : "**missed**");
const figure = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** Every bar as a row of Markdown, below the machine, and what was not measured with its reason. */
export function barsTable({ machine, node, date, rows }) {
  const load = machine.otherLoad ? "**other work was running: times and ratios are worth less**" : "nothing else was running";
  const cells = (row) => [
    row.line,
    row.config ?? "",
    row.bar.text,
    row.skipped ? "" : row.measured,
    row.ours === undefined ? "" : `${figure(row.ours)} ${row.unit}`,
    row.theirs === undefined ? "" : `${figure(row.theirs)} ${row.unit}`,
    row.check?.same === false ? `${verdict(row)}, not the same computation` : verdict(row),
  ];
  const skipped = rows
    .filter((row) => row.skipped)
    .map((row) => `- ${row.line}${row.config ? `, ${row.config}` : ""}: ${row.skipped}`);
  const measured = rows.filter((row) => !row.skipped);
  return [
    `${date}, ${machine.cpu}, ${machine.cores} cores, Node ${node.newest} and ${node.plain}; load average ${machine.loadBefore.toFixed(2)} before, ${machine.loadAfter.toFixed(2)} after: ${load}.`,
    `${measured.filter(({ met }) => met).length} of ${measured.length} bars met.`,
    "",
    "| what | configuration | bar | measured | ours | theirs | |",
    "|---|---|---|---:|---:|---:|---|",
    ...rows.map((row) => `| ${cells(row).join(" | ")} |`),
    ...(skipped.length > 0 ? ["", "Not measured:", "", ...skipped] : []),
    "",
  ].join("\n");
}
