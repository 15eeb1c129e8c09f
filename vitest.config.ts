import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const GATES = "test/e2e/gates.test.ts";

/** They wait for time-outs of a minute: begun first, others compute meanwhile. */
const WAITING = ["fault-matrix", "dead-clients", "fault-matrix-restarts"].map((name) => `test/e2e/${name}.test.ts`);

class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isWaiting = ({ moduleId }: TestSpecification) => WAITING.some((file) => moduleId.endsWith(file));
    return [...sorted.filter(isWaiting), ...sorted.filter((file) => !isWaiting(file))];
  }
}

/**
 * One project a kind of test, so that `npm run test:unit` stays free of databases and child processes. They run one
 * after the other: each may then have as many workers as suit it.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: WaitingFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          sequence: { groupOrder: 1 },
          // Pure functions share no state, so the files need no worker of their own.
          isolate: false,
          // Properties over hundreds of cases: how long that takes is the machine's business.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/support/postgres-servers.ts"],
          sequence: { groupOrder: 2 },
          // They wait for servers and time-outs more than they compute.
          maxWorkers: 4,
          testTimeout: 60_000,
          // A condition is awaited until it holds; how long that takes is the machine's business.
          expect: { poll: { timeout: 20_000 } },
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: [GATES],
          globalSetup: ["test/support/postgres-servers.ts", "test/support/built-product.ts"],
          sequence: { groupOrder: 3 },
          // One more than a runner has processors: the longest files wait for time-outs.
          maxWorkers: 3,
          // Most of a test's time here is waiting for a time-out of the server.
          maxConcurrency: 8,
          testTimeout: 180_000,
          expect: { poll: { timeout: 20_000 } },
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "gates",
          include: [GATES],
          globalSetup: ["test/support/postgres-servers.ts", "test/support/built-product.ts"],
          // After all that depends on the clock: linters and compilers take both processors for minutes.
          sequence: { groupOrder: 4 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
