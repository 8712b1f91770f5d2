import { expect, test } from "vitest";

/** See scripts/bundle-size.mjs. */
type FirstLoadBytes = (source: string, options: { kernels: boolean; conditions: readonly string[] }) => Promise<number>;

const script = new URL("../../../scripts/bundle-size.mjs", import.meta.url).href;
const { firstLoadBytes } = (await import(/* @vite-ignore */ script)) as { firstLoadBytes: FirstLoadBytes };

/** Gzipped bytes of an app's first load, kernels left out. */
function bytesOf(names: string, file: string): Promise<number> {
  const path = new URL(file, import.meta.url).pathname;
  return firstLoadBytes(`export { ${names} } from ${JSON.stringify(path)};`, { kernels: false, conditions: ["sluice:source"] });
}

test("an app that loads, predicts and streams an LSTM with a dense head has at most 20,000 bytes", async () => {
  const bytes = await bytesOf("dense, loadModel, lstm", "inference.ts");
  expect(bytes).toBeLessThanOrEqual(20_000);
  expect(bytes).toBeGreaterThan(5_000); // something was bundled
});

test("an app that builds, trains and predicts sequential([lstm, dense]) has at most 60,000 bytes", async () => {
  const bytes = await bytesOf("dense, lstm, sequential", "index.ts");
  expect(bytes).toBeLessThanOrEqual(60_000);
  expect(bytes).toBeGreaterThan(20_000);
});
