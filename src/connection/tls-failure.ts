// Says what is wrong between a server's certificate and what is asked of it. Pure.
import type { Failure } from "../failure/failure.ts";
import { type DatabaseAddress, rdsRegion, type SslMode } from "./database-address.ts";

/** `code` and `message` are the driver's; where it gave none, `code` is empty. */
export function tlsFailure(code: string, message: string, { host, ssl }: DatabaseAddress): Failure {
  const { reason, hint } = explain(code, message, host, ssl);
  return {
    code: "TLS_FAILED",
    message: `no verified TLS connection to ${host}: ${reason}`,
    hint: `Nothing was changed. ${hint}`,
    details: { host, reason },
  };
}

// https://nodejs.org/api/tls.html#x509-certificate-error-codes
function explain(code: string, message: string, host: string, ssl: SslMode): { reason: string; hint: string } {
  switch (code) {
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return {
        reason: `the server's certificate is for another name than ${host}`,
        hint: "Use the host name that is in the certificate; with a CNAME in front of it, HELLOJOHN_DATABASE_SSL=verify-ca.",
      };
    case "28000":
      return {
        reason: "the server lets nobody in without TLS",
        hint: "Leave HELLOJOHN_DATABASE_SSL and sslmode out, or set verify-full.",
      };
    case "CERT_HAS_EXPIRED":
      return { reason: "the server's certificate has expired", hint: "Renew it in the server." };
    case "CERT_NOT_YET_VALID":
      return { reason: "the server's certificate is not valid yet", hint: "Check the clocks of both sides." };
    case "CERT_SIGNATURE_FAILURE":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return {
        reason: "the server's certificate is signed by nobody who is trusted here",
        hint:
          rdsRegion(host) === null
            ? "Trusted are the system's authorities, and those in the file that NODE_EXTRA_CA_CERTS or the URL's sslrootcert names. Is this a CNAME of an RDS endpoint? Use the endpoint itself, or HELLOJOHN_DATABASE_SSL=verify-ca."
            : "Trusted are Amazon's authorities for RDS in this region, and those in the file that NODE_EXTRA_CA_CERTS or the URL's sslrootcert names.",
      };
    default:
      if (NOT_POSTGRES.test(message)) {
        return {
          reason: "what answers there does not speak PostgreSQL",
          hint: "Check host and port: another server or a proxy may listen there.",
        };
      }
      return NO_TLS.test(message)
        ? {
            reason: "the server speaks no TLS",
            hint: `Turn TLS on in the server. HELLOJOHN_DATABASE_SSL=disable instead of ${ssl} sends everything in the clear.`,
          }
        : { reason: message, hint: "Check the server's TLS set-up, and HELLOJOHN_DATABASE_SSL." };
  }
}

/** The driver's words for a server that answers an SSLRequest with N. */
const NO_TLS = /does not support SSL/;

/** And for one that answers neither S nor N, which every PostgreSQL does. */
const NOT_POSTGRES = /error establishing an SSL connection/;
