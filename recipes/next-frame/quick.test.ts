import { inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { cnnLstm, movingBlobs } from "./cnn-lstm.mjs";
import { between, drawings, moving, windows } from "./frames.mjs";
import { png } from "./picture.mjs";
import { ridge } from "./ridge.mjs";
import { convolutional, copyLast, judge, linear, predictive } from "./shared.mjs";
import { videoClip } from "./video-clip.mjs";

// The recipes in their smallest form: that they run, and that what they measure is what they say.
const quick = { quick: true, seed: 1 };

/** Pseudo-random numbers in [0, 1) that repeat. */
const noise = (k: number): number => (Math.imul(k + 1, 2654435761) >>> 8) / 2 ** 24;

test("sprites stay whole and move by one or two pixels a frame, until a wall turns them", () => {
  const [count, steps, side] = [12, 8, 16];
  const { data } = moving(drawings, { count, steps, side, seed: 3, stream: 0 });
  for (let n = 0; n < count; n++) {
    let before: number[] | null = null;
    for (let t = 0; t < steps; t++) {
      const frame = [...data.subarray((n * steps + t) * 256, (n * steps + t + 1) * 256)];
      const ink = frame.reduce((a, b) => a + b, 0);
      const middle = [(k: number) => Math.floor(k / side), (k: number) => k % side].map(
        (of) => frame.reduce((sum, value, k) => sum + value * of(k), 0) / ink,
      );
      expect([24, 13]).toContain(ink); // a ring, a cross
      for (const axis of before ? [0, 1] : []) {
        const step = Math.abs((middle[axis] as number) - ((before as number[])[axis] as number));
        expect([1, 2]).toContain(Math.round(step * 1e6) / 1e6);
      }
      before = middle;
    }
  }
});

test("every frame after the first two of a window is asked for once", () => {
  const frames = Array.from({ length: 20 }, (_, k) => Float32Array.of(k));
  const { shape, data } = windows({ height: 1, width: 1, frames }, { from: 2, to: 20, steps: 10, stride: 8 });
  expect(shape).toEqual([2, 10, 1, 1, 1]);
  expect([...between({ shape, data }, 2, 10).data]).toEqual(Array.from({ length: 16 }, (_, k) => k + 4));
});

test("the linear model finds a rule that is linear", () => {
  const [N, T, side] = [2, 5, 12];
  const data = Float32Array.from({ length: N * T * side * side }, (_, k) => noise(k));
  const at = (n: number, t: number, p: number, q: number): number => ((n * T + t) * side + p) * side + q;
  for (let n = 0; n < N; n++) {
    for (let t = 2; t < T; t++) {
      for (let p = 0; p < side; p++) {
        for (let q = 0; q < side; q++) {
          const left = q > 0 ? (data[at(n, t - 1, p, q - 1)] as number) : 0;
          data[at(n, t, p, q)] = 0.5 * left + 0.25 * (data[at(n, t - 2, p, q)] as number) + 0.1;
        }
      }
    }
  }
  const films = { shape: [N, T, side, side, 1], data };
  const { weights, predict } = ridge(films, { reach: 1, frames: 2, penalty: 1e-9 });
  expect(judge(between(films, 2, T), predict(films)).mse).toBeLessThan(1e-10);
  expect([weights[4], weights[12], weights[18]].map((weight) => Math.round((weight as number) * 1e4) / 1e4)).toEqual([
    0.25, 0.5, 0.1,
  ]);
});

const settings = { seed: 1, learningRate: 0.01, batchSize: 4, updates: 1 };
const films = (stream: number) => moving(drawings, { count: 4, steps: 6, side: 16, seed: 1, stream });

test.each([
  ["last frame", copyLast],
  ["linear", linear],
  ["ConvLSTM", convolutional({ filters: 2, change: false })],
  ["ConvLSTM of changes", convolutional({ filters: 2, change: true })],
  ["PredNet", predictive({ channels: [2, 2], representation: "convLstm", layerWeights: "L0" })],
  ["PredNet over Inception LSTMs", predictive({ channels: [1, 1], representation: "inception2", layerWeights: "Lall" })],
])("%s predicts a frame before it comes", async (_name, make) => {
  const { predict } = await make(films(1), settings);
  const test = films(2);
  const other = { ...test, data: test.data.slice() };
  const size = 16 * 16;
  for (let n = 0; n < 4; n++) for (let k = 0; k < size; k++) other.data[(n * 6 + 5) * size + k] = noise(k);
  const [found, blind] = [await predict(test), await predict(other)];
  expect(found.shape).toEqual([4, 4, 16, 16, 1]);
  expect([...blind.data]).toEqual([...found.data]); // what the last frame shows changes nothing
  for (let n = 0; n < 4; n++) for (let k = 0; k < size; k++) other.data[(n * 6 + 4) * size + k] = noise(k);
  expect([...(await predict(other)).data]).not.toEqual([...found.data]); // the one before it does
});

test("PredNet predicts with the weights it has learnt", async () => {
  const drawn = films(1);
  const train = { ...drawn, data: drawn.data.map((value) => 1 - value) }; // light ground: untrained networks draw black
  const make = predictive({ channels: [2, 4], representation: "convLstm", layerWeights: "L0" });
  const errorAfter = async (updates: number): Promise<number> => {
    const { predict } = await make(train, { ...settings, updates });
    return judge(between(train, 2, 6), await predict(train)).mae;
  };
  expect(await errorAfter(30)).toBeLessThan(0.5 * (await errorAfter(1)));
});

test("the table judges every model, the picture shows it", async () => {
  const { rows, text, figures } = await videoClip(quick);
  expect(rows).toHaveLength(12);
  expect(text).not.toMatch(/NaN|undefined/);
  const svg = figures["video-clip"] as string;
  expect(svg.match(/<image /g)).toHaveLength(1 + 2 * 12);
  for (const { name } of rows) expect(svg).toContain(`>${name}<`);
});

test("a PNG holds its bytes", () => {
  const bytes = Uint8Array.of(0, 50, 255, 7, 8, 9);
  const file = Buffer.from(png(bytes, 2, 3).split(",")[1] as string, "base64");
  expect([file.readUInt32BE(16), file.readUInt32BE(20)]).toEqual([3, 2]);
  const at = file.indexOf("IDAT");
  const lines = inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)));
  expect([...lines]).toEqual([0, 0, 50, 255, 0, 7, 8, 9]);
});

test("blobs go the way of their class, light and dark alike", () => {
  const { x, y } = movingBlobs(40, { seed: 2, stream: 0 });
  const shades = new Set<number>();
  for (let n = 0; n < 40; n++) {
    const places = [0, 5].map((t) => {
      const frame = x.data.subarray((n * 6 + t) * 144, (n * 6 + t + 1) * 144);
      const strongest = frame.reduce((best, value, k) => (Math.abs(value) > Math.abs(frame[best] as number) ? k : best), 0);
      shades.add(Math.sign(frame[strongest] as number));
      return [Math.floor(strongest / 12), strongest % 12] as const;
    });
    const [[p0, q0], [p1, q1]] = places as [readonly [number, number], readonly [number, number]];
    expect([p1 - p0, q1 - q0].map((step) => step || 0)).toEqual(
      [
        [-5, 0],
        [5, 0],
        [0, -5],
        [0, 5],
      ][y.data[n] as number],
    );
  }
  expect(shades.size).toBe(2);
});

test("CNN–LSTM: every model is judged", async () => {
  const { rows, text } = await cnnLstm(quick);
  expect(rows.map(({ weights }) => weights)).toEqual([3460, 22788, 30036]);
  expect(text).not.toMatch(/NaN|undefined/);
});
