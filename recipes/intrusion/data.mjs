// NSL-KDD as a table of columns: read from its files, or made up in small; and the same rows as numbers for what reads only numbers.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { RandomStream } from "sluice";

/** Columns 2 to 4 hold symbols. */
const names = `duration protocol_type service flag src_bytes dst_bytes land wrong_fragment urgent hot num_failed_logins logged_in
num_compromised root_shell su_attempted num_root num_file_creations num_shells num_access_files num_outbound_cmds is_host_login
is_guest_login count srv_count serror_rate srv_serror_rate rerror_rate srv_rerror_rate same_srv_rate diff_srv_rate srv_diff_host_rate
dst_host_count dst_host_srv_count dst_host_same_srv_rate dst_host_diff_srv_rate dst_host_same_src_port_rate dst_host_srv_diff_host_rate
dst_host_serror_rate dst_host_srv_serror_rate dst_host_rerror_rate dst_host_srv_rerror_rate`.split(/\s+/);
const symbolic = new Set(["protocol_type", "service", "flag"]);
/** Spread over many powers of ten: read as log(1 + x), as in Yin et al. 2017. */
const wide = new Set(["duration", "src_bytes", "dst_bytes"]);
/** First columns of the four groups in which the data set's authors describe its columns: connection, content, last two seconds, host. */
const groups = [0, 9, 22, 31];

/** Where NSL-KDD may be: the file as it is named, or gzipped, or only its odd lines. */
const files = { train: ["KDDTrain+_20Percent.txt"], test: ["KDDTest+.txt", "KDDTest+_odd.txt"] };

/** The rows of both files, or null when the folder does not hold them. @returns { train, test, testFile } */
export function readFolder(folder) {
  const find = (candidates) => candidates.flatMap((name) => [name, `${name}.gz`]).find((name) => existsSync(join(folder, name)));
  const [trainFile, testFile] = [find(files.train), find(files.test)];
  if (trainFile === undefined || testFile === undefined) return null;
  const rows = (name) => {
    const bytes = readFileSync(join(folder, name));
    const text = (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
    return text.trim().split(/\r?\n/).map(parse);
  };
  return { train: rows(trainFile), test: rows(testFile), testFile: testFile.replace(/\.txt(\.gz)?$/, "") };
}

/** One line: 41 values, the kind of attack or "normal", and how many of 21 learners told it right. */
function parse(line) {
  const cells = line.split(",");
  return { cells: cells.slice(0, names.length), kind: cells[names.length], difficulty: Number(cells[names.length + 1]) };
}

/**
 * Made-up rows in the same form for tests: in a flood the two counts go apart, which they never do else; logins show in the service; the third
 * kind of attack is in the test part alone. Every other column is noise.
 */
export function madeUp(count, seed, stream) {
  const random = new RandomStream({ seed, stream, step: 0 });
  const small = () => random.below(50);
  const large = () => 200 + random.below(200);
  return Array.from({ length: count }, () => {
    const kind = ["normal", "normal", "flood", "login", stream === 0 ? "flood" : "unknown"][random.below(5)];
    const cells = names.map(() => (random.below(101) / 100).toFixed(2));
    cells[0] = String(random.below(5000));
    cells[1] = ["tcp", "udp"][random.below(2)];
    cells[2] = kind === "login" ? "ftp" : ["http", "http", "smtp", "smtp", "ftp"][random.below(5)];
    cells[3] = ["SF", "REJ"][random.below(2)];
    const busy = random.below(2) === 1;
    cells[22] = String(busy || kind === "flood" ? large() : small());
    cells[23] = String(busy && kind !== "flood" ? large() : small());
    return { cells, kind, difficulty: 10 + random.below(12) };
  });
}

/**
 * Rows as columns of numbers. A symbol becomes its place among the symbols of the training rows, −1 when it is not one of them. `scaled`
 * brings log(1 + x) of the wide columns, and the others as they are, to 0 … 1 on the training rows. y is 1 for an attack.
 */
export function asColumns(rows, trainRows, { scaled }) {
  const columns = names.map((name, k) => {
    if (symbolic.has(name)) {
      const symbols = [...new Set(trainRows.map(({ cells }) => cells[k]))].sort();
      const place = new Map(symbols.map((symbol, code) => [symbol, code]));
      return { name, symbols, values: Int16Array.from(rows, ({ cells }) => place.get(cells[k]) ?? -1) };
    }
    const read = ({ cells }) => (scaled && wide.has(name) ? Math.log1p(Number(cells[k])) : Number(cells[k]));
    const values = Float64Array.from(rows, read);
    if (!scaled) return { name, symbols: null, values };
    const seen = trainRows.map(read);
    const lowest = seen.reduce((a, b) => Math.min(a, b));
    const range = seen.reduce((a, b) => Math.max(a, b)) - lowest || 1;
    return { name, symbols: null, values: values.map((x) => (x - lowest) / range) };
  });
  return { columns, y: Uint8Array.from(rows, ({ kind }) => (kind === "normal" ? 0 : 1)) };
}

/** The columns side by side as numbers, a symbol as a 1 in its place: [N, I]. A symbol that is new has no 1. */
export function asMatrix({ columns, y }) {
  const widths = columns.map(({ symbols }) => symbols?.length ?? 1);
  const inputs = widths.reduce((a, b) => a + b, 0);
  const data = new Float32Array(y.length * inputs);
  let first = 0;
  columns.forEach(({ symbols, values }, k) => {
    for (let n = 0; n < y.length; n++) {
      if (symbols === null) data[n * inputs + first] = values[n];
      else if (values[n] >= 0) data[n * inputs + first + values[n]] = 1;
    }
    first += widths[k];
  });
  return { shape: [y.length, inputs], data };
}

/** The same numbers as a sequence of four steps, one for each group of columns: [N, 4, I], 0 where an input is of another group. */
export function asGroups({ columns }, matrix) {
  const [count, inputs] = matrix.shape;
  const groupOf = columns.flatMap(({ symbols }, k) =>
    new Array(symbols?.length ?? 1).fill(groups.findLastIndex((first) => first <= k)),
  );
  const data = new Float32Array(count * groups.length * inputs);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < inputs; i++) data[(n * groups.length + groupOf[i]) * inputs + i] = matrix.data[n * inputs + i];
  }
  return { shape: [count, groups.length, inputs], data };
}

/** Some rows of columns. */
export const columnsOf = ({ columns, y }, rows) => ({
  columns: columns.map((column) => ({ ...column, values: column.values.constructor.from(rows, (n) => column.values[n]) })),
  y: Uint8Array.from(rows, (n) => y[n]),
});
