import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";

// Debian: apt-get install chromium. Elsewhere: point SLUICE_CHROMIUM at any Chromium or Chrome of the last two versions.
const browserPath = process.env.SLUICE_CHROMIUM ?? "/usr/bin/chromium";

/** Where packages/sluice stands. */
export const packageRoot: string = fileURLToPath(new URL("../..", import.meta.url));

/** Whether there are a built library and a browser to run it in. */
export const canRunPages: boolean = existsSync(`${packageRoot}dist/index.js`) && existsSync(browserPath);

/** Starts Chromium, without a window. */
export function launchBrowser(): Promise<Browser> {
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

/** What stands at a path that is no file: its text, and headers beside the usual ones. */
export interface ServedPage {
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Headers of a page that may share memory. */
export const ISOLATED: Readonly<Record<string, string>> = { "cross-origin-opener-policy": "same-origin" };

/** A server on this machine. */
export interface PageServer {
  readonly url: string;
  close(): void;
}

/** Serves the built library, and the runs in src/testing, to pages on this machine. */
export async function servePages(pages: Readonly<Record<string, ServedPage>>): Promise<PageServer> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const allowed = /^\/(dist\/[\w./-]+\.js|src\/testing\/[\w-]+\.mjs)$/.test(path) && !path.includes("..");
    const page = pages[path];
    const body = page?.body ?? (allowed ? await readFile(packageRoot + path.slice(1)).catch(() => null) : null);
    response.writeHead(body === null ? 404 : 200, {
      "content-type": path.endsWith(".js") || path.endsWith(".mjs") ? "text/javascript" : "text/html",
      // Cross-origin isolation, which shared memory needs; every file may be loaded by such a page.
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      ...page?.headers,
    });
    response.end(body ?? "");
  });
  await new Promise<Server>((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
