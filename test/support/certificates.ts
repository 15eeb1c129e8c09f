// Certificates for the servers of tests, good ones and bad ones. Makes text; writes no file and starts no server.
import { randomUUID } from "node:crypto";
import { isIP } from "node:net";
import { generate, type SelfsignedOptions } from "selfsigned";

/** A server's certificate and its private key, both in PEM form. */
export interface ServerCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** What is in a server's certificate. */
export interface CertificateOptions {
  /** Host names and addresses that it is good for. Default: this machine, by name and by address. */
  readonly hosts?: readonly string[];
  /** Default: in a year. One in the past makes an expired certificate, which was good for a year before that. */
  readonly expiresAt?: Date;
}

/** Someone who signs certificates, of a name that no other one has: a client that knows others finds no issuer. */
export interface CertificateAuthority {
  /** What a client has to trust, in PEM form. */
  readonly certificate: string;
  issue(options?: CertificateOptions): Promise<ServerCertificate>;
}

const LOCAL_HOSTS = ["localhost", "127.0.0.1"];

/** A clock that is a little behind does not make a fresh certificate invalid. */
const HEAD_START_MS = 60_000;

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** Elliptic curves, because an RSA key takes a hundred times longer to make. */
const EC_KEY = { keyType: "ec", algorithm: "sha256" } as const satisfies SelfsignedOptions;

/** An authority that nobody trusts until told to. Two of one name are two authorities. */
export async function createAuthority(name = `Test authority ${randomUUID()}`): Promise<CertificateAuthority> {
  const own = await generate([{ name: "commonName", value: name }], {
    ...EC_KEY,
    ...validity(new Date(Date.now() + YEAR_MS)),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    certificate: own.cert,
    issue: (options = {}) => make(options, { ca: { key: own.private, cert: own.cert } }),
  };
}

/** A certificate that vouches for itself, as a server has that nobody set up. */
export function createSelfSigned(options: CertificateOptions = {}): Promise<ServerCertificate> {
  return make(options, {});
}

async function make(
  { hosts = LOCAL_HOSTS, expiresAt = new Date(Date.now() + YEAR_MS) }: CertificateOptions,
  signer: Pick<SelfsignedOptions, "ca">,
): Promise<ServerCertificate> {
  const made = await generate([{ name: "commonName", value: hosts[0] ?? "nobody" }], {
    ...EC_KEY,
    ...signer,
    ...validity(expiresAt),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: hosts.map(alternativeName) },
    ],
  });
  return { certificate: made.cert, key: made.private };
}

function validity(expiresAt: Date): Pick<SelfsignedOptions, "notBeforeDate" | "notAfterDate"> {
  const isExpired = expiresAt.getTime() <= Date.now();
  const begins = isExpired ? expiresAt.getTime() - YEAR_MS : Date.now() - HEAD_START_MS;
  return { notBeforeDate: new Date(begins), notAfterDate: expiresAt };
}

/** The numbers are those of https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6 */
function alternativeName(host: string) {
  return isIP(host) === 0 ? { type: 2 as const, value: host } : { type: 7 as const, ip: host };
}
