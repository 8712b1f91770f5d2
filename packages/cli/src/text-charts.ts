const BLOCKS = "▁▂▃▄▅▆▇█";

/** A column in `width` characters: each the mean of its share of the rows, a space where every value is missing. */
export function sparkline(values: ArrayLike<number>, width: number): string {
  const means = bucketMeans(values, Math.min(width, values.length));
  const known = means.filter((mean) => !Number.isNaN(mean));
  const [min, max] = [Math.min(...known), Math.max(...known)];
  return means
    .map((mean) => {
      if (Number.isNaN(mean)) return " ";
      const height = max > min ? (mean - min) / (max - min) : 0.5;
      return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(height * BLOCKS.length))];
    })
    .join("");
}

function bucketMeans(values: ArrayLike<number>, buckets: number): number[] {
  return Array.from({ length: buckets }, (_, b) => {
    const [from, to] = [Math.floor((b * values.length) / buckets), Math.floor(((b + 1) * values.length) / buckets)];
    let [sum, n] = [0, 0];
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      if (Number.isNaN(value)) continue;
      sum += value;
      n++;
    }
    return n === 0 ? Number.NaN : sum / n;
  });
}

/** A forecast to draw: the end of the history, then the median between the ends of its interval. */
export interface Fan {
  readonly history: readonly number[];
  readonly median: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Braille dots, 2 × 4 to a character: solid lines for history and median, every second dot for the interval's ends. */
export function fanChart({ history, median, low, high }: Fan, width: number, height: number): string {
  const all = [...history, ...median, ...low, ...high].filter(Number.isFinite);
  const [min, max] = [Math.min(...all), Math.max(...all)];
  const steps = history.length + median.length;
  const [columns, rows] = [2 * width, 4 * height];
  const cells = new Uint8Array(width * height);
  const dot = (x: number, y: number) => {
    const cell = (y >> 2) * width + (x >> 1);
    cells[cell] = (cells[cell] as number) | (DOTS[(y & 3) * 2 + (x & 1)] as number);
  };
  const xOf = (step: number) => Math.round((step / Math.max(1, steps - 1)) * (columns - 1));
  const yOf = (value: number) => Math.round((max > min ? (max - value) / (max - min) : 0.5) * (rows - 1));
  const draw = (values: readonly number[], first: number, every: number) => {
    for (let i = 0; i + 1 < values.length; i++) {
      const [a, b] = [values[i] as number, values[i + 1] as number];
      if (!Number.isFinite(a) || !Number.isFinite(b)) continue;
      const [x0, x1, y0, y1] = [xOf(first + i), xOf(first + i + 1), yOf(a), yOf(b)];
      const n = Math.max(x1 - x0, Math.abs(y1 - y0), 1);
      for (let k = 0; k <= n; k += every) dot(Math.round(x0 + ((x1 - x0) * k) / n), Math.round(y0 + ((y1 - y0) * k) / n));
    }
  };
  const joined = (values: readonly number[]) => [...history.slice(-1), ...values];
  const start = history.length - Math.min(1, history.length);
  draw(history, 0, 1);
  draw(joined(median), start, 1);
  draw(joined(low), start, 2);
  draw(joined(high), start, 2);
  return Array.from({ length: height }, (_, y) =>
    Array.from(cells.subarray(y * width, (y + 1) * width), (bits) => String.fromCharCode(0x2800 + bits)).join(""),
  ).join("\n");
}

/** Bit of each dot of a braille character, row by row: left, right. */
const DOTS = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];
