/** `count` standard normal numbers for tests: splitmix-style counter hash and Box–Muller, the same on every machine. */
export function gaussians(count: number, seed: number): Float64Array {
  const uniform = uniforms(2 * count, seed);
  return Float64Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(uniform[2 * i] as number));
    return radius * Math.cos(2 * Math.PI * (uniform[2 * i + 1] as number));
  });
}

function uniforms(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    let z = (seed * 0x9e3779b1 + i * 0x85ebca6b + 0x6d2b79f5) | 0;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    z ^= z >>> 15;
    return ((z >>> 0) + 0.5) / 2 ** 32;
  });
}
