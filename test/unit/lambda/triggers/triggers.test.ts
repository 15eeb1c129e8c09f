// What each caller's event asks for, and how a report goes back to it.
import { describe, expect, test } from "vitest";
import { decodeContinuation, encodeContinuation } from "../../../../src/engine/continuation.ts";
import type { Report } from "../../../../src/engine/report-schema.ts";
import { type Build, type Call, type Delivery, isAnswer, type Trigger } from "../../../../src/lambda/trigger.ts";
import { cloudformation } from "../../../../src/lambda/triggers/cloudformation.ts";
import { codedeploy } from "../../../../src/lambda/triggers/codedeploy.ts";
import { codepipeline } from "../../../../src/lambda/triggers/codepipeline.ts";
import { direct } from "../../../../src/lambda/triggers/direct.ts";
import { ecs } from "../../../../src/lambda/triggers/ecs.ts";
import { scheduled } from "../../../../src/lambda/triggers/scheduled.ts";
import { callerEvent, changedEvent, pipelineJob } from "../../../support/caller-events.ts";
import { baseOf, failedReport, migrationReport } from "../../../support/report.ts";

const RUN_ID = "2b1c1d6e-0000-4000-8000-000000000000";
const CONTINUATION = encodeContinuation({ command: "run", runId: RUN_ID, batches: [3] });
const ARN = "arn:aws:lambda:eu-west-1:123456789012:function:hook:live";
const STARTED = Date.parse(baseOf().startedAt);
const delivery: Delivery = { invocationId: "invocation", functionArn: ARN, now: STARTED + 60_000 };
const build: Build = { hookCommand: "run", manifestHash: "new" };

const APPLIED: Report = {
  ...baseOf({ migrations: [migrationReport("20240601_001_a", "applied")] }),
  ok: true,
  outcome: "applied",
};
const INCOMPLETE: Report = { ...baseOf(), ok: false, outcome: "incomplete", continuation: CONTINUATION };
const REFUSED: Report = {
  ...baseOf(),
  ok: false,
  outcome: "refused",
  problems: [{ code: "INVALID_SETTING", field: "HELLOJOHN_SCHEMA", message: "is wrong" }],
};
const FAILED = failedReport({
  code: "TIMED_OUT",
  message: "did not finish",
  hint: "Give it more time.",
  details: { version: "1", file: "f", line: 1, column: null, statement: "s", caret: null, timeoutMs: 1, blockers: [] },
});
const BUSY = failedReport({
  code: "LOCK_NOT_ACQUIRED",
  message: "another run holds the lock",
  hint: "Run again.",
  details: { waitedMs: 1, holder: null },
});
const TWICE = failedReport({ code: "ALREADY_RUNNING", message: "twice", hint: "", details: { holder: null } });

function asked(trigger: Trigger, event: unknown, given: Build = build) {
  const read = trigger.read(event, given);
  if (isAnswer(read) || "problems" in read) throw new TypeError(JSON.stringify(read));
  return read;
}

function problems(trigger: Trigger, event: unknown, given: Build = build): readonly string[] {
  const read = trigger.read(event, given);
  return "problems" in read ? read.problems.map(({ field, message }) => `${field} ${message}`) : [];
}

function callOf(trigger: Trigger, report: Report, event: unknown, given: Partial<Delivery> = {}): Call {
  const answer = trigger.answer(report, event, { ...delivery, ...given });
  if (answer.kind !== "deliver") throw new TypeError(`the answer is ${answer.kind}`);
  return answer.call;
}

const TRIGGERS = { codepipeline, codedeploy, ecs, cloudformation, scheduled };

describe("a caller is told by its structure", () => {
  test.each([
    ["codedeploy", codedeploy],
    ["codepipeline", codepipeline],
    ["cloudformation", cloudformation],
    ["ecs", ecs],
    ["ecs-flat", ecs],
    ["scheduled", scheduled],
  ] as const)("%s, and by no other trigger", (name, expected) => {
    const event = callerEvent(name);
    const recognising = Object.values(TRIGGERS).filter(({ recognises }) => recognises(event));
    expect(recognising).toEqual([expected]);
  });

  test.each<[string, unknown]>([
    ["half of CodeDeploy's", { DeploymentId: "d-1" }],
    ["CodeDeploy's with a number", { DeploymentId: "d-1", LifecycleEventHookExecutionId: 7 }],
    [
      "CodeDeploy's resumed too often",
      changedEvent("codedeploy", { resume: { hop: 9, continuation: "", startedAt: 0 } }),
    ],
    [
      "CodeDeploy's resumed with a key too many",
      changedEvent("codedeploy", { resume: { hop: 1, continuation: "", startedAt: 0, x: 1 } }),
    ],
    ["a pipeline's without a job", { "CodePipeline.job": null }],
    ["a pipeline's without an id", { "CodePipeline.job": { data: { actionConfiguration: { configuration: {} } } } }],
    ["a stack's of another kind", changedEvent("cloudformation", { RequestType: "Read" })],
    ["a stack's without a URL", changedEvent("cloudformation", { ResponseURL: "nowhere" })],
    ["a stage without a service", { lifecycleStage: "PRE_SCALE_UP" }],
    ["an event of a bus without its type", { source: "aws.events" }],
    ["nothing", null],
    ["a text", "run"],
    ["a list", [callerEvent("codedeploy")]],
  ])("and %s is nobody's: refused, never run", (_what, event) => {
    expect(Object.values(TRIGGERS).filter(({ recognises }) => recognises(event))).toEqual([]);
    expect(direct.read(event, build)).toHaveProperty("problems");
  });

  test("a direct event is no other caller's", () => {
    expect(Object.values(TRIGGERS).filter(({ recognises }) => recognises({ command: "run" }))).toEqual([]);
  });
});

describe("CodeDeploy", () => {
  const event = callerEvent("codedeploy");

  test("gets what the function's setting says, a word or an event", () => {
    expect(asked(codedeploy, event).request).toMatchObject({ command: "run", dryRun: false });
    const hookCommand = '{"command":"run","timeout":"20m"}';
    expect(asked(codedeploy, event, { ...build, hookCommand }).request).toMatchObject({ timeoutMs: 1_200_000 });
  });

  test.each([
    [
      "runn",
      "HELLOJOHN_HOOK_COMMAND command expected one of status, run, rollback, list, validate, adopt, resolve, unlock",
    ],
    ['{"command":"run","dryrun":true}', "HELLOJOHN_HOOK_COMMAND dryrun is no field of a request"],
    ['{"command":', "HELLOJOHN_HOOK_COMMAND is neither a command nor an event as JSON"],
  ])("is refused when the setting is %s", (hookCommand, expected) => {
    expect(problems(codedeploy, event, { ...build, hookCommand })).toEqual([expected]);
  });

  test("has one run id for all deliveries of one event, and another one for another", () => {
    const { runId } = asked(codedeploy, event);
    expect(runId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(asked(codedeploy, callerEvent("codedeploy")).runId).toBe(runId);
    expect(asked(codedeploy, changedEvent("codedeploy", { DeploymentId: "d-OTHER" })).runId).not.toBe(runId);
  });

  test.each([
    ["Succeeded", APPLIED],
    ["Failed", FAILED],
    ["Failed", REFUSED],
  ])("is told %s", (status, report) => {
    const { DeploymentId: deploymentId, LifecycleEventHookExecutionId: lifecycleEventHookExecutionId } = event;
    const input = { deploymentId, lifecycleEventHookExecutionId, status };
    expect(callOf(codedeploy, report, event)).toEqual({ to: "codedeploy", input });
  });

  test.each([
    ["that is not done", INCOMPLETE, CONTINUATION],
    ["that never got hold of the lock", BUSY, encodeContinuation({ command: "run", runId: RUN_ID, batches: [] })],
  ])("hears nothing yet of a run %s: the function invokes itself, as it was invoked", (_what, report, continuation) => {
    const resume = { hop: 1, continuation, startedAt: STARTED };
    expect(callOf(codedeploy, report, event)).toEqual({ to: "itself", functionArn: ARN, event: { ...event, resume } });
  });

  test("stays in the phase that the function's setting names, also when the run goes on", () => {
    const hookCommand = '{"command":"run","phase":"contract"}';
    const resume = { hop: 1, continuation: CONTINUATION, startedAt: STARTED };
    for (const event of [callerEvent("codedeploy"), changedEvent("codedeploy", { resume })])
      expect(asked(codedeploy, event, { ...build, hookCommand }).request).toMatchObject({ phase: "contract" });
  });

  test("a run goes on in the next invocation with its id, and counts the invocations", () => {
    const resumed = changedEvent("codedeploy", { resume: { hop: 2, continuation: CONTINUATION, startedAt: STARTED } });
    expect(asked(codedeploy, resumed)).toMatchObject({ hop: 2, request: { continuation: { runId: RUN_ID } } });
    expect(callOf(codedeploy, INCOMPLETE, resumed)).toMatchObject({
      event: { resume: { hop: 3, startedAt: STARTED } },
    });
  });

  test.each<[string, object, Partial<Delivery>]>([
    ["after half of the invocations that Lambda allows", { hop: 8 }, {}],
    ["when the hour is almost over", { hop: 1 }, { now: STARTED + 56 * 60_000 }],
    ["outside of AWS", { hop: 1 }, { functionArn: null }],
  ])("is told Failed, and not left waiting, %s", (_what, resume, given) => {
    const resumed = changedEvent("codedeploy", {
      resume: { continuation: CONTINUATION, startedAt: STARTED, ...resume },
    });
    expect(callOf(codedeploy, INCOMPLETE, resumed, given)).toMatchObject({ input: { status: "Failed" } });
  });

  test("is told Failed, which is kept ready, when the next invocation cannot be called", () => {
    expect(codedeploy.answer(INCOMPLETE, event, delivery)).toMatchObject({
      call: { to: "itself" },
      goesOn: true,
      otherwise: { call: { to: "codedeploy", input: { status: "Failed" } } },
    });
  });

  test("waits for an hour, and the invocations that go on are told so", () => {
    const resume = { hop: 2, continuation: CONTINUATION, startedAt: STARTED };
    expect(asked(codedeploy, changedEvent("codedeploy", { resume })).endsAt).toBe(STARTED + 58 * 60_000);
    expect(asked(codedeploy, event).endsAt).toBeUndefined();
  });

  test("can be told by hand with a command that is ready to be run", () => {
    expect(codedeploy.answer(APPLIED, event, delivery)).toMatchObject({
      byHand: expect.stringMatching(
        /aws deploy put-lifecycle-event-hook-execution-status --deployment-id d-EXAMPLE123 .* --status Succeeded$/,
      ),
    });
  });
});

test.each([
  ["codedeploy", codedeploy],
  ["codepipeline", codepipeline],
  ["cloudformation", cloudformation],
] as const)("%s hears of the first delivery of an event, not of the second, by its run", (name, trigger) => {
  const event = callerEvent(name);
  expect(trigger.answer(TWICE, event, delivery)).toMatchObject({ kind: "leave" });
  const { runId } = asked(trigger, event);
  expect(runId).toMatch(/^[0-9a-f-]{36}$/);
  expect(asked(trigger, callerEvent(name)).runId).toBe(runId);
});

describe("CodePipeline", () => {
  test.each([
    ['{"command":"run","timeout":"10m"}', { command: "run", timeoutMs: 600_000 }],
    [" status ", { command: "status" }],
    ["", { command: "run" }],
    [null, { command: "run" }],
  ])("asks with the parameters %j", (parameters, request) => {
    expect(asked(codepipeline, pipelineJob(parameters)).request).toMatchObject(request);
  });

  test("is refused by the name of its own field", () => {
    expect(problems(codepipeline, pipelineJob("[1]"))).toEqual([
      "UserParameters command expected one of status, run, rollback, list, validate, adopt, resolve, unlock",
    ]);
  });

  test("is told of a migration that was begun as pending, too", () => {
    const counts = { ...APPLIED.counts, pending: 1, started: 1 };
    expect(callOf(codepipeline, { ...APPLIED, counts }, pipelineJob("run"))).toMatchObject({
      input: { outputVariables: { PendingCount: "2" } },
    });
  });

  test("is told of success with variables for later actions", () => {
    expect(callOf(codepipeline, APPLIED, pipelineJob("run"))).toEqual({
      to: "codepipeline",
      operation: "success",
      input: {
        jobId: "11111111-abcd-1111-abcd-111111abcdef",
        executionDetails: {
          summary: `Applied 1 migration; schema version 20240601_002 (run ${RUN_ID})`,
          externalExecutionId: "invocation",
        },
        outputVariables: {
          Outcome: "applied",
          AppliedCount: "1",
          PendingCount: "0",
          SchemaVersion: "20240601_002",
          RunId: RUN_ID,
        },
      },
    });
  });

  test.each([
    ["ConfigurationError", REFUSED],
    ["JobFailed", FAILED],
    [
      "PermissionError",
      failedReport({ code: "AUTHENTICATION_FAILED", message: "", hint: "", details: { user: "u", sqlState: "28P01" } }),
    ],
    [
      "SystemUnavailable",
      failedReport({ code: "DATABASE_NOT_READY", message: "", hint: "", details: { sqlState: "57P03" } }),
    ],
  ])("is told of a failure as %s", (type, report) => {
    expect(callOf(codepipeline, report, pipelineJob("run"))).toMatchObject({
      operation: "failure",
      input: { failureDetails: { type, externalExecutionId: "invocation" } },
    });
  });

  test("calls again with the token of a run that is not done, which counts the invocations", () => {
    const call = callOf(codepipeline, INCOMPLETE, pipelineJob("run", `4.${CONTINUATION}`));
    expect(call).toMatchObject({ operation: "success", input: { continuationToken: `5.${CONTINUATION}` } });
    expect(call).not.toHaveProperty("input.outputVariables");
    const next = asked(codepipeline, pipelineJob("run", `5.${CONTINUATION}`, "another-job"));
    expect(next).toMatchObject({ hop: 5, request: { continuation: decodeContinuation(CONTINUATION) } });
  });

  test("can be told by hand to call again, and not to go on past what is not done", () => {
    const answer = codepipeline.answer(INCOMPLETE, pipelineJob("run"), delivery);
    expect(answer).toMatchObject({
      goesOn: true,
      byHand: expect.stringMatching(/ --continuation-token 1\.[A-Za-z0-9+/=]+$/),
    });
    expect(codepipeline.answer(APPLIED, pipelineJob("run"), delivery)).toMatchObject({
      goesOn: false,
      byHand: expect.stringMatching(/put-job-success-result --job-id [0-9a-f-]{36}$/),
    });
  });

  test("calls again while another run is at work", () => {
    expect(callOf(codepipeline, BUSY, pipelineJob("run"))).toMatchObject({ operation: "success" });
  });

  test("is told of a failure when the token would be longer than it takes", () => {
    const report: Report = { ...INCOMPLETE, continuation: "x".repeat(2_048) };
    expect(callOf(codepipeline, report, pipelineJob("run"))).toMatchObject({ operation: "failure" });
  });

  test("gets messages that fit", () => {
    const long = failedReport({ ...FAILED_WITH, message: "x".repeat(20_000) });
    const call = callOf(codepipeline, long, pipelineJob("run"));
    if (call.to !== "codepipeline" || call.operation !== "failure") throw new TypeError(call.to);
    expect(call.input.failureDetails.message).toHaveLength(5_000);
    expect(call.input.failureDetails.message).toMatch(new RegExp(`… \\(run ${RUN_ID}\\)$`));
  });
});

const FAILED_WITH = { code: "CANCELLED", message: "", hint: "", details: { version: null } } as const;

describe("ECS", () => {
  test.each(["RECONCILE_SERVICE", "PRE_SCALE_UP", "POST_SCALE_UP"])("migrates in the stage %s", (lifecycleStage) => {
    expect(asked(ecs, changedEvent("ecs", { lifecycleStage })).request).toMatchObject({ command: "run" });
  });

  test.each([
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "A_STAGE_OF_TOMORROW",
  ])("only looks in the stage %s, which is invoked in a rollback too", (lifecycleStage) => {
    for (const command of ["run", "rollback"]) {
      const { request } = asked(ecs, changedEvent("ecs", { lifecycleStage, hookDetails: { command } }));
      expect(request).toEqual({ command: "status", dryRun: false });
    }
    const { request } = asked(ecs, changedEvent("ecs", { lifecycleStage, hookDetails: { command: "list" } }));
    expect(request.command).toBe("list");
  });

  test("applies contract migrations where the traffic has shifted for good, and nothing else", () => {
    const stage = { lifecycleStage: "POST_PRODUCTION_TRAFFIC_SHIFT" };
    const contract = changedEvent("ecs", { ...stage, hookDetails: { command: "run", phase: "contract" } });
    expect(asked(ecs, contract).request).toMatchObject({ command: "run", phase: "contract" });
    expect(ecs.answer(APPLIED, contract, delivery)).toMatchObject({
      value: { hookStatus: "SUCCEEDED", reason: expect.stringMatching(/^Applied 1 migration/) },
    });
    const all = changedEvent("ecs", { ...stage, hookDetails: { command: "run", phase: "all" } });
    expect(asked(ecs, all).request).toMatchObject({ command: "status" });
    const shifting = { lifecycleStage: "PRODUCTION_TRAFFIC_SHIFT", hookDetails: { command: "run", phase: "contract" } };
    expect(asked(ecs, changedEvent("ecs", shifting)).request).toMatchObject({ command: "status" });
  });

  test("takes the function's setting where the hook has no details", () => {
    expect(asked(ecs, callerEvent("ecs-flat"), { ...build, hookCommand: "list" }).request.command).toBe("list");
    expect(asked(ecs, changedEvent("ecs", { hookDetails: null })).request.command).toBe("run");
  });

  test("is refused for details that are no event", () => {
    expect(problems(ecs, changedEvent("ecs", { hookDetails: { comand: "run" } }))).toContain(
      "comand is no field of a request",
    );
  });

  test.each<[string, Report, object]>([
    ["SUCCEEDED", APPLIED, { reason: expect.stringContaining("Applied 1 migration") }],
    ["FAILED", FAILED, { reason: expect.stringContaining("did not finish") }],
    ["FAILED", REFUSED, { reason: expect.stringContaining("HELLOJOHN_SCHEMA is wrong") }],
    ["IN_PROGRESS", INCOMPLETE, { callBackDelay: 15, hookDetails: { continuation: CONTINUATION } }],
    ["IN_PROGRESS", BUSY, { callBackDelay: 15 }],
    ["IN_PROGRESS", TWICE, { callBackDelay: 15 }],
  ])("is answered %s", (hookStatus, report, rest) => {
    expect(ecs.answer(report, callerEvent("ecs"), delivery)).toMatchObject({
      kind: "return",
      value: { hookStatus, ...rest },
    });
  });

  test.each(["run", ["run"], 7, false])("is answered FAILED, in its own words, for the details %j", (hookDetails) => {
    const event = changedEvent("ecs", { hookDetails });
    expect(ecs.recognises(event)).toBe(true);
    expect(problems(ecs, event)).toEqual(["hookDetails is no JSON object"]);
  });

  test("goes on with what it was given back, beside its own details", () => {
    const withDetails = changedEvent("ecs", { hookDetails: { command: "run", continuation: CONTINUATION } });
    const without = changedEvent("ecs", { hookDetails: { continuation: CONTINUATION } });
    for (const event of [withDetails, without])
      expect(asked(ecs, event).request).toMatchObject({ continuation: { runId: RUN_ID } });
  });
});

describe("CloudFormation", () => {
  const event = callerEvent("cloudformation");

  function responseOf(trigger: Trigger, given: unknown) {
    const read = trigger.read(given, build);
    if (!isAnswer(read) || read.kind !== "deliver" || read.call.to !== "cloudformation")
      throw new TypeError("not answered");
    return { url: read.call.url, body: JSON.parse(read.call.body) };
  }

  test("runs when the resource wants this build's migrations", () => {
    expect(asked(cloudformation, event)).toMatchObject({ request: { command: "run" }, hop: 0 });
    const created = changedEvent("cloudformation", { RequestType: "Create", OldResourceProperties: undefined });
    expect(asked(cloudformation, created).request.command).toBe("run");
  });

  test("does nothing on Delete, and answers at once", () => {
    const { url, body } = responseOf(cloudformation, changedEvent("cloudformation", { RequestType: "Delete" }));
    expect(url).toBe(event["ResponseURL"]);
    expect(body).toMatchObject({
      Status: "SUCCESS",
      PhysicalResourceId: "hellojohn-migrations",
      StackId: event["StackId"],
      RequestId: event["RequestId"],
      LogicalResourceId: "Migrations",
    });
  });

  test("does nothing when a stack is rolled back while the function is still the new one", () => {
    const back = changedEvent("cloudformation", {
      ResourceProperties: { ManifestHash: "old" },
      OldResourceProperties: { ManifestHash: "new" },
    });
    expect(responseOf(cloudformation, back).body).toMatchObject({ Status: "SUCCESS" });
  });

  test.each([
    ["another build's", { ManifestHash: "other" }],
    ["none", {}],
    ["a list, which a template makes easily", { ManifestHash: ["new"] }],
    ["a map", { ManifestHash: { hash: "new" } }],
  ])("is refused when it wants %s", (_what, ResourceProperties) => {
    const event = changedEvent("cloudformation", { ResourceProperties });
    expect(cloudformation.recognises(event)).toBe(true);
    expect(problems(cloudformation, event)[0]).toMatch(
      /^ResourceProperties\.ManifestHash is (?:other|none|no text), and this build's is new$/,
    );
  });

  test.each([
    ["SUCCESS", APPLIED],
    ["FAILED", FAILED],
  ])("is told %s, under the id that it has, in less than 4,096 bytes", (Status, report) => {
    const call = callOf(cloudformation, report, changedEvent("cloudformation", { PhysicalResourceId: "theirs" }));
    if (call.to !== "cloudformation") throw new TypeError(call.to);
    expect(JSON.parse(call.body)).toMatchObject({ Status, PhysicalResourceId: "theirs", Reason: expect.any(String) });
  });

  test.each(["ü", "漢", "😀", '"', "\\", "\u0001", "\ud800"])(
    "is told in less than 4,096 bytes, under an id as long as it may be, of an error of 20,000 %j",
    (character) => {
      const long = failedReport({ ...FAILED_WITH, message: character.repeat(20_000) });
      const PhysicalResourceId = "i".repeat(1_024);
      const fitting = callOf(cloudformation, long, changedEvent("cloudformation", { PhysicalResourceId }));
      if (fitting.to !== "cloudformation") throw new TypeError(fitting.to);
      expect(Buffer.byteLength(fitting.body)).toBeLessThan(4_096);
      expect(JSON.parse(fitting.body)).toMatchObject({ Reason: expect.stringContaining(RUN_ID) });
    },
  );

  test("has a run that is not done handed over", () => {
    expect(callOf(cloudformation, INCOMPLETE, event)).toMatchObject({ to: "itself", event: { resume: { hop: 1 } } });
    const resume = { hop: 2, continuation: CONTINUATION, startedAt: STARTED };
    const resumed = changedEvent("cloudformation", { resume });
    expect(asked(cloudformation, resumed)).toMatchObject({ hop: 2, request: { continuation: { runId: RUN_ID } } });
    expect(callOf(cloudformation, INCOMPLETE, resumed)).toMatchObject({ event: { resume: { hop: 3 } } });
  });

  test.each([
    ["600", STARTED + 480_000],
    [600, STARTED + 480_000],
    [undefined, STARTED + 58 * 60_000],
    ["many", STARTED + 58 * 60_000],
    ["99999", STARTED + 58 * 60_000],
  ])("answers before a ServiceTimeout of %j seconds is over", (ServiceTimeout, endsAt) => {
    const resume = { hop: 2, continuation: CONTINUATION, startedAt: STARTED };
    const resumed = changedEvent("cloudformation", {
      resume,
      ResourceProperties: { ManifestHash: "new", ServiceTimeout },
    });
    expect(asked(cloudformation, resumed).endsAt).toBe(endsAt);
    const late = { now: endsAt - 2 * 60_000 };
    expect(callOf(cloudformation, INCOMPLETE, resumed, late)).toMatchObject({ to: "cloudformation" });
    const early = { now: endsAt - 4 * 60_000 };
    expect(callOf(cloudformation, INCOMPLETE, resumed, early)).toMatchObject({ to: "itself" });
  });
});

describe("a schedule", () => {
  test.each([
    [{}, "status"],
    [{ command: "list" }, "list"],
  ])("with the detail %j asks for %s", (detail, command) => {
    expect(asked(scheduled, changedEvent("scheduled", { detail })).request.command).toBe(command);
  });

  test.each(["run", "rollback", "resolve", 7])("is refused what changes something: %s", (command) => {
    expect(problems(scheduled, changedEvent("scheduled", { detail: { command } }))).toEqual([
      "detail.command is none of status, list, validate: a schedule only looks",
    ]);
  });
});
