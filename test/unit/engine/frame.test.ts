import { describe, expect, test } from "vitest";
import { frameOf } from "../../../src/engine/frame.ts";
import type { Session } from "../../../src/engine/open-session.ts";
import type { Step } from "../../../src/engine/step.ts";
import type { Target } from "../../../src/engine/target.ts";
import { migrationOf } from "../../support/manifest.ts";

const migration = migrationOf("0007_a.up.sql", "create table a ()");
const STEP: Step = {
  direction: "up",
  version: "0007",
  name: "a",
  migration,
  script: migration.up,
  resumes: null,
};
const TARGET = { schema: "public", journal: "hj_migration" } as Target;
const SESSION = { applicationName: "hj 1/0", facts: { serverVersionNumber: 180000 } } as Session;
const AUTHOR = { runId: "r", invocationId: "i", batch: 1 };
const MARK = "current_setting('application_name')";

function frame(place: { number: number; behind: number | null }) {
  return frameOf({ target: TARGET, session: SESSION }, STEP, AUTHOR, place);
}

describe("the frame of a step", () => {
  test("asks first of all for the mark of the step that it was sent behind", () => {
    expect(frame({ number: 3, behind: 2 }).head[0]).toContain(`${MARK} = 'hj 1/0 done 2'`);
  });

  test("asks for no mark where everything before it was answered", () => {
    expect(frame({ number: 3, behind: null }).head.join()).not.toContain(MARK);
  });

  test("leaves its own mark behind the file, where a failure takes it away again, and behind what the file may have set", () => {
    const { tail } = frame({ number: 3, behind: null });
    expect(tail).toContain("set application_name = 'hj 1/0 done 3'");
    expect(tail.indexOf("set application_name = 'hj 1/0 done 3'")).toBeGreaterThan(tail.indexOf("reset all"));
  });

  test("says in the session's name what is under way, until its transaction ends", () => {
    expect(frame({ number: 3, behind: 2 }).head).toContain("set local application_name = 'hj 1/0 0007'");
  });
});
