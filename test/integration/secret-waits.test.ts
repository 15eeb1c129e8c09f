// A database that is named by a secret, where the secret or the database keeps somebody waiting: neither the deadline nor
// Ctrl-C is overrun, and that what a secret said yesterday is not believed.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parseSettings } from "../../src/connection/settings.ts";
import { reportSchema } from "../../src/engine/report-schema.ts";
import type { Progress } from "../../src/engine/run-context.ts";
import { createHandler } from "../../src/lambda/handler.ts";
import { postgresVersions } from "../support/database.ts";
import { manifestOf } from "../support/manifest.ts";
import { startSecretsManager } from "../support/secrets-manager.ts";
import { freshDatabase } from "../support/workplace.ts";

const { url: serverUrl } = postgresVersions.at(-1) as { url: string };

beforeAll(() => {
  process.env["AWS_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE";
  process.env["AWS_SECRET_ACCESS_KEY"] = "none";
});

interface Options {
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** A handler that stays warm, and a Secrets Manager that it reads from. */
async function setup(environment: Readonly<Record<string, string>> = {}) {
  const secrets = await startSecretsManager();
  onTestFinished(() => secrets.stop());
  const settings = parseSettings({
    HELLOJOHN_DATABASE_SECRET_ID: "db",
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpointUrl,
    ...environment,
  });
  const handle = createHandler(settings, manifestOf({ "0001_a.up.sql": "select 1" }));
  async function status({ withinMs = Number.POSITIVE_INFINITY, signal, onProgress = () => {} }: Options = {}) {
    const endsAt = performance.now() + withinMs;
    const answer = await handle(
      { command: "status" },
      {
        invocationId: randomUUID(),
        remainingMs: () => endsAt - performance.now(),
        signal: signal ?? new AbortController().signal,
        onProgress,
      },
    );
    return reportSchema.parse(answer);
  }
  return { secrets, status };
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html, ErrorResponse */
const REFUSAL = Buffer.from("E\0\0\0\x23SFATAL\0VFATAL\0C28P01\0Mrefused\0\0", "latin1");

/** Listens on a free port, and does `welcome` with everybody who comes. */
async function door(welcome: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    welcome(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return { port };
}

describe("a secret that nobody hands out", () => {
  it("is given up before the invocation ends, and the report says so", async () => {
    const { secrets, status } = await setup();
    secrets.hang();
    expect(await status({ withinMs: 4_000 })).toMatchObject({
      failure: { code: "SECRET_UNAVAILABLE", details: { reason: "TimeoutError" } },
    });
  });

  it("is not waited for any longer when the run is told to stop", async () => {
    const { secrets, status } = await setup();
    secrets.hang();
    const stop = new AbortController();
    const asked = status({ signal: stop.signal });
    await expect.poll(() => secrets.calls).toHaveLength(1);
    const startedAt = performance.now();
    stop.abort();
    expect(await asked).toMatchObject({
      failure: { code: "CANCELLED", message: 'stopped while reading the secret "db"' },
    });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe("a database that has moved to another host", () => {
  it("is found there by a warm function, although the old one still answers", async () => {
    const { secrets, status } = await setup();
    const [before, after] = [await freshDatabase(serverUrl), await freshDatabase(serverUrl)];
    secrets.create("db", before.url);
    expect(await status()).toMatchObject({ database: { url: expect.stringContaining(before.name) } });
    secrets.putCurrent("db", after.url);
    expect(await status()).toMatchObject({ database: { url: expect.stringContaining(after.name) } });
    expect(secrets.calls).toHaveLength(2);
  });
});

it("several versions of a secret together take no longer than the deadline allows", async () => {
  const { secrets, status } = await setup({ HELLOJOHN_DATABASE_WAIT: "10m" });
  // Takes its time, and refuses.
  const slow = await door((socket) => {
    socket.once("data", () => setTimeout(() => socket.end(REFUSAL), 2_000));
  });
  const silent = await door(() => {});
  secrets.create("db", `postgresql://u:first-password@127.0.0.1:${slow.port}/d`);
  secrets.putPending("db", `postgresql://u:second-password@127.0.0.1:${silent.port}/d`);
  expect(await status({ withinMs: 5_000 })).toMatchObject({ failure: { code: "DATABASE_UNREACHABLE" } });
});

it.each([
  ["password", "names a secret with a password that is none"],
  ["username", "names a secret with a username that is none"],
])("half a surrogate pair in the %s is refused, not stumbled over", async (key, message) => {
  const { secrets, status } = await setup();
  const secret = { host: "127.0.0.1", port: 9, username: "someone", password: "something", dbname: "d" };
  secrets.create("db", JSON.stringify({ ...secret, [key]: "some\ud800" }));
  expect(await status()).toMatchObject({ outcome: "refused", problems: [{ message }] });
});
