import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import v8 from "node:v8";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// Debian: apt-get install chromium. Elsewhere: point SLUICE_CHROMIUM at any Chromium or Chrome of the last two versions.
const browserPath = process.env.SLUICE_CHROMIUM ?? "/usr/bin/chromium";
const root = fileURLToPath(new URL("..", import.meta.url)); // packages/sluice
const built = existsSync(`${root}dist/index.js`);
const STEPS = 500;

/** Serves the built library and the training run to a page on this machine. */
function serveLibrary(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const allowed = /^\/(dist\/[\w./-]+\.js|src\/testing\/same-bits\.mjs)$/.test(path) && !path.includes("..");
    const body =
      path === "/"
        ? "<!doctype html><title>same bits</title>"
        : allowed
          ? await readFile(root + path.slice(1)).catch(() => null)
          : null;
    response.writeHead(body === null ? 404 : 200, { "content-type": path === "/" ? "text/html" : "text/javascript" });
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
      const browser = await chromium.launch({
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
  },
);
