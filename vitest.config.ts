import { defineConfig } from "vitest/config";

const conditions = ["sluice:source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "docs/**/*.test.ts", "recipes/**/*.test.ts"],
    setupFiles: ["packages/sluice/src/testing/load-reference.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
