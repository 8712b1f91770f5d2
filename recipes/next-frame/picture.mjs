// A picture of frames: one row for each model, its frames on the left and its errors on the right.
import { Buffer } from "node:buffer";
import { crc32, deflateSync } from "node:zlib";

/** A grey PNG of bytes [height, width], as a data address. */
export function png(bytes, height, width) {
  const lines = Buffer.alloc(height * (width + 1)); // each line begins with its filter: 0, none
  for (let p = 0; p < height; p++) lines.set(bytes.subarray(p * width, (p + 1) * width), p * (width + 1) + 1);
  const number = (value) => {
    const four = Buffer.alloc(4);
    four.writeUInt32BE(value);
    return four;
  };
  const chunk = (name, content) => {
    const body = Buffer.concat([Buffer.from(name, "latin1"), content]);
    return Buffer.concat([number(content.length), body, number(crc32(body))]);
  };
  const head = Buffer.concat([number(width), number(height), Buffer.from([8, 0, 0, 0, 0])]); // eight bits, grey
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const file = Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(lines)), chunk("IEND", Buffer.alloc(0))]);
  return `data:image/png;base64,${file.toString("base64")}`;
}

/** Frames side by side, two white columns between them: values 0 to 1 by `value(frame, pixel)`. */
function strip(frames, height, width, value) {
  const total = frames.length * (width + 2) - 2;
  const bytes = new Uint8Array(height * total).fill(255);
  frames.forEach((frame, k) => {
    for (let pixel = 0; pixel < height * width; pixel++) {
      const at = Math.floor(pixel / width) * total + k * (width + 2) + (pixel % width);
      bytes[at] = Math.round(255 * Math.min(1, Math.max(0, value(frame, pixel))));
    }
  });
  return { width: total, image: png(bytes, height, total) };
}

/**
 * An SVG of sequence `n` of actual and predicted frames [N, T, h, w, 1]: `frames` of them in a row of each model, and beside them |error| · `gain`, black where
 * there is none.
 */
export function filmStrip(actual, rows, { n, frames, gain, label }) {
  const [, T, height, width] = actual.shape;
  const size = height * width;
  const pixelOf = ({ data }, t, pixel) => data[(n * T + t) * size + pixel];
  const scale = 3;
  const [left, top, gap] = [230, 24, 24];
  const lines = [{ name: "what came", predicted: actual }, ...rows];
  const drawn = lines.map(({ name, predicted }, k) => {
    const shown = strip(frames, height, width, (t, pixel) => pixelOf(predicted, t, pixel));
    const errors = strip(
      frames,
      height,
      width,
      (t, pixel) => gain * Math.abs(pixelOf(predicted, t, pixel) - pixelOf(actual, t, pixel)),
    );
    const y = top + k * (height * scale + 6);
    const place = (x, { image }) =>
      `<image x="${x}" y="${y}" width="${shown.width * scale}" height="${height * scale}" href="${image}" style="image-rendering:pixelated"/>`;
    const second = k === 0 ? "" : place(left + shown.width * scale + gap, errors);
    return `<text x="${left - 8}" y="${y + (height * scale) / 2 + 4}" text-anchor="end">${name}</text>${place(left, shown)}${second}`;
  });
  const wide = (frames.length * (width + 2) - 2) * scale;
  const [W, H] = [left + 2 * wide + gap + 8, top + lines.length * (height * scale + 6)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${W} ${H}" width="${W}" height="${H}" role="img" aria-label="${label}" font-family="sans-serif" font-size="13">`,
    `<rect width="${W}" height="${H}" fill="#fff"/>`,
    `<text x="${left}" y="16">frames</text><text x="${left + wide + gap}" y="16">errors, ${gain} times</text>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}
