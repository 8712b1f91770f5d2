// Draws the pictures of docs/the-cell.md: node docs/pictures/draw.mjs. Each stands alone and follows the reader's light or dark setting.
import { writeFileSync } from "node:fs";

const style = `
    .page { fill: #ffffff } .cell { fill: #f3f6fa; stroke: #8c98a8 } .gate { fill: #fff4d6; stroke: #8a6100 }
    .squash { fill: #e3efff; stroke: #1f5fbf } .point { fill: #ffffff; stroke: #1d2733 } .wire { fill: none; stroke: #1d2733; stroke-width: 2 }
    .road { fill: none; stroke: #1f5fbf; stroke-width: 4 } .arrow { fill: #1d2733 } .roadArrow { fill: #1f5fbf }
    text { font-family: system-ui, sans-serif; font-size: 16px; fill: #1d2733; text-anchor: middle; dominant-baseline: central }
    .small { font-size: 13px } .math { font-style: italic; font-family: Georgia, serif; font-size: 18px }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0f141a } .cell { fill: #1a222c; stroke: #7d8a9a } .gate { fill: #3a2f10; stroke: #e0b64a }
      .squash { fill: #14294a; stroke: #7db0ff } .point { fill: #0f141a; stroke: #e6edf3 } .wire { stroke: #e6edf3 }
      .road { stroke: #7db0ff } .arrow { fill: #e6edf3 } .roadArrow { fill: #7db0ff } text { fill: #e6edf3 }
    }`;

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
/** "c_t−1": what follows the underscore stands lower. */
const symbol = (x, y, name) => {
  const [letter, index] = name.split("_");
  const below = index ? `<tspan dy="5" font-size="12">${escaped(index)}</tspan>` : "";
  return `<text class="math" x="${x}" y="${y}">${escaped(letter)}${below}</text>`;
};
const words = (x, y, text, className = "small") => `<text class="${className}" x="${x}" y="${y}">${escaped(text)}</text>`;
const wire = (...points) => `<polyline class="wire" points="${points.map((p) => p.join(",")).join(" ")}"/>`;
const box = (x, y, w, h, className) =>
  `<rect class="${className}" x="${x - w / 2}" y="${y - h / 2}" width="${w}" height="${h}" rx="6"/>`;
const point = (x, y, mark) => `<circle class="point" cx="${x}" cy="${y}" r="13"/><text x="${x}" y="${y}">${mark}</text>`;
const heads = {
  right: (x, y) => `${x},${y} ${x - 10},${y - 5} ${x - 10},${y + 5}`,
  left: (x, y) => `${x},${y} ${x + 10},${y - 5} ${x + 10},${y + 5}`,
  up: (x, y) => `${x},${y} ${x - 5},${y + 10} ${x + 5},${y + 10}`,
  down: (x, y) => `${x},${y} ${x - 5},${y - 10} ${x + 5},${y - 10}`,
};
const head = (x, y, direction, className = "arrow") => `<polygon class="${className}" points="${heads[direction](x, y)}"/>`;

function picture(file, { width, height, title, description, parts }) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">
  <title id="t">${escaped(title)}</title>
  <desc id="d">${escaped(description)}</desc>
  <style>${style}
  </style>
  <rect class="page" width="${width}" height="${height}" rx="8"/>
  ${parts.flat(Number.POSITIVE_INFINITY).join("\n  ")}
</svg>
`;
  writeFileSync(new URL(file, import.meta.url), svg);
}

/** The road of c runs along y = 100, what the gates read along y = 280. */
const gates = [
  { x: 180, name: "f", word: "forget", squash: "σ", kind: "gate" },
  { x: 270, name: "i", word: "input", squash: "σ", kind: "gate" },
  { x: 360, name: "g", word: "candidate", squash: "tanh", kind: "squash" },
  { x: 450, name: "o", word: "output", squash: "σ", kind: "gate" },
];
picture("lstm-cell.svg", {
  width: 760,
  height: 390,
  title: "One step of an LSTM cell",
  description:
    "The cell state c runs straight through: times the forget gate f, plus input gate i times candidate g. " +
    "The hidden state h is tanh of the new c, times the output gate o. All four blocks read x and the hidden state before.",
  parts: [
    '<rect class="cell" x="100" y="50" width="560" height="270" rx="16"/>',
    '<line class="road" x1="50" y1="100" x2="700" y2="100"/>',
    head(710, 100, "right", "roadArrow"),
    symbol(28, 100, "c_t−1"),
    symbol(732, 100, "c_t"),
    words(380, 72, "cell state: the long-term memory"),
    wire([50, 280], [450, 280]),
    symbol(28, 280, "h_t−1"),
    wire([135, 345], [135, 280]),
    '<circle class="arrow" cx="135" cy="280" r="4"/>',
    symbol(135, 362, "x_t"),
    gates.map(({ x, name, word, squash, kind }) => [
      wire([x, 280], [x, 235]),
      head(x, 235, "up"),
      box(x, 220, 52, 30, kind),
      words(x, 220, squash, "name"),
      words(x, 299, word),
      symbol(x + 13, 190, name),
    ]),
    wire([180, 205], [180, 114]),
    head(180, 114, "up"),
    wire([270, 205], [270, 155], [301, 155]),
    head(301, 155, "right"),
    wire([360, 205], [360, 155], [329, 155]),
    head(329, 155, "left"),
    wire([315, 142], [315, 114]),
    head(315, 114, "up"),
    wire([450, 205], [450, 180], [556, 180]),
    head(556, 180, "right"),
    wire([570, 100], [570, 166]),
    head(570, 166, "down"),
    box(570, 136, 52, 26, "squash"),
    words(570, 136, "tanh", "name"),
    wire([570, 193], [570, 280], [700, 280]),
    head(710, 280, "right"),
    symbol(732, 280, "h_t"),
    words(608, 299, "hidden state"),
    point(180, 100, "×"),
    point(315, 100, "+"),
    point(315, 155, "×"),
    point(570, 180, "×"),
  ],
});

/** The network as it is written, and the same network once for each step. */
const steps = [
  { x: 290, index: "1" },
  { x: 410, index: "2" },
  { x: 530, index: "3" },
  { x: 690, index: "T" },
];
picture("unrolled.svg", {
  width: 800,
  height: 272,
  title: "A recurrent network, folded and unrolled",
  description:
    "On the left one cell whose state h, c goes back into it. On the right the same cell with the same weights once for each step, " +
    "each handing its state to the next, with inputs x from below and outputs h above.",
  parts: [
    box(90, 130, 84, 50, "cell"),
    words(90, 130, "cell", "name"),
    wire([90, 210], [90, 157]),
    head(90, 156, "up"),
    symbol(90, 226, "x"),
    wire([90, 105], [90, 58]),
    head(90, 48, "up"),
    symbol(90, 34, "h"),
    wire([132, 120], [166, 120], [166, 84], [20, 84], [20, 130], [47, 130]),
    head(48, 130, "right"),
    words(150, 70, "h, c"),
    words(214, 130, "="),
    steps.map(({ x, index }, k) => [
      box(x, 130, 76, 50, "cell"),
      words(x, 130, "cell", "name"),
      wire([x, 210], [x, 157]),
      head(x, 156, "up"),
      symbol(x, 226, `x_${index}`),
      wire([x, 105], [x, 58]),
      head(x, 48, "up"),
      symbol(x, 34, `h_${index}`),
      k === 2
        ? [
            wire([x + 38, 130], [x + 58, 130]),
            words(x + 80, 130, "…"),
            wire([x + 102, 130], [x + 121, 130]),
            head(x + 122, 130, "right"),
          ]
        : k < 2
          ? [wire([x + 38, 130], [x + 81, 130]), head(x + 82, 130, "right")]
          : [],
      k < 2 ? words(x + 60, 115, "h, c") : [],
    ]),
    words(490, 254, "the same weights in every box"),
  ],
});
