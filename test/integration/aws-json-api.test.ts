// What all our imitations of AWS services share, tried with services that are no more than an echo: the check of requests
// against the SDK's model, and what is said to a request that nobody can read.
import {
  CodeDeployClient,
  PutLifecycleEventHookExecutionStatus$,
  PutLifecycleEventHookExecutionStatusCommand,
} from "@aws-sdk/client-codedeploy";
import { CodePipelineClient, PutJobSuccessResult$, PutJobSuccessResultCommand } from "@aws-sdk/client-codepipeline";
import { GetSecretValue$ } from "@aws-sdk/client-secrets-manager";
import { describe, expect, it, onTestFinished } from "vitest";
import { type JsonService, operation, ServiceError, startJsonApi } from "../support/aws-json-api.ts";

const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "none" };

const CODEDEPLOY: JsonService = {
  target: "CodeDeploy_20141006",
  signingName: "codedeploy",
  messageMember: "message",
  operations: [
    operation(PutLifecycleEventHookExecutionStatus$, (input: { lifecycleEventHookExecutionId?: string }) => {
      if (input.lifecycleEventHookExecutionId === "echo") return { lifecycleEventHookExecutionId: "echo" };
      throw new ServiceError("InvalidLifecycleEventHookExecutionIdException", "no such execution");
    }),
  ],
};

const CODEPIPELINE: JsonService = {
  target: "CodePipeline_20150709",
  signingName: "codepipeline",
  messageMember: "message",
  operations: [operation(PutJobSuccessResult$, () => ({}))],
};

const SECRETS: JsonService = {
  target: "secretsmanager",
  signingName: "secretsmanager",
  messageMember: "Message",
  operations: [operation(GetSecretValue$, () => ({ Name: "x" }))],
};

async function setup(service: JsonService) {
  const api = await startJsonApi(service);
  onTestFinished(() => api.stop());
  return api;
}

/** A request that the SDK would not send, in the form in which it sends requests. */
async function send(
  endpointUrl: string,
  {
    target = "secretsmanager.GetSecretValue",
    body = "{}",
    signedFor = "secretsmanager",
    type = "application/x-amz-json-1.1",
  },
) {
  const scope = `Credential=AKIA/20260101/eu-west-1/${signedFor}/aws4_request`;
  const response = await fetch(endpointUrl, {
    method: "POST",
    body,
    headers: { "X-Amz-Target": target, "Content-Type": type, Authorization: `AWS4-HMAC-SHA256 ${scope}` },
  });
  return {
    status: response.status,
    errorType: response.headers.get("x-amzn-errortype"),
    content: await response.json(),
  };
}

describe("the SDK's own request", () => {
  it("to CodeDeploy matches the model and is answered", async () => {
    const api = await setup(CODEDEPLOY);
    const client = new CodeDeployClient({ endpoint: api.endpointUrl, region: "us-east-2", credentials });
    const input = { deploymentId: "d-1", lifecycleEventHookExecutionId: "echo", status: "Succeeded" as const };
    expect(await client.send(new PutLifecycleEventHookExecutionStatusCommand(input))).toMatchObject({
      lifecycleEventHookExecutionId: "echo",
    });
    expect(api.calls).toEqual([{ operation: "PutLifecycleEventHookExecutionStatus", input, region: "us-east-2" }]);
    await expect(client.send(new PutLifecycleEventHookExecutionStatusCommand({}))).rejects.toMatchObject({
      name: "InvalidLifecycleEventHookExecutionIdException",
      message: "no such execution",
    });
    expect(api.violations).toEqual([]);
  });

  it("to CodePipeline matches the model, with its structure, its instant and its map", async () => {
    const api = await setup(CODEPIPELINE);
    const client = new CodePipelineClient({ endpoint: api.endpointUrl, region: "eu-west-1", credentials });
    await client.send(
      new PutJobSuccessResultCommand({
        jobId: "11111111-1111-4111-8111-111111111111",
        currentRevision: { revision: "1", changeIdentifier: "2", created: new Date("2026-01-01T00:00:00Z") },
        outputVariables: { outcome: "applied" },
      }),
    );
    expect(api.calls[0]?.input).toMatchObject({ currentRevision: { created: 1_767_225_600 } });
    expect(api.violations).toEqual([]);
  });
});

describe("a request that does not match the model", () => {
  const jobId = "11111111-1111-4111-8111-111111111111";
  it.each<{ what: string; body: unknown; type: string; violations: string[] }>([
    {
      what: "has an unknown member",
      body: { jobId, job: 1 },
      type: "SerializationException",
      violations: ["job is no member"],
    },
    { what: "lacks a required member", body: {}, type: "ValidationException", violations: ["jobId is missing"] },
    {
      what: "has null for a required member",
      body: { jobId: null },
      type: "ValidationException",
      violations: ["jobId is missing"],
    },
    {
      what: "has a number for a text",
      body: { jobId: 1 },
      type: "SerializationException",
      violations: ["jobId is not a value of kind 0"],
    },
    {
      what: "has a list for a structure",
      body: { jobId, executionDetails: [] },
      type: "SerializationException",
      violations: ["executionDetails is not a structure"],
    },
    {
      what: "lacks a required member further down",
      body: { jobId, currentRevision: { revision: "1" } },
      type: "ValidationException",
      violations: ["currentRevision.changeIdentifier is missing"],
    },
    {
      what: "has a text for an instant",
      body: { jobId, currentRevision: { revision: "1", changeIdentifier: "2", created: "now" } },
      type: "SerializationException",
      violations: ["currentRevision.created is not a value of kind 4"],
    },
    {
      what: "has a number in a map of texts",
      body: { jobId, outputVariables: { a: 1 } },
      type: "SerializationException",
      violations: ["outputVariables.a is not a value of kind 0"],
    },
    {
      what: "is wrong twice",
      body: { jobId: 1, job: 1 },
      type: "SerializationException",
      violations: ["job is no member", "jobId is not a value of kind 0"],
    },
    { what: "is a list", body: [], type: "SerializationException", violations: ["the body is not a structure"] },
  ])("is refused and remembered where it $what", async ({ body, type, violations }) => {
    const api = await setup(CODEPIPELINE);
    const request = { target: "CodePipeline_20150709.PutJobSuccessResult", signedFor: "codepipeline" };
    const answer = await send(api.endpointUrl, { ...request, body: JSON.stringify(body) });
    expect(answer).toMatchObject({ status: 400, errorType: type, content: { __type: type } });
    expect([...api.violations].sort()).toEqual(violations.map((problem) => `PutJobSuccessResult: ${problem}`).sort());
    expect(api.calls).toHaveLength(1);
  });

  it("is refused where its body is no JSON", async () => {
    const api = await setup(SECRETS);
    expect(await send(api.endpointUrl, { body: "{" })).toMatchObject({ errorType: "SerializationException" });
    expect(api.violations).toEqual(["GetSecretValue: the body is no JSON"]);
  });

  it.each([
    {
      what: "names an operation that is not served",
      request: { target: "secretsmanager.ListSecrets" },
      type: "UnknownOperationException",
    },
    {
      what: "is meant for another service",
      request: { target: "CodeDeploy_20141006.GetSecretValue" },
      type: "UnknownOperationException",
    },
    { what: "is of another content type", request: { type: "application/json" }, type: "UnknownOperationException" },
    { what: "is signed for another service", request: { signedFor: "kms" }, type: "IncompleteSignatureException" },
  ])("is refused where it $what", async ({ request, type }) => {
    const api = await setup(SECRETS);
    const body = JSON.stringify({ SecretId: "db" });
    expect(await send(api.endpointUrl, { body, ...request })).toMatchObject({ status: 400, errorType: type });
    expect(api.violations).toHaveLength(1);
  });
});

describe("an answer of our own", () => {
  it("is remembered where it does not match the model either", async () => {
    const wrong = operation(GetSecretValue$, () => ({
      Name: 1,
      CreatedDate: new Date(0),
      SecretBinary: "no base64!",
      VersionStages: [1],
    }));
    const api = await setup({ ...SECRETS, operations: [wrong] });
    expect(await send(api.endpointUrl, { body: '{"SecretId":"db"}' })).toMatchObject({ status: 200 });
    expect(api.violations.map((problem) => problem.split(" ")[3])).toEqual([
      "Name",
      "SecretBinary",
      "VersionStages[0]",
      "CreatedDate",
    ]);
  });

  it("is AWS's internal failure where the test's operation throws something else", async () => {
    const broken = operation(GetSecretValue$, () => {
      throw new RangeError("broken");
    });
    const api = await setup({ ...SECRETS, operations: [broken] });
    const answer = await send(api.endpointUrl, { body: '{"SecretId":"db"}' });
    expect(answer).toMatchObject({ status: 500, errorType: "InternalFailure" });
    expect(answer.content).toEqual({ __type: "InternalFailure", Message: "RangeError: broken" });
  });
});
