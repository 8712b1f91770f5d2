import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { canRunPages, ISOLATED, launchBrowser, type PageServer, servePages } from "../../testing/chromium.ts";

const PAGES = {
  "/": { body: "<!doctype html><title>training</title>" },
  "/isolated": { body: "<!doctype html><title>training, isolated</title>", headers: ISOLATED },
  "/strict": { body: "<!doctype html><title>no workers</title>", headers: { "content-security-policy": "worker-src 'none'" } },
};

describe.skipIf(!canRunPages)(
  "fit on a page of Chromium (needs `npm run build` and a Chromium: apt-get install chromium)",
  { timeout: 120_000 },
  () => {
    let server: PageServer;
    let browser: Browser;
    let page: Page;
    let workers = { opened: 0, closed: 0 };
    let said: string[] = [];
    beforeAll(async () => {
      server = await servePages(PAGES);
      browser = await launchBrowser();
    });
    afterAll(async () => {
      await browser?.close();
      server?.close();
    });
    beforeEach(async () => {
      page = await browser.newPage();
      workers = { opened: 0, closed: 0 };
      said = [];
      page.on("worker", (worker) => {
        workers.opened++;
        worker.on("close", () => workers.closed++);
      });
      page.on("console", (message) => said.push(message.text()));
    });
    afterEach(() => page.close());

    /** Calls a run of page-training.mjs; as text, so that no test transform touches what the page runs. */
    async function run(path: string, call: string): Promise<unknown> {
      if (page.url() !== server.url + path) await page.goto(server.url + path);
      return page.evaluate(
        `Promise.all([import("/dist/index.js"), import("/src/testing/page-training.mjs")]).then(([sluice, run]) => run.${call})`,
      );
    }

    test.each([
      "/",
      "/isolated",
    ])("on %s: the same bits, curves and events as on the page itself, and the worker is closed", async (path) => {
      const here = await run(path, "trainWatched(sluice, false)");
      expect(workers).toEqual({ opened: 0, closed: 0 });
      const there = await run(path, "trainWatched(sluice)");
      expect(there).toEqual(here);
      expect(there).toMatchObject({ history: { epochs: 4, warnings: [] }, timed: true });
      await expect.poll(() => workers.closed, { timeout: 30_000 }).toBe(workers.opened);
      expect(workers.opened).toBeGreaterThan(0);
    });

    test("the page goes on while a step runs; on the page itself it stands still", async () => {
      expect(await run("/", "turnsWithinAStep(sluice, false)")).toBe(0);
      expect(await run("/", "turnsWithinAStep(sluice)")).toBeGreaterThan(5);
    });

    test("the worker of an isolated page has the threads that init asked for, and they end with it", async () => {
      const running = run("/isolated", "threadedRun(sluice, 3)");
      await expect.poll(() => workers.opened, { timeout: 60_000 }).toBe(1 + 2);
      await page.evaluate("stopTraining()");
      expect(await running).toBe("aborted");
      await expect.poll(() => workers, { timeout: 30_000 }).toEqual({ opened: 1 + 2, closed: 1 + 2 });
    });

    test("an abort reaches a run that has no hooks", async () => {
      expect(await run("/", "abortedRun(sluice)")).toEqual({ stopped: "aborted", counted: true });
      await expect.poll(() => workers, { timeout: 30_000 }).toEqual({ opened: 1, closed: 1 });
    });

    test("an error in the worker is the error of fit", async () => {
      const here = await run("/", "failedRun(sluice, false)");
      expect(await run("/", "failedRun(sluice)")).toEqual(here);
      expect(here).toMatchObject({ name: "NumericError", ours: true });
      await expect.poll(() => workers, { timeout: 30_000 }).toEqual({ opened: 1, closed: 1 });
    });

    test("a loss of the page's own trains on the page, and says so", async () => {
      expect(await run("/", "ownLoss(sluice)")).toEqual([expect.stringMatching(/on the page itself.*a loss is a function/)]);
      expect(workers.opened).toBe(0);
    });

    test("a page that forbids workers trains on the page, and says so, once on the console", async () => {
      const warnings = (await run("/strict", "plainRuns(sluice, 2)")) as string[];
      expect(warnings).toHaveLength(2);
      for (const warning of warnings) expect(warning).toMatch(/could not be started.*worker-src/);
      expect(said.filter((text) => text.includes("sluice trains on the page itself"))).toHaveLength(1);
    });

    test("and so does one that cannot load the worker's file", async () => {
      await page.route("**/train-worker.js", (route) => route.fulfill({ status: 404, body: "" }));
      const warnings = await run("/", "plainRuns(sluice, 1)");
      expect(warnings).toEqual([expect.stringMatching(/its file did not load.*train-worker\.js/)]);
    });
  },
);
