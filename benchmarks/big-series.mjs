// Memory that a long series takes: read from a CSV, cut into windows, trained on for a hundred steps, in a process of its own.
import { spawnSync } from "node:child_process";
import { closeSync, createReadStream, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const built = (name) => new URL(`../packages/${name}/dist/index.js`, import.meta.url).href;
const FILES = [
  { rows: 10_000_000, columns: 1 },
  { rows: 1_000_000, columns: 7 },
];
const STEPS = 100;

/** For each file: peak RSS, its distance from the idle library, and that against 4 bytes a number; and the time to read. */
export function bigSeries({ row }) {
  const folder = mkdtempSync(join(tmpdir(), "series-"));
  try {
    return FILES.flatMap(({ rows, columns }) => {
      const file = join(folder, "series.csv");
      writeSeries(file, rows, columns);
      const { stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), file], { encoding: "utf8" });
      if (!stdout) throw new Error(`Cannot measure a series of ${rows} rows: ${stderr}`);
      const { base, peak, readMs, name } = JSON.parse(stdout);
      const size = (4 * rows * columns) / 1e6;
      const what = `series: ${rows.toLocaleString("en-US")} × ${columns}`;
      return [
        row(`${what}, float32 size`, size, "MB"),
        row(`${what}, RSS of the idle library`, base, "MB"),
        row(`${what}, peak RSS`, peak, "MB"),
        row(`${what}, peak ÷ float32 size`, peak / size, "×"),
        row(`${what}, (peak − idle) ÷ float32 size`, (peak - base) / size, "×", 3),
        row(`${what}, time to read (${name})`, readMs, "ms"),
      ];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Two decimals, as sensors and shops write them. */
function writeSeries(file, rows, columns) {
  const out = openSync(file, "w");
  let text = `${Array.from({ length: columns }, (_, c) => `y${c}`).join(",")}\n`;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const noise = (Math.imul(r * columns + c + 1, 0x9e3779b1) >>> 0) / 2 ** 32;
      text += `${c > 0 ? "," : ""}${(50 + 20 * Math.sin(r / 24 + c) + 5 * noise).toFixed(2)}`;
    }
    text += "\n";
    if (text.length < 1 << 20) continue;
    writeSync(out, text);
    text = "";
  }
  writeSync(out, text);
  closeSync(out);
}

/** Most memory this process has held, MB. On Linux the other count starts with what the parent held when it made this process. */
function peak() {
  if (process.platform !== "linux") return (process.resourceUsage().maxRSS * 1024) / 1e6;
  return (Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024) / 1e6;
}

/** The run that is measured. */
async function measured(file) {
  const { dense, init, lstm, sequential } = await import(built("sluice"));
  const { readCsv, toSeries, windows } = await import(built("data"));
  await init({ threads: 1 });
  const base = process.memoryUsage.rss() / 1e6;
  const start = performance.now();
  const table = await readCsv(createReadStream(file), { name: "series.csv" });
  const readMs = performance.now() - start;
  const names = table.columns.map(({ name }) => name);
  const { series, targets, covariates } = toSeries(table, { targets: names.slice(0, 1), covariates: names.slice(1) });
  const past = [...targets, ...covariates];
  const data = windows({ series, past, targets, windowLength: 48, horizon: 1 });
  const model = sequential([lstm({ units: 16, inputShape: [null, past.length] }), dense({ units: 1 })]);
  model.compile({ optimizer: "adam", loss: "mse" });
  // Targets [B, 1, 1] as [B, 1].
  const flat = {
    length: data.length,
    batch: (indices) => {
      const { x, y } = data.batch(indices);
      return { x, y: { ...y, shape: [indices.length, 1] } };
    },
  };
  await model.fit(flat, { epochs: 1, stepsPerEpoch: STEPS });
  const name = table.columns[0].values.constructor.name;
  console.log(JSON.stringify({ base, peak: peak(), readMs, name }));
  process.exit();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await measured(process.argv[2]);
