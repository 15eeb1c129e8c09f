// Thousands of events that are no requests, through the whole handler: each is answered, and nothing is executed.
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../../src/connection/settings.ts";
import { type Report, reportSchema } from "../../src/engine/report-schema.ts";
import { createHandler, type Handler } from "../../src/lambda/handler.ts";
import { type WrongEvent, wrongEvent } from "../support/events.ts";
import { manifestOf } from "../support/manifest.ts";

const LIMIT_BYTES = 200_000;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

const published = new URL("../../docs/report.schema.json", import.meta.url);
// Formats are zod's to check; ajv would need a package for them.
const validate = new Ajv2020({ validateFormats: false }).compile(JSON.parse(readFileSync(published, "utf8")));

const INVOCATION = {
  invocationId: "invocation",
  remainingMs: () => 60_000,
  signal: new AbortController().signal,
  onProgress: () => undefined,
};

describe("an event that is no request", () => {
  let server: Server;
  let handle: Handler;
  let connections = 0;

  beforeAll(async () => {
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const url = `postgresql://user:s3cret-password@127.0.0.1:${port}/database`;
    handle = createHandler(
      parseSettings({ HELLOJOHN_DATABASE_URL: url }),
      manifestOf({ "1_a.sql": "create table a ()" }),
    );
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  /** What must hold of every answer there is. */
  function refusalOf(answer: unknown): Extract<Report, { outcome: "refused" }> {
    const text = JSON.stringify(answer);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LIMIT_BYTES);
    expect(text).not.toContain("s3cret-password");
    const report = JSON.parse(text);
    if (!validate(report)) throw new Error(JSON.stringify(validate.errors));
    const parsed = reportSchema.parse(report);
    if (parsed.outcome !== "refused") throw new Error(`answered with ${parsed.outcome}`);
    return parsed;
  }

  it("is refused 5,000 times with a report of the published schema, for all that is wrong, without a connection", async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(wrongEvent, async ({ event, wrong }) => {
        const report = refusalOf(await handle(event, INVOCATION));
        expect(report).toMatchObject({ ok: false, command: null, dryRun: false, database: null, migrations: [] });
        const told = report.problems.length + (report.omitted ?? 0);
        if (wrong !== null) expect(told).toBeGreaterThanOrEqual(wrong.length);
        expect(new Set(report.problems.map(({ code }) => code))).toEqual(new Set(["INVALID_EVENT"]));
        refused += 1;
      }),
      { numRuns: 5_000 },
    );
    expect(refused).toBe(5_000);
    expect(connections).toBe(0);
  });

  it("is answered with an exception where it asks for one, which says why and names the run", async () => {
    const asking = wrongEvent
      .filter(({ event, wrong }) => wrong !== null && !wrong.includes("throwOnFailure") && isObject(event))
      .map(({ event, wrong }): WrongEvent => ({ event: { ...(event as object), throwOnFailure: true }, wrong }));
    await fc.assert(
      fc.asyncProperty(asking, async ({ event }) => {
        const thrown: unknown = await handle(event, INVOCATION).then(
          () => null,
          (error: unknown) => error,
        );
        expect(thrown).toBeInstanceOf(Error);
        const { message } = thrown as Error;
        expect(message).toMatch(/^Refused: /);
        expect(message).toMatch(/is no field of a request|expected|means nothing for|is of a rollback/);
        expect(message).toMatch(UUID);
        expect(Buffer.byteLength(message)).toBeLessThanOrEqual(LIMIT_BYTES);
      }),
      { numRuns: 1_000 },
    );
    expect(connections).toBe(0);
  });

  it.each([
    ["megabytes in a value", { command: "x".repeat(5_000_000) }],
    ["megabytes in a key", { command: "run", ["k".repeat(5_000_000)]: 1 }],
    [
      "100,000 keys too many",
      Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key ${index}`, index])),
    ],
    ["a million names", { command: "run", allowOutOfOrder: Array(1_000_000).fill(1) }],
    [
      "1,000 names of 200 characters too long",
      { command: "run", allowOutOfOrder: Array(1_000).fill("漢".repeat(201)) },
    ],
    ["10,000 levels", { command: "run", deep: JSON.parse(`${"[".repeat(10_000)}${"]".repeat(10_000)}`) }],
    ["a key that is __proto__", JSON.parse('{"command":"run","__proto__":{"dryRun":true}}')],
  ])("with %s is refused in a short report, before anything is connected to", async (_, event) => {
    refusalOf(await handle(event, INVOCATION));
    expect(connections).toBe(0);
  });

  it("is not what keeps the connections from being counted: a request makes one", async () => {
    const before = connections;
    expect(await handle({ command: "status" }, INVOCATION)).toMatchObject({ outcome: "failed" });
    expect(connections).toBeGreaterThan(before);
    connections = 0;
  });
});

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
