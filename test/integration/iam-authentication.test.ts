// A token instead of a password. No PostgreSQL but Amazon's checks one, so the server here only asks for it, as RDS
// does over TLS, notes what it is given, and refuses it.
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext, TLSSocket } from "node:tls";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { parseSettings } from "../../src/connection/settings.ts";
import { createHandler } from "../../src/lambda/handler.ts";
import { createAuthority } from "../support/certificates.ts";
import { runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";

const MANIFEST = manifestOf({ "0001_a.up.sql": "select 1" });

beforeAll(() => {
  process.env["AWS_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE";
  process.env["AWS_SECRET_ACCESS_KEY"] = "none";
});

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

const ASK_FOR_PASSWORD = message("R", Buffer.from([0, 0, 0, 3]));
const REFUSE = message("E", Buffer.from("SFATAL\0VFATAL\0C28000\0MPAM authentication failed for user\0\0"));

async function setup() {
  const authority = await createAuthority();
  const { certificate: cert, key } = await authority.issue();
  const directory = await mkdtemp(join(tmpdir(), "hj-iam-"));
  const root = join(directory, "root.pem");
  await writeFile(root, authority.certificate);
  const tokens: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write("S");
      const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ cert, key }) });
      secure.on("error", () => {});
      secure.once("data", () => {
        secure.write(ASK_FOR_PASSWORD);
        secure.once("data", (answer) => {
          tokens.push(answer.subarray(5, -1).toString());
          secure.end(REFUSE);
        });
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await rm(directory, { recursive: true, force: true });
  });
  const { port } = server.address() as AddressInfo;
  const url = `postgresql://migrator:a-password-that-is-not-used@localhost:${port}/d?sslrootcert=${encodeURIComponent(root)}`;
  const environment = { HELLOJOHN_DATABASE_AUTH: "iam", AWS_REGION: "eu-north-1" };
  const handle = createHandler(parseSettings({ HELLOJOHN_DATABASE_URL: url, ...environment }), MANIFEST);
  const invocation = {
    invocationId: "one",
    remainingMs: () => Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    onProgress: () => {},
  };
  return {
    port,
    tokens,
    status: () => runEvent(url, MANIFEST, { command: "status" }, { environment }),
    statusWhileWarm: () => handle({ command: "status" }, invocation),
  };
}

it("a token for this host, port and user is sent, and a refusal says what it takes to be let in", async () => {
  const { port, tokens, status } = await setup();
  const report = await status();
  expect(tokens).toHaveLength(1);
  expect(tokens[0]).toMatch(
    new RegExp(`^localhost:${port}/\\?Action=connect&DBUser=migrator&.*X-Amz-Credential=[^&]*eu-north-1%2Frds-db`),
  );
  expect(report).toMatchObject({
    failure: {
      code: "AUTHENTICATION_FAILED",
      hint: expect.stringMatching(/grant rds_iam to "migrator".*rds-db:connect/),
    },
  });
  expect(JSON.stringify(report)).not.toMatch(/X-Amz-Signature=[0-9a-f]/);
});

it("each connection of a warm function has a token of its own", async () => {
  const { tokens, statusWhileWarm } = await setup();
  // It holds the second it was made in.
  await expect
    .poll(async () => [await statusWhileWarm(), new Set(tokens).size][1], { timeout: 10_000 })
    .toBeGreaterThan(1);
});
