// Goes on with a run that its deadline cut, as long as each invocation gets further. Knows no transport.
import type { Report } from "../engine/report-schema.ts";

/** Sends one event and returns its report. */
export type Invoke = (event: object) => Promise<Report>;

/**
 * The last report, with what the earlier invocations did in front of what it did. The engine ends a chain that makes
 * no progress itself; an answer that says `incomplete` and names nothing done is left to the person.
 */
export async function invokeToTheEnd(event: object, invoke: Invoke): Promise<Report> {
  const earlier: Report["migrations"] = [];
  let report = await invoke(event);
  const { before } = report.schemaVersion;
  for (;;) {
    const done = report.migrations.filter(({ status }) => status === "applied" || status === "rolled_back");
    const isStarted = report.migrations.some(({ status }) => status === "started");
    if (report.outcome !== "incomplete" || (done.length === 0 && !isStarted)) {
      const schemaVersion = { before, after: report.schemaVersion.after };
      return { ...report, schemaVersion, migrations: [...earlier, ...report.migrations] };
    }
    earlier.push(...done);
    report = await invoke({ ...event, continuation: report.continuation });
  }
}
