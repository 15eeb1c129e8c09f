// A run that its deadline cuts is gone on with, as long as it gets further.
import { describe, expect, test } from "vitest";
import { invokeToTheEnd } from "../../../src/cli/continue-run.ts";
import type { NoReport } from "../../../src/cli/no-report.ts";
import { type Draft, fail, finish, finishIncomplete, newDraft, refuse } from "../../../src/engine/report.ts";
import type { MigrationReport, MigrationStatus, Report } from "../../../src/engine/report-schema.ts";

const RUN = { command: "run", timeout: "5m" };

function draft(statuses: Readonly<Record<string, MigrationStatus>>): Draft {
  // Versions with letters: an object would put bare numbers in order.
  const migrations = Object.entries(statuses).map(
    ([version, status]): MigrationReport => ({ version, name: "m", status }),
  );
  return { ...newDraft(null, { runId: "run", invocationId: "invocation" }), migrations };
}

/** A function that answers with these reports, one after the other, and fails when it is asked once more. */
function answering(...reports: readonly (Report | NoReport)[]) {
  const events: object[] = [];
  const invoke = async (event: object) => {
    const report = reports[events.length];
    events.push(event);
    if (report === undefined) throw new Error(`invoked ${events.length} times`);
    return report;
  };
  return { events, invoke };
}

/** The report of a run that every invocation of answered. */
async function reportOf(event: object, invoke: Parameters<typeof invokeToTheEnd>[1]): Promise<Report> {
  const { report, noReport } = await invokeToTheEnd(event, invoke);
  if (report === null || noReport !== null) throw new Error(`no report: ${noReport?.message}`);
  return report;
}

function statusesOf({ migrations }: Report): readonly string[] {
  return migrations.map(({ version, status }) => `${version} ${status}`);
}

describe("invokeToTheEnd", () => {
  test("sends the event once when the first answer is final", async () => {
    const done = finish(draft({ a: "applied" }), "applied");
    const { events, invoke } = answering(done);
    expect(await reportOf(RUN, invoke)).toEqual(done);
    expect(events).toEqual([RUN]);
  });

  test("goes on with each continuation, and otherwise with the same event", async () => {
    const { events, invoke } = answering(
      finishIncomplete(draft({ a: "applied", b: "not_reached" }), "first"),
      finishIncomplete(draft({ b: "applied", c: "not_reached" }), "second"),
      finish(draft({ c: "applied" }), "applied"),
    );
    await invokeToTheEnd(RUN, invoke);
    expect(events).toEqual([RUN, { ...RUN, continuation: "first" }, { ...RUN, continuation: "second" }]);
  });

  test("tells what every invocation did, in order, each migration once", async () => {
    const { invoke } = answering(
      finishIncomplete(draft({ a: "applied", b: "applied", c: "not_reached", d: "not_reached" }), "1"),
      finishIncomplete(draft({ c: "started", d: "not_reached" }), "2"),
      finish(draft({ c: "applied", d: "applied" }), "applied"),
    );
    const report = await reportOf(RUN, invoke);
    expect(report.outcome).toBe("applied");
    expect(statusesOf(report)).toEqual(["a applied", "b applied", "c applied", "d applied"]);
  });

  test("tells a rollback's steps as well", async () => {
    const { events, invoke } = answering(
      finishIncomplete(draft({ c: "rolled_back", b: "not_reached" }), "1"),
      finish(draft({ b: "rolled_back" }), "rolled_back"),
    );
    const report = await reportOf({ command: "rollback", steps: 2 }, invoke);
    expect(statusesOf(report)).toEqual(["c rolled_back", "b rolled_back"]);
    expect(events[1]).toEqual({ command: "rollback", steps: 2, continuation: "1" });
  });

  test("stops at an incomplete answer that got no further, and leaves its continuation in the report", async () => {
    const { events, invoke } = answering(
      finishIncomplete(draft({ a: "applied", b: "not_reached" }), "1"),
      finishIncomplete(draft({ b: "not_reached" }), "2"),
    );
    const report = await reportOf(RUN, invoke);
    expect(events).toHaveLength(2);
    expect(report).toMatchObject({ outcome: "incomplete", continuation: "2" });
    expect(statusesOf(report)).toEqual(["a applied", "b not_reached"]);
  });

  test("stops at once when the first answer got nowhere", async () => {
    const { events, invoke } = answering(finishIncomplete(draft({}), "1"));
    expect(await reportOf(RUN, invoke)).toMatchObject({ outcome: "incomplete", continuation: "1" });
    expect(events).toEqual([RUN]);
  });

  test("takes statements that are done in a started migration for progress", async () => {
    const { events, invoke } = answering(
      finishIncomplete(draft({ a: "started" }), "1"),
      finish(draft({ a: "applied" }), "applied"),
    );
    expect(statusesOf(await reportOf(RUN, invoke))).toEqual(["a applied"]);
    expect(events).toHaveLength(2);
  });

  test("tells what was done before a later invocation failed or was refused", async () => {
    const failure = { code: "CANCELLED", message: "stopped", hint: "Run again.", details: { version: null } } as const;
    const problem = { code: "CHECKSUM_CHANGED", message: "was edited" } as const;
    for (const last of [fail(draft({ b: "failed" }), failure), refuse(draft({ b: "failed" }), [problem])]) {
      const { invoke } = answering(finishIncomplete(draft({ a: "applied", b: "not_reached" }), "1"), last);
      const report = await reportOf(RUN, invoke);
      expect(report.outcome).toBe(last.outcome);
      expect(statusesOf(report)).toEqual(["a applied", "b failed"]);
    }
  });

  test("tells the schema version from before the first invocation, and the one after the last", async () => {
    const counts = { applied: 1, pending: 1, started: 0, unknown: 0 };
    const at = (report: Report, before: string | null, after: string | null) => ({
      ...report,
      counts,
      schemaVersion: { before, after },
    });
    const { invoke } = answering(
      at(finishIncomplete(draft({ a: "applied" }), "1"), null, "a"),
      at(finish(draft({ b: "applied" }), "applied"), "a", "b"),
    );
    expect((await reportOf(RUN, invoke)).schemaVersion).toEqual({ before: null, after: "b" });
  });

  test("keeps what was done, and its continuation, when a later invocation gives no report", async () => {
    const lost: NoReport = { message: "the connection was lost", hint: "Look.", exitCode: 1 };
    const { invoke } = answering(finishIncomplete(draft({ a: "applied", b: "not_reached" }), "1"), lost);
    const { report, noReport } = await invokeToTheEnd(RUN, invoke);
    expect(noReport).toBe(lost);
    expect(report).toMatchObject({ outcome: "incomplete", continuation: "1" });
    expect(report && statusesOf(report)).toEqual(["a applied", "b not_reached"]);
  });

  test("has no report when the first invocation gave none", async () => {
    const refused: NoReport = { message: "throttled", hint: "Try again.", exitCode: 1 };
    const { events, invoke } = answering(refused);
    expect(await invokeToTheEnd(RUN, invoke)).toEqual({ report: null, noReport: refused });
    expect(events).toEqual([RUN]);
  });

  test("passes on what the transport throws", async () => {
    const { invoke } = answering();
    await expect(invokeToTheEnd(RUN, invoke)).rejects.toThrow("invoked 1 times");
  });
});
