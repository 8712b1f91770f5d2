// How the time of a training step grows along T and along B: about a straight line, at best.
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const SIZES = {
  T: [25, 50, 100, 200, 400].map((T) => ({ B: 32, T, I: 16, H: 64 })),
  B: [8, 16, 32, 64, 128].map((B) => ({ B, T: 50, I: 16, H: 64 })),
};
const ROUNDS = 15;
const WARM_UP = 3;

/** Milliseconds a training step, microseconds a row of the batch (B · T rows), and that against the first size of its axis. */
export async function growth({ trainer, row }) {
  const rows = [];
  for (const [axis, list] of Object.entries(SIZES)) {
    const timed = [];
    for (const config of list) timed.push({ config, ...(await trainer(config)), ms: [] });
    // Interleaved, so that a busy moment of the machine meets all sizes.
    for (let round = 0; round < ROUNDS; round++) {
      for (const { step, ms } of timed) {
        const start = performance.now();
        await step();
        if (round >= WARM_UP) ms.push(performance.now() - start);
      }
    }
    const perRow = timed.map(({ config, ms }) => (1000 * median(ms)) / (config.B * config.T));
    timed.forEach(({ config, ms }, i) => {
      const name = `growth: ${axis} ${config[axis]}`;
      rows.push(row(name, median(ms), "ms a step"), row(`${name}, each of B · T rows`, perRow[i], "µs a row"));
      if (i > 0) rows.push(row(`${name} ÷ linear`, perRow[i] / perRow[0], "×", 1.2));
    });
  }
  return rows;
}
