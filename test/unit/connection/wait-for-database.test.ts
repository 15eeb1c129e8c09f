// How long a database that is coming up is waited for, and what ends the wait.
import { describe, expect, test } from "vitest";
import type { Connection } from "../../../src/connection/open.ts";
import { openWhenUp, type Wait, waitFor } from "../../../src/connection/wait-for-database.ts";
import { type Failure, MigrationError } from "../../../src/failure/failure.ts";

const connection = {} as Connection;
const DOWN: Failure = {
  code: "DATABASE_UNREACHABLE",
  message: "cannot reach h:1",
  hint: "",
  details: { host: "h", port: 1, reason: "r" },
};
const READY_SOON: Failure = {
  code: "DATABASE_NOT_READY",
  message: "starting",
  hint: "",
  details: { sqlState: "57P03" },
};
const REFUSED: Failure = {
  code: "AUTHENTICATION_FAILED",
  message: "refused",
  hint: "",
  details: { user: "u", sqlState: "28P01" },
};

/** Fails with each of these in turn, then opens. */
function server(...failures: readonly Failure[]) {
  const left = [...failures];
  const timeouts: number[] = [];
  const open = async (timeoutMs: number) => {
    timeouts.push(timeoutMs);
    const failure = left.shift();
    if (failure !== undefined) throw new MigrationError(failure);
    return connection;
  };
  return { open, timeouts };
}

function options(over: { withinMs?: number; signal?: AbortSignal; onWait?: (wait: Wait) => void } = {}) {
  return { withinMs: 60_000, signal: new AbortController().signal, onWait: () => {}, ...over };
}

describe("openWhenUp", () => {
  test("tries again until the database is up, and tells why it waits", async () => {
    const waits: Wait[] = [];
    const { open, timeouts } = server(DOWN, READY_SOON);
    expect(await openWhenUp("h", open, 30_000, options({ onWait: (wait) => waits.push(wait) }))).toBe(connection);
    expect(timeouts).toHaveLength(3);
    expect(waits.map(({ host, reason }) => [host, reason])).toEqual([
      ["h", "cannot reach h:1"],
      ["h", "starting"],
    ]);
  });

  test("does not try again where a person has to mend something", async () => {
    const { open, timeouts } = server(REFUSED);
    await expect(openWhenUp("h", open, 30_000, options())).rejects.toMatchObject({ failure: REFUSED });
    expect(timeouts).toHaveLength(1);
  });

  test("tries once where nothing is waited for, for ten seconds", async () => {
    const { open, timeouts } = server(DOWN);
    await expect(openWhenUp("h", open, 0, options())).rejects.toMatchObject({ failure: DOWN });
    expect(timeouts).toHaveLength(1);
    expect(timeouts[0]).toBeGreaterThan(9_000);
    expect(timeouts[0]).toBeLessThanOrEqual(10_000);
  });

  test("gives an attempt no more than is left before the deadline, nor more than half a minute", async () => {
    const short = server();
    await openWhenUp("h", short.open, 90_000, options({ withinMs: 2_000 }));
    expect(short.timeouts[0]).toBeLessThanOrEqual(2_000);
    const long = server();
    await openWhenUp("h", long.open, 90_000, options({ withinMs: Number.POSITIVE_INFINITY }));
    expect(long.timeouts).toEqual([30_000]);
  });

  test("says how often and how long it tried when the time is used up", async () => {
    const { open } = server(...Array(50).fill(DOWN));
    await expect(openWhenUp("h", open, 400, options())).rejects.toMatchObject({
      failure: {
        code: "DATABASE_UNREACHABLE",
        message: expect.stringMatching(/^cannot reach h:1 \(\d attempts in \d+ms\)$/),
      },
    });
  });

  test("stops waiting when the run is to stop", async () => {
    const controller = new AbortController();
    const { open, timeouts } = server(...Array(50).fill(DOWN));
    const opening = openWhenUp(
      "h",
      open,
      30_000,
      options({ signal: controller.signal, onWait: () => controller.abort() }),
    );
    await expect(opening).rejects.toMatchObject({ failure: { code: "CANCELLED" } });
    expect(timeouts.length).toBeLessThanOrEqual(2);
  });
});

test.each([
  ["db.example.com", null, 90_000],
  ["127.0.0.1", null, 0],
  ["localhost", null, 0],
  ["localhost", 5_000, 5_000],
  ["db.example.com", 5_000, 5_000],
])("%s with the setting %s is waited for %i ms", (host, setting, expected) => {
  expect(waitFor(host, setting)).toBe(expected);
});
