import v8 from "node:v8";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canRunPages, ISOLATED, launchBrowser, type PageServer, packageRoot, servePages } from "./testing/chromium.ts";

const STEPS = 500;

const PAGES = {
  "/": { body: "<!doctype html><title>same bits</title>" },
  "/isolated": { body: "<!doctype html><title>same bits, isolated</title>", headers: ISOLATED },
  "/worker.js": {
    body: `import * as sluice from "/dist/index.js";
    import { threadedHash } from "/src/testing/same-bits.mjs";
    onmessage = ({ data }) => threadedHash(sluice, data.steps, data.threads).then(postMessage, (error) => postMessage(error.stack));`,
  },
};

describe.skipIf(!canRunPages)(
  "the same seed gives the same bits in Node and in Chromium (needs `npm run build` and a Chromium: apt-get install chromium)",
  () => {
    let server: PageServer;
    beforeAll(async () => {
      server = await servePages(PAGES);
    });
    afterAll(() => {
      server.close();
    });

    test.each(["simd", "relaxed"])("after 500 training steps, %s kernels", { timeout: 120_000 }, async (variant) => {
      v8.setFlagsFromString("--experimental-wasm-relaxed-simd"); // Node 20 has it behind this flag
      const sluice = await import(/* @vite-ignore */ `${packageRoot}dist/index.js`);
      const { weightsHash } = await import(/* @vite-ignore */ `${packageRoot}src/testing/same-bits.mjs`);
      const here = await weightsHash(sluice, STEPS, variant);
      const browser = await launchBrowser();
      try {
        const page = await browser.newPage();
        await page.goto(`${server.url}/`);
        // As text, so that no test transform touches what the page runs.
        const there = await page.evaluate(
          `Promise.all([import("/dist/index.js"), import("/src/testing/same-bits.mjs")]).then(([library, run]) => run.weightsHash(library, ${STEPS}, "${variant}"))`,
        );
        expect(there).toBe(here);
        expect(there).toMatch(/^[0-9a-f]{64}$/);
      } finally {
        await browser.close();
      }
    });

    test("in a worker of an isolated page threads share the work; on the page itself there is one", {
      timeout: 120_000,
    }, async () => {
      const sluice = await import(/* @vite-ignore */ `${packageRoot}dist/index.js`);
      const { threadedHash } = await import(/* @vite-ignore */ `${packageRoot}src/testing/same-bits.mjs`);
      const here = await threadedHash(sluice, 20, 1);
      const browser = await launchBrowser();
      try {
        const page = await browser.newPage();
        await page.goto(`${server.url}/isolated`);
        const there = await page.evaluate(`new Promise((resolve, reject) => {
          const worker = new Worker("/worker.js", { type: "module" });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
          worker.postMessage({ steps: 20, threads: 3 });
        })`);
        expect(there).toBe(here);
        expect(there).toMatch(/^[0-9a-f]{64}$/);
        const report = await page.evaluate(
          'import("/dist/index.js").then((sluice) => sluice.init({ threads: 3 })).then((backend) => backend.report())',
        );
        expect(report).toMatchObject({ threads: 1, threadsReason: expect.stringContaining("may not wait") });
      } finally {
        await browser.close();
      }
    });
  },
);
