import { defineConfig } from "vitest/config";

/** One project a kind of test, so that `npm run test:unit` stays free of databases and child processes. */
export default defineConfig({
  test: {
    projects: [
      // Pure functions share no state, so the files need no worker of their own.
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], isolate: false } },
      {
        test: {
          name: "integration",
          // They wait for servers and time-outs more than they compute.
          maxWorkers: 4,
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/support/postgres-servers.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          maxWorkers: 2,
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/support/postgres-servers.ts", "test/support/built-product.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
