import { describe, expect, test } from "vitest";
import { connectionFailure } from "../../../src/connection/connection-failure.ts";
import type { DatabaseAddress } from "../../../src/connection/database-address.ts";

const address: DatabaseAddress = {
  host: "db.example.com",
  port: 5432,
  user: "john",
  password: "gEhEiM",
  database: "hellojohn",
  ssl: "verify-full",
  rootCertificate: null,
};

function thrown(code: string | undefined, message = "what the driver says"): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

describe("connectionFailure", () => {
  test.each([
    ["28P01", "AUTHENTICATION_FAILED", { user: "john", sqlState: "28P01" }],
    ["28000", "AUTHENTICATION_FAILED", { user: "john", sqlState: "28000" }],
    ["3D000", "DATABASE_MISSING", { database: "hellojohn" }],
    ["42501", "PERMISSION_DENIED", { role: "john", privilege: "CONNECT", object: "hellojohn" }],
    ["53300", "DATABASE_NOT_READY", { sqlState: "53300" }],
    ["57P03", "DATABASE_NOT_READY", { sqlState: "57P03" }],
    ["ECONNREFUSED", "DATABASE_UNREACHABLE", { reason: "nothing listens there" }],
    ["ECONNRESET", "DATABASE_UNREACHABLE", { reason: "it closed the connection" }],
    ["EHOSTUNREACH", "DATABASE_UNREACHABLE", { reason: "there is no route to it" }],
    ["ENOTFOUND", "DATABASE_UNREACHABLE", { reason: "the name is not known" }],
    ["EAI_AGAIN", "DATABASE_UNREACHABLE", { reason: "the name could not be looked up" }],
    ["ETIMEDOUT", "DATABASE_UNREACHABLE", { reason: "it did not answer in time" }],
    ["ESOMETHING", "DATABASE_UNREACHABLE", { reason: "ESOMETHING" }],
    ["CERT_HAS_EXPIRED", "TLS_FAILED", { host: "db.example.com" }],
    ["SELF_SIGNED_CERT_IN_CHAIN", "TLS_FAILED", { host: "db.example.com" }],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "TLS_FAILED", { host: "db.example.com" }],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "TLS_FAILED", { host: "db.example.com" }],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "TLS_FAILED", { host: "db.example.com" }],
  ])("takes %s for %s", (driverCode, code, details) => {
    const error = thrown(driverCode);
    const { failure, cause } = connectionFailure(error, address);
    expect(failure).toMatchObject({ code, details });
    expect(failure.hint).toMatch(/^Nothing was changed\. ./);
    expect(cause).toBe(error);
  });

  test.each([
    ["a server without TLS", "The server does not support SSL connections", "TLS_FAILED"],
    ["a server of another kind", "There was an error establishing an SSL connection", "TLS_FAILED"],
    ["a time-out of the driver", "timeout expired", "DATABASE_UNREACHABLE"],
    ["a connection that ends", "Connection terminated unexpectedly", "DATABASE_UNREACHABLE"],
  ])("recognises %s, which has no code", (_what, message, code) => {
    expect(connectionFailure(thrown(undefined, message), address).failure.code).toBe(code);
  });

  test("says that a server which sent nothing in time did not answer, and one that just went hung up", () => {
    const messageOf = (text: string) => connectionFailure(thrown(undefined, text), address).failure.message;
    expect(messageOf("timeout expired")).toBe("cannot reach db.example.com:5432: it did not answer in time");
    expect(messageOf("Connection terminated unexpectedly")).toBe("cannot reach db.example.com:5432: it hung up");
  });

  test("says of a server of another kind that it is one, not what the driver made of its answer", () => {
    const error = thrown(undefined, "There was an error establishing an SSL connection");
    expect(connectionFailure(error, address).failure).toMatchObject({
      details: { reason: "what answers there does not speak PostgreSQL" },
      hint: "Nothing was changed. Check host and port: another server or a proxy may listen there.",
    });
  });

  test("looks into the errors of a host with several addresses", () => {
    const error = new AggregateError([thrown("ECONNREFUSED"), thrown("ENETUNREACH")]);
    expect(connectionFailure(error, address).failure.details).toMatchObject({ reason: "nothing listens there" });
  });

  test("says that the URL has no password when the server asks for one", () => {
    const error = thrown(undefined, "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string");
    expect(connectionFailure(error, { ...address, password: null }).failure).toMatchObject({
      code: "AUTHENTICATION_FAILED",
      message: "the server asks for a password for john, and the URL has none",
    });
  });

  test.each(["28P01", "28000", "3D000", "42501", "53300", "ECONNREFUSED", "08P01", undefined])(
    "of %s repeats neither the password nor what the driver says",
    (code) => {
      const { failure } = connectionFailure(thrown(code, 'password "gEhEiM" failed for john'), address);
      expect(JSON.stringify(failure)).not.toMatch(/gEhEiM|failed for/);
    },
  );

  test.each([undefined, null, "text", 42, {}, []])("makes something of %j that was thrown", (value) => {
    expect(connectionFailure(value, address).failure).toMatchObject({
      code: "DATABASE_UNREACHABLE",
      message: "cannot reach db.example.com:5432: it hung up",
    });
  });
});
