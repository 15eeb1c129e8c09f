// What is asked of a server's certificate, and whom we trust to sign it.
import { readFile } from "node:fs/promises";
import { type ConnectionOptions, createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { MigrationError } from "../failure/failure.ts";
import { type DatabaseAddress, rdsRegion } from "./database-address.ts";

/** False where the connection is not encrypted. Throws a MigrationError for a root certificate that cannot be read. */
export async function tlsOptions(address: DatabaseAddress): Promise<ConnectionOptions | false> {
  switch (address.ssl) {
    case "disable":
      return false;
    case "require":
      return { rejectUnauthorized: false };
    case "verify-ca":
      return { ...VERIFIED, secureContext: await trusting(address), checkServerIdentity: () => undefined };
    case "verify-full":
      return { ...VERIFIED, secureContext: await trusting(address) };
  }
}

// Said, because NODE_TLS_REJECT_UNAUTHORIZED in the environment changes what it is when nothing is said.
const VERIFIED = { rejectUnauthorized: true } as const;

// Made once: a cancelled migration opens a second connection.
const contexts = new Map<string, Promise<SecureContext>>();

function trusting(address: DatabaseAddress): Promise<SecureContext> {
  const { ssl, host, rootCertificate } = address;
  const key = JSON.stringify([ssl, host, rootCertificate]);
  const known = contexts.get(key);
  if (known !== undefined) return known;
  const context = rootCertificate === null ? usualContext(address) : contextFromFile(host, rootCertificate);
  contexts.set(key, context);
  context.catch(() => contexts.delete(key));
  return context;
}

/**
 * Amazon's authorities for RDS, which no system has (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html),
 * are read for hosts that they can vouch for: their certificates name endpoints of RDS and nothing else. An endpoint of
 * RDS has no use for anybody else's, but for those that NODE_EXTRA_CA_CERTS adds.
 */
async function usualContext({ host, ssl }: DatabaseAddress): Promise<SecureContext> {
  const region = rdsRegion(host);
  // What Node trusts anyway, which it has parsed already.
  if (region === null && ssl === "verify-full") return createSecureContext();
  const { rdsAuthorities, rdsAuthoritiesIn } = await import("./rds-authorities.ts");
  const ca =
    region === null
      ? [...getCACertificates("default"), ...rdsAuthorities()]
      : [...getCACertificates("extra"), ...rdsAuthoritiesIn(region)];
  return createSecureContext({ ca });
}

async function contextFromFile(host: string, file: string): Promise<SecureContext> {
  try {
    return createSecureContext({ ca: await readFile(file) });
  } catch (error) {
    const reason = `the root certificates in ${file} cannot be read`;
    throw new MigrationError(
      {
        code: "TLS_FAILED",
        message: `no verified TLS connection to ${host}: ${reason}`,
        hint: "Nothing was changed. Correct sslrootcert in the URL: a file with certificates in PEM form.",
        details: { host, reason },
      },
      { cause: error },
    );
  }
}
