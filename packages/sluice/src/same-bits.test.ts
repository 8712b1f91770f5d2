import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// Debian: apt-get install chromium. Elsewhere: point SLUICE_CHROMIUM at any Chromium or Chrome of the last two versions.
const browserPath = process.env.SLUICE_CHROMIUM ?? "/usr/bin/chromium";
const root = fileURLToPath(new URL("..", import.meta.url)); // packages/sluice
const built = existsSync(`${root}dist/index.js`);
const STEPS = 500;

const PAGES: Readonly<Record<string, string>> = {
  "/": "<!doctype html><title>same bits</title>",
  "/isolated": "<!doctype html><title>same bits, isolated</title>",
  "/worker.js": `import * as sluice from "/dist/index.js";
    import { threadedHash } from "/src/testing/same-bits.mjs";
    onmessage = ({ data }) => threadedHash(sluice, data.steps, data.threads).then(postMessage, (error) => postMessage(error.stack));`,
};

function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}

/** Serves the built library and the training run to a page on this machine. */
function serveLibrary(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const allowed = /^\/(dist\/[\w./-]+\.js|src\/testing\/same-bits\.mjs)$/.test(path) && !path.includes("..");
    const body = PAGES[path] ?? (allowed ? await readFile(root + path.slice(1)).catch(() => null) : null);
    response.writeHead(body === null ? 404 : 200, {
      "content-type": path.endsWith(".js") || path.endsWith(".mjs") ? "text/javascript" : "text/html",
      // Cross-origin isolation, which shared memory needs; every file may be loaded by such a page.
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      ...(path === "/isolated" ? { "cross-origin-opener-policy": "same-origin" } : {}),
    });
    response.end(body ?? "");
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

describe.skipIf(!built || !existsSync(browserPath))(
  "the same seed gives the same bits in Node and in Chromium (needs `npm run build` and a Chromium: apt-get install chromium)",
  () => {
    let server: Server;
    beforeAll(async () => {
      server = await serveLibrary();
    });
    afterAll(() => {
      server.close();
    });

    test.each(["simd", "relaxed"])("after 500 training steps, %s kernels", { timeout: 120_000 }, async (variant) => {
      v8.setFlagsFromString("--experimental-wasm-relaxed-simd"); // Node 20 has it behind this flag
      const sluice = await import(/* @vite-ignore */ `${root}dist/index.js`);
      const { weightsHash } = await import(/* @vite-ignore */ `${root}src/testing/same-bits.mjs`);
      const here = await weightsHash(sluice, STEPS, variant);
      const browser = await launchBrowser();
      try {
        const page = await browser.newPage();
        await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
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
      const sluice = await import(/* @vite-ignore */ `${root}dist/index.js`);
      const { threadedHash } = await import(/* @vite-ignore */ `${root}src/testing/same-bits.mjs`);
      const here = await threadedHash(sluice, 20, 1);
      const browser = await launchBrowser();
      try {
        const page = await browser.newPage();
        await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/isolated`);
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
