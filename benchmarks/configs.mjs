// The configurations every table uses: batch B, time T, input I, units H. `cell` and `layers` default to one LSTM; a GRU's
// reset gate acts after the recurrent product unless `resetAfter` is false, as in the one peer that has no other.

export const configs = {
  tut: { B: 32, T: 50, I: 1, H: 128 },
  small: { B: 32, T: 50, I: 16, H: 64 },
  med: { B: 64, T: 100, I: 64, H: 256 },
  zaremba: { B: 20, T: 35, I: 650, H: 650, layers: 2 },
  big: { B: 16, T: 64, I: 512, H: 1024 },
  gru: { B: 64, T: 100, I: 64, H: 256, cell: "gru" },
  "gru-before": { B: 64, T: 100, I: 64, H: 256, cell: "gru", resetAfter: false },
  bilstm: { B: 64, T: 100, I: 64, H: 256, bidirectional: true },
};

/**
 * One streamed step each: batch 1, state kept, result read back. `weights`: how sluice keeps them; its peers stay with float32.
 * A step is too short for a clock, so `stepsPerTick` of them are timed together.
 */
export const streams = {
  "stream-16-64": { B: 1, T: 1, I: 16, H: 64, stepsPerTick: 2000 },
  "stream-64-256": { B: 1, T: 1, I: 64, H: 256, stepsPerTick: 500 },
  "stream-512-1024": { B: 1, T: 1, I: 512, H: 1024, stepsPerTick: 20 },
  "stream-512-1024-bfloat16": { B: 1, T: 1, I: 512, H: 1024, stepsPerTick: 20, weights: "bfloat16" },
  "stream-512-1024-int8": { B: 1, T: 1, I: 512, H: 1024, stepsPerTick: 20, weights: "int8" },
};

const gatesOf = (cell = "lstm") => (cell === "gru" ? 3 : 4);

/** The recurrent layers of a configuration, input first: each with its weights' shapes in the layout i f g o (GRU z r h). */
export function layersOf({ I, H, cell = "lstm", resetAfter = true, layers = 1, bidirectional = false }) {
  const G = gatesOf(cell);
  const direction = (input) => ({
    kernel: [input, G * H],
    recurrentKernel: [H, G * H],
    bias: [G * H],
    ...(cell === "gru" && resetAfter ? { recurrentBias: [G * H] } : {}),
  });
  return Array.from({ length: layers }, (_, k) => {
    const input = k === 0 ? I : H;
    return bidirectional ? { forward: direction(input), backward: direction(input) } : { forward: direction(input) };
  });
}

/** Floating-point operations of a forward pass, in units of 10⁹; a training step counts three times that. */
export function gigaFlops({ B, T, I, H, cell = "lstm", layers = 1, bidirectional = false }) {
  let total = 0;
  for (let k = 0; k < layers; k++) total += 2 * T * B * gatesOf(cell) * H * ((k === 0 ? I : H) + H) * (bidirectional ? 2 : 1);
  return total / 1e9;
}

/** Numbers every peer starts from: the same sequence of 32-bit words in JavaScript and in Python (xorshift32), as U(−scale, scale). */
export function numbers(seed) {
  let word = seed >>> 0 || 1;
  return (count, scale) => {
    const out = new Float32Array(count);
    for (let k = 0; k < count; k++) {
      word ^= word << 13;
      word ^= word >>> 17;
      word ^= word << 5;
      word >>>= 0;
      out[k] = ((word >>> 8) / 2 ** 23 - 1) * scale;
    }
    return out;
  };
}

const size = (shape) => shape.reduce((a, b) => a * b, 1);

/** Everything a training step or a forward pass needs, in order: weights of each layer, the dense head, x, y. */
export function materials(config) {
  const next = numbers(12345);
  const scale = 1 / Math.sqrt(config.H);
  const fill = (shapes) =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape, data: next(size(shape), scale) }]));
  const layers = layersOf(config).map((layer) =>
    Object.fromEntries(Object.entries(layer).map(([way, shapes]) => [way, fill(shapes)])),
  );
  const out = config.H * (config.bidirectional ? 2 : 1);
  const dense = fill({ kernel: [out, 1], bias: [1] });
  const x = { shape: [config.B, config.T, config.I], data: next(config.B * config.T * config.I, 1) };
  const y = { shape: [config.B, 1], data: next(config.B, 1) };
  return { layers, dense, x, y };
}
