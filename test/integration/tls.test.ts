// What is asked of a server's certificate, with a PostgreSQL that shows good ones and bad ones.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type CertificateAuthority, createAuthority, createSelfSigned } from "../support/certificates.ts";
import { runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { startTlsPostgres, type TlsPostgres } from "../support/tls-postgres.ts";

const MANIFEST = manifestOf({ "0001_a.up.sql": "create table a (id int)" });
const YESTERDAY = new Date(Date.now() - 86_400_000);

let authority: CertificateAuthority;
let directory: string;
let root: string;
let server: TlsPostgres;
let forcing: TlsPostgres;

beforeAll(async () => {
  authority = await createAuthority();
  directory = await mkdtemp(join(tmpdir(), "hj-tls-"));
  root = join(directory, "root.pem");
  await writeFile(root, authority.certificate);
  const certificate = await authority.issue();
  [server, forcing] = await Promise.all([
    startTlsPostgres({ certificate }),
    startTlsPostgres({ certificate, forceTls: true }),
  ]);
});
afterAll(async () => {
  await Promise.all([server?.stop(), forcing?.stop()]);
  await rm(directory, { recursive: true, force: true });
});

function status(url: string, environment: Readonly<Record<string, string>> = {}) {
  return runEvent(url, MANIFEST, { command: "status" }, { environment });
}

const verified = (host = "localhost", sslmode = "verify-full") => server.urlAt(host, { sslmode, sslrootcert: root });

describe("a server with a good certificate", () => {
  it.each([
    ["verify-full", "localhost"],
    ["verify-full", "127.0.0.1"],
    ["verify-ca", "localhost"],
  ])("is trusted with %s, as %s, without a warning", async (sslmode, host) => {
    expect(await status(verified(host, sslmode))).toMatchObject({ outcome: "pending", warnings: [] });
  });

  it("is not trusted where nobody said that its authority is", async () => {
    expect(await status(server.urlAt("localhost", { sslmode: "verify-full" }))).toMatchObject({
      outcome: "failed",
      failure: {
        code: "TLS_FAILED",
        message:
          "no verified TLS connection to localhost: the server's certificate is signed by nobody who is trusted here",
        hint: expect.stringMatching(/NODE_EXTRA_CA_CERTS .* sslrootcert/),
      },
    });
  });

  it("is not asked for it where the environment says so, and the report warns", async () => {
    const report = await status(server.urlAt("localhost", { sslmode: "verify-full" }), {
      HELLOJOHN_DATABASE_SSL: "require",
    });
    expect(report).toMatchObject({
      outcome: "pending",
      warnings: [{ code: "TLS_UNVERIFIED", message: expect.stringContaining("the certificate is not verified") }],
    });
  });

  it("is verified although NODE_TLS_REJECT_UNAUTHORIZED says otherwise", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    onTestFinished(() => {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    });
    expect(await status(server.urlAt("localhost", { sslmode: "verify-full" }))).toMatchObject({
      failure: { code: "TLS_FAILED" },
    });
  });

  it("is not trusted by a file that holds no certificate, or is not there", async () => {
    const empty = join(directory, "empty.pem");
    await writeFile(empty, "nothing");
    for (const file of [empty, join(directory, "none.pem")]) {
      const report = await status(server.urlAt("localhost", { sslmode: "verify-full", sslrootcert: file }));
      expect(report).toMatchObject({ outcome: "failed", failure: { code: "TLS_FAILED" } });
    }
  });

  it("is reached in the clear where the environment says so, and the report warns, except on this machine", async () => {
    const url = server.urlAt("localhost", { sslmode: "disable" });
    expect(await status(url)).toMatchObject({ outcome: "pending", warnings: [] });
    // The same machine, by a name that does not say so.
    expect(await status(url, { HELLOJOHN_DATABASE_HOST: "127.1" })).toMatchObject({
      outcome: "pending",
      warnings: [{ code: "TLS_UNVERIFIED", message: expect.stringContaining("the connection is not encrypted") }],
    });
  });

  it("lets nobody in without TLS where it is set up so, and the report says that", async () => {
    expect(await status(forcing.urlAt("localhost"))).toMatchObject({
      failure: { code: "TLS_FAILED", message: expect.stringContaining("the server lets nobody in without TLS") },
    });
    expect(await status(forcing.urlAt("localhost", { sslmode: "verify-full", sslrootcert: root }))).toMatchObject({
      outcome: "pending",
    });
  });
});

describe("a server with a certificate", () => {
  it.each([
    ["for another name", () => authority.issue({ hosts: ["db.example.com"] }), "is for another name than localhost"],
    ["that has expired", () => authority.issue({ expiresAt: YESTERDAY }), "has expired"],
    ["of another authority", async () => (await createAuthority()).issue(), "is signed by nobody who is trusted here"],
    ["that it signed itself", () => createSelfSigned(), "is signed by nobody who is trusted here"],
  ])("%s is refused by the name of the host and what is wrong", async (_what, issue, reason) => {
    await server.changeCertificate(await issue());
    const report = await runEvent(verified(), MANIFEST, { command: "run" });
    expect(report).toMatchObject({
      ok: false,
      outcome: "failed",
      failure: {
        code: "TLS_FAILED",
        message: `no verified TLS connection to localhost: the server's certificate ${reason}`,
        details: { host: "localhost" },
      },
    });
  });

  it("for a name is refused at an address, and for an address at a name", async () => {
    const failure = { code: "TLS_FAILED", message: expect.stringContaining("is for another name than") };
    await server.changeCertificate(await authority.issue({ hosts: ["localhost"] }));
    expect(await status(verified("127.0.0.1"))).toMatchObject({ failure });
    await server.changeCertificate(await authority.issue({ hosts: ["127.0.0.1"] }));
    expect(await status(verified("127.0.0.1"))).toMatchObject({ outcome: "pending" });
    expect(await status(verified("localhost"))).toMatchObject({ failure });
  });

  it("of another authority is refused with verify-ca too", async () => {
    await server.changeCertificate(await (await createAuthority()).issue());
    expect(await status(verified("localhost", "verify-ca"))).toMatchObject({ failure: { code: "TLS_FAILED" } });
  });

  it("for another name is taken with verify-ca, which asks for no name", async () => {
    await server.changeCertificate(await authority.issue({ hosts: ["db.example.com"] }));
    expect(await status(verified("localhost", "verify-ca"))).toMatchObject({ outcome: "pending", warnings: [] });
  });
});

describe("what another client would read from the environment", () => {
  it.each([
    // Refused by the server, where it gets there.
    ["PGOPTIONS", "-c no_such_setting=1"],
    ["PGPASSWORD", () => decodeURIComponent(new URL(server.url).password)],
    ["PGSSLMODE", "disable"],
    ["PGAPPNAME", "another"],
    ["PGREPLICATION", "database"],
  ])("%s changes nothing", async (name, value) => {
    process.env[name] = typeof value === "string" ? value : value();
    onTestFinished(() => {
      delete process.env[name];
    });
    await server.changeCertificate(await authority.issue());
    expect(await status(verified())).toMatchObject({ outcome: "pending" });
    const withoutPassword = Object.assign(new URL(verified()), { password: "" }).href;
    expect(await status(withoutPassword)).toMatchObject({ failure: { code: "AUTHENTICATION_FAILED" } });
  });
});
