// Sequences of grey frames, values 0 to 1: a filmed clip, and drawings that move.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { RandomStream } from "sluice";

/** Data sets lie in a folder beside the repository; the README of this recipe says which files. */
const folder = new URL("../../../shared/data/", import.meta.url);

/** The bytes of a file of that folder. @throws {Error} that says what is missing. */
function bytesOf(path) {
  try {
    return gunzipSync(readFileSync(new URL(path, folder)));
  } catch (cause) {
    throw new Error(`Cannot read ${path} in shared/data beside the repository. See "Data" in recipes/next-frame/README.md.`, {
      cause,
    });
  }
}

/** Every other size: the mean of each 2 × 2 pixels. */
function halved(pixels, height, width) {
  const out = new Float32Array((height / 2) * (width / 2));
  for (let k = 0; k < out.length; k++) {
    const at = 2 * Math.floor(k / (width / 2)) * width + 2 * (k % (width / 2));
    out[k] = (pixels[at] + pixels[at + 1] + pixels[at + width] + pixels[at + width + 1]) / 4;
  }
  return out;
}

/** Sprites of 7 × 7: a ring and a cross. */
export const drawings = [
  (p, q) => (Math.max(Math.abs(p), Math.abs(q)) === 3 ? 1 : 0),
  (p, q) => (p === 0 || q === 0 ? 1 : 0),
].map((ink) => ({ side: 7, pixels: Float32Array.from({ length: 49 }, (_, k) => ink(Math.floor(k / 7) - 3, (k % 7) - 3)) }));

/**
 * Sequences [count, steps, side, side, 1] in which one of the sprites moves by up to two pixels a frame in each direction, and turns back at the walls
 * (after the moving digits of Srivastava et al. 2015, arXiv:1502.04681). They follow from seed and stream.
 */
export function moving(sprites, { count, steps, side, seed, stream }) {
  const random = new RandomStream({ seed, stream, step: 0 });
  const data = new Float32Array(count * steps * side * side);
  for (let n = 0; n < count; n++) {
    const sprite = sprites[random.below(sprites.length)];
    const free = side - sprite.side;
    const places = [0, 1].map(() => random.below(free + 1));
    const speeds = [0, 1].map(() => (1 + random.below(2)) * (random.below(2) === 0 ? 1 : -1));
    for (let t = 0; t < steps; t++) {
      const frame = data.subarray((n * steps + t) * side * side, (n * steps + t + 1) * side * side);
      sprite.pixels.forEach((value, k) => {
        frame[(places[0] + Math.floor(k / sprite.side)) * side + places[1] + (k % sprite.side)] = value;
      });
      for (const axis of [0, 1]) {
        const next = places[axis] + speeds[axis];
        if (next < 0 || next > free) speeds[axis] = -speeds[axis];
        places[axis] += speeds[axis];
      }
    }
  }
  return { shape: [count, steps, side, side, 1], data };
}

/** The frames of the clip at half their size, 24 × 32; of frames that the film shows twice one is kept. */
export function clip() {
  const bytes = bytesOf("video-clip/ball.u8.gz");
  const [height, width] = [48, 64];
  const frames = [];
  for (let at = 0; at < bytes.length; at += height * width) {
    const frame = bytes.subarray(at, at + height * width);
    const before = at > 0 ? bytes.subarray(at - height * width, at) : frame.map((value) => 255 - value);
    const change = frame.reduce((sum, value, k) => sum + Math.abs(value - before[k]), 0) / frame.length;
    if (change > 0.1) frames.push(halved(frame, height, width).map((value) => value / 255));
  }
  return { height: height / 2, width: width / 2, frames };
}

/** All sequences of so many frames in a row that lie within frames `from` … `to` − 1, one starting every `stride` frames. */
export function windows({ height, width, frames }, { from, to, steps, stride }) {
  const starts = [];
  for (let at = from; at + steps <= to; at += stride) starts.push(at);
  const data = new Float32Array(starts.length * steps * height * width);
  starts.forEach((start, n) => {
    for (let t = 0; t < steps; t++) data.set(frames[start + t], (n * steps + t) * height * width);
  });
  return { shape: [starts.length, steps, height, width, 1], data };
}

/** Frames `from` … `to` − 1 of each sequence. */
export function between({ shape, data }, from, to) {
  const [count, steps, ...frame] = shape;
  const size = frame.reduce((a, b) => a * b, 1);
  const out = new Float32Array(count * (to - from) * size);
  for (let n = 0; n < count; n++) {
    out.set(data.subarray((n * steps + from) * size, (n * steps + to) * size), n * (to - from) * size);
  }
  return { shape: [count, to - from, ...frame], data: out };
}
