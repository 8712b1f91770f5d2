// How fast the innermost loop of a product can be on this engine, by the shape of its register block: the block alone, at depth 256 out of
// the nearest caches, with fused multiply-add. Run it with the Node you ask about.
//   node benchmarks/tiles.mjs [--shapes 4x8,3x12,5x8,6x8,4x8u4] [--rounds 12]      u4: four steps of k in each turn of the loop
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import asc from "assemblyscript/asc";

const { values: args } = parseArgs({
  options: {
    shapes: { type: "string", default: "4x8,3x12,5x8,6x8,4x8u4,3x12u4,6x8u4" },
    rounds: { type: "string", default: "12" },
  },
});
if (process.versions.node.startsWith("20.")) setFlagsFromString("--experimental-wasm-relaxed-simd");

const [M, N, K] = [60, 480, 256];
const shapes = args.shapes.split(",").map((name) => {
  const [, rows, columns, unroll = "1"] = /^(\d+)x(\d+)(?:u(\d+))?$/.exec(name);
  return { name, rows: Number(rows), vectors: Number(columns) / 4, unroll: Number(unroll) };
});

const range = (count) => Array.from({ length: count }, (_, k) => k);

/** out = a · panels for one shape, in AssemblyScript. */
function source({ name, rows, vectors, unroll }) {
  const cells = range(rows).flatMap((i) => range(vectors).map((j) => [i, j]));
  const step = (u) => [
    ...range(vectors).map((j) => `const b${u}_${j} = v128.load(panel, ${(u * vectors + j) * 16});`),
    ...range(rows).flatMap((i) => [
      `const a${u}_${i} = v128.load32_splat(left + ${i * K * 4}, ${u * 4});`,
      ...range(vectors).map((j) => `c${i}_${j} = v128.relaxed_madd<f32>(a${u}_${i}, b${u}_${j}, c${i}_${j});`),
    ]),
  ];
  return `
function tile_${name}(left: usize, panel: usize, out: usize): void {
  ${cells.map(([i, j]) => `let c${i}_${j} = f32x4.splat(0);`).join("\n  ")}
  for (let k = 0; k < ${K}; k += ${unroll}) {
    ${range(unroll).flatMap(step).join("\n    ")}
    left += ${4 * unroll};
    panel += ${16 * vectors * unroll};
  }
  ${cells.map(([i, j]) => `v128.store(out, c${i}_${j}, ${(i * N + j * 4) * 4});`).join("\n  ")}
}
export function run_${name}(a: usize, b: usize, out: usize): void {
  for (let j = 0; j < ${N}; j += ${vectors * 4}) {
    for (let i = 0; i < ${M}; i += ${rows}) tile_${name}(a + i * ${K * 4}, b + j * ${K * 4}, out + (i * ${N} + j) * 4);
  }
}`;
}

let binary = null;
const options =
  "tiles.ts --outFile tiles.wasm --runtime stub --importMemory --noAssert --use abort= --enable simd,relaxed-simd -O3";
const { error, stderr } = await asc.main(options.split(" "), {
  readFile: (file) => (file === "tiles.ts" ? shapes.map(source).join("\n") : null),
  listFiles: () => [],
  writeFile: (_file, contents) => {
    binary = contents;
  },
});
if (error) throw new Error(`${stderr}\n${error.message}`);

const memory = new WebAssembly.Memory({ initial: 64 });
new Float32Array(memory.buffer).fill(0.5); // untouched memory is one page of zeros, which no real data is
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
const speeds = new Map(shapes.map(({ name }) => [name, []]));
const turns = 30;
for (let round = 0; round <= Number(args.rounds); round++) {
  for (const [name, all] of speeds) {
    const start = performance.now();
    for (let k = 0; k < turns; k++) exports[`run_${name}`](1 << 20, 1 << 21, 3 << 20);
    const speed = (2 * M * N * K * turns) / (performance.now() - start) / 1e6;
    if (round > 0) all.push(speed); // the first compiles
  }
}
console.log(`Node ${process.versions.node}, ${M} × ${N} × ${K}, GF/s`);
for (const [name, all] of speeds) {
  all.sort((a, b) => a - b);
  console.log(`${name.padEnd(8)} best ${all.at(-1).toFixed(1)}  median ${all[all.length >> 1].toFixed(1)}`);
}
