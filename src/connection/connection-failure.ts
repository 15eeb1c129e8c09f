// Says why a connection could not be opened, from what the driver or the network threw. Pure.
import { type Failure, MigrationError } from "../failure/failure.ts";
import type { DatabaseAddress } from "./database-address.ts";
import { tlsFailure } from "./tls-failure.ts";

/** Never quotes the driver's message where it could hold what was sent. The error itself is kept as the cause. */
export function connectionFailure(error: unknown, address: DatabaseAddress): MigrationError {
  return new MigrationError(explain(error, address), { cause: error });
}

// SQLSTATEs of a refused connection: https://www.postgresql.org/docs/current/errcodes-appendix.html
function explain(error: unknown, address: DatabaseAddress): Failure {
  const { host, port, user, database } = address;
  const code = codeOf(error);
  switch (code) {
    case "28P01":
    case "28000":
      return /no encryption|SSL off/.test(messageOf(error))
        ? tlsFailure(code, messageOf(error), address)
        : refusedToLetIn(code, address);
    case "3D000":
      return {
        code: "DATABASE_MISSING",
        message: `there is no database ${JSON.stringify(database)} on ${host}:${port}`,
        hint: "Nothing was changed. Create it, or correct the name: in the secret, at the end of the URL, or in HELLOJOHN_DATABASE_NAME.",
        details: { database },
      };
    case "42501":
      return {
        code: "PERMISSION_DENIED",
        message: `${user} may not connect to the database ${JSON.stringify(database)}`,
        hint: `Nothing was changed. Grant it: grant connect on database ${JSON.stringify(database)} to ${JSON.stringify(user)};`,
        details: { role: user, privilege: "CONNECT", object: database },
      };
    case "53300":
    case "57P01":
    case "57P02":
    case "57P03":
      return {
        code: "DATABASE_NOT_READY",
        message: code === "53300" ? "the server has no connection left" : "the server is starting up or shutting down",
        hint: "Nothing was changed. Try again when it answers.",
        details: { sqlState: code },
      };
    case "0A000":
    case "08P01":
      // PgBouncer's code for everything that it refuses, a wrong password too.
      if (/authentication failed|no such user/i.test(messageOf(error))) return refusedToLetIn(code, address);
      return {
        code: "POOLER_DETECTED",
        message: `the proxy at ${host}:${port} refuses this connection (${code})`,
        hint: "Nothing was changed. Use the database's own endpoint.",
        details: { evidence: code },
      };
    default:
      return isTlsError(error, code) ? tlsFailure(code, messageOf(error), address) : unreachable(error, code, address);
  }
}

function refusedToLetIn(sqlState: string, { user, host, port }: DatabaseAddress): Failure {
  return {
    code: "AUTHENTICATION_FAILED",
    message: `the server refused to let ${user} in`,
    hint: `Nothing was changed. Check the user name and the password for ${host}:${port}, and that pg_hba.conf lets this address in.`,
    details: { user, sqlState },
  };
}

function unreachable(error: unknown, code: string, { host, port, password, user }: DatabaseAddress): Failure {
  if (password === null && /password/i.test(messageOf(error))) {
    return {
      code: "AUTHENTICATION_FAILED",
      message: `the server asks for a password for ${user}, and the URL has none`,
      hint: "Nothing was changed. Put the password into the URL, percent-encoded.",
      details: { user, sqlState: "28P01" },
    };
  }
  const reason =
    REASONS.get(code) ?? (/timeout/i.test(messageOf(error)) ? "it did not answer in time" : code || "it hung up");
  return {
    code: "DATABASE_UNREACHABLE",
    message: `cannot reach ${host}:${port}: ${reason}`,
    hint: "Nothing was changed. Check host and port, that the server runs, and that security groups and routes let this address reach it.",
    details: { host, port, reason },
  };
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "nothing listens there"],
  ["ECONNRESET", "it closed the connection"],
  ["EHOSTUNREACH", "there is no route to it"],
  ["ENETUNREACH", "there is no route to it"],
  ["ENOTFOUND", "the name is not known"],
  ["EAI_AGAIN", "the name could not be looked up"],
  ["ETIMEDOUT", "it did not answer in time"],
]);

function isTlsError(error: unknown, code: string): boolean {
  return (
    /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code) || /\bSSL\b/.test(messageOf(error))
  );
}

/** A name with several addresses fails with one error for each of them. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const code: unknown = error instanceof Error && "code" in error ? error.code : "";
  return typeof code === "string" ? code : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}
