// What each error of a call means for the run, and for the person.
import { describe, expect, test } from "vitest";
import { explainAsleep, explainCallError, isAsleep } from "../../../src/cli/explain-call.ts";

const target = { name: "hook", qualifier: "live" };
const call = { target, region: "eu-west-1", action: "lambda:InvokeFunction" } as const;
const LOOK = "hj migrations status --function hook:live";

function thrown(name: string, facts: object = {}, message = "as AWS says"): Error {
  return Object.assign(new Error(message), { name, ...facts });
}

function answeredWith(status: number, name: string, facts: object = {}): Error {
  return thrown(name, { $metadata: { httpStatusCode: status }, ...facts });
}

describe("an error before anything was run", () => {
  test.each([
    [2, "no AWS region is known", thrown("Error", {}, "Region is missing")],
    [
      2,
      "no AWS region is known",
      thrown("Error", {}, 'Region not accepted: region="" is not a valid hostname component.'),
    ],
    [2, "no AWS credentials were found", thrown("CredentialsProviderError")],
    [2, "no AWS credentials were found", thrown("TokenProviderError")],
    [2, "does not accept the credentials", answeredWith(403, "ExpiredTokenException")],
    [2, "does not accept the credentials", answeredWith(403, "UnrecognizedClientException")],
    [2, "does not accept the credentials", answeredWith(403, "InvalidSignatureException")],
    [1, "may not call lambda:InvokeFunction on hook:live", answeredWith(403, "AccessDeniedException")],
    [2, "there is no function hook:live in eu-west-1", answeredWith(404, "ResourceNotFoundException")],
    [
      1,
      "ReservedFunctionConcurrentInvocationLimitExceeded",
      answeredWith(429, "TooManyRequestsException", { Reason: "ReservedFunctionConcurrentInvocationLimitExceeded" }),
    ],
    [1, "throttled", answeredWith(429, "ThrottlingException")],
    [2, "larger than Lambda takes", answeredWith(413, "RequestTooLargeException")],
    [2, "does not understand", answeredWith(400, "InvalidRequestContentException")],
    [1, "cannot be invoked", answeredWith(502, "ResourceNotReadyException")],
    [1, "cannot start hook:live: ENILimitReachedException", answeredWith(502, "ENILimitReachedException")],
    [1, "not from Lambda: HTTP 403", answeredWith(403, "SyntaxError")],
    [1, "not from Lambda: HTTP 407", answeredWith(407, "Unknown")],
    [1, "AWS refuses", answeredWith(418, "TeapotException")],
    [
      1,
      "cannot be reached: connect ECONNREFUSED",
      thrown("Error", { code: "ECONNREFUSED", syscall: "connect" }, "connect ECONNREFUSED 127.0.0.1:9"),
    ],
    [1, "cannot be reached", thrown("Error", { code: "ENOTFOUND", syscall: "getaddrinfo" })],
    [1, "cannot be reached", thrown("Error", { code: "ETIMEDOUT", syscall: "connect" })],
    [1, "cannot be reached", thrown("Error", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" })],
    [
      1,
      "cannot be reached",
      thrown("TimeoutError", {}, "the request socket did not establish a connection with the server"),
    ],
    [
      1,
      "cannot be reached: connect ECONNREFUSED ::1",
      new AggregateError([thrown("Error", { code: "ECONNREFUSED" }, "connect ECONNREFUSED ::1:9")], ""),
    ],
  ])("exits %i and says that %s", (exitCode, says, error) => {
    const explained = explainCallError(error, call);
    expect(explained.exitCode).toBe(exitCode);
    expect(explained.message).toContain(says);
    expect(explained.hint).toContain("Nothing was run.");
  });
});

describe("an error after the request went out", () => {
  test.each([
    ["lost after the request went out", thrown("Error", { code: "ECONNRESET" }, "socket hang up")],
    ["lost after the request went out", thrown("Error", { code: "ETIMEDOUT", syscall: "read" })],
    ["lost after the request went out", thrown("Error", { code: "EPIPE", syscall: "write" })],
    ["not from Lambda: HTTP 504", answeredWith(504, "SyntaxError")],
    ["ServiceException", answeredWith(500, "ServiceException")],
    ["went wrong", thrown("TimeoutError", {}, "the request socket timed out")],
    ["went wrong", thrown("TypeError")],
  ])("says %s, claims nothing of the run, and how to look at it", (says, error) => {
    const explained = explainCallError(error, call);
    expect(explained.message).toContain(says);
    expect(explained.hint).toContain("may go on");
    expect(explained.hint).toContain(LOOK);
    expect(explained.exitCode).toBe(1);
  });

  test.each([undefined, null, "text", 42, {}, { message: 1 }])("survives %j being thrown", (error) => {
    expect(explainCallError(error, call)).toMatchObject({ exitCode: 1, hint: expect.stringContaining(LOOK) });
  });
});

test("an error names the action that was refused", () => {
  const error = answeredWith(403, "AccessDeniedException");
  const { message, hint } = explainCallError(error, { ...call, action: "lambda:GetFunctionConfiguration" });
  expect(message + hint).not.toContain("lambda:InvokeFunction");
  expect(hint).toContain("lambda:GetFunctionConfiguration");
});

test("an unknown profile is named", () => {
  const named = { ...call, target: { ...target, profile: "ops" } };
  expect(explainCallError(thrown("CredentialsProviderError"), named).message).toContain("by the profile ops");
});

test("only a function that is not ready is worth waking", () => {
  expect(isAsleep(answeredWith(502, "ResourceNotReadyException"))).toBe(true);
  expect(isAsleep(answeredWith(409, "ResourceConflictException"))).toBe(true);
  expect(isAsleep(answeredWith(502, "EC2AccessDeniedException"))).toBe(false);
  expect(isAsleep(answeredWith(500, "ServiceException"))).toBe(false);
  expect(isAsleep(null)).toBe(false);
});

test("a state is told with Lambda's reason, where it gives one", () => {
  expect(explainAsleep(target, "Failed", "no such subnet").message).toContain("its state is Failed: no such subnet");
  expect(explainAsleep(target, "Pending", undefined).message).toMatch(/Pending$/);
});
