import { describe, expect, test } from "vitest";
import { frameOf, type Place } from "../../../src/engine/frame.ts";
import type { PreparedSession } from "../../../src/engine/prepare-session.ts";
import type { Step } from "../../../src/engine/step.ts";
import type { Target } from "../../../src/engine/target.ts";
import { journalEntry } from "../../support/histories.ts";
import { migrationOf } from "../../support/manifest.ts";

/** Of whoever may have changed the session. */
const GUARDED = stepOf("select f()");
const QUIET = stepOf("create table a ()");
const TARGET = { schema: "public", journal: "hj_migration" } as Target;
const SESSION = {
  applicationName: "hj 1/0",
  facts: { serverVersionNumber: 180000, backendPid: 42 },
} as PreparedSession;
const AUTHOR = { runId: "r", invocationId: "i", batch: 1 };
const FIRST: Place = { number: 1, behind: null, isLockSure: false };
const MARK = "current_setting('application_name')";

function stepOf(sql: string): Step {
  const migration = migrationOf("0007_a.up.sql", sql);
  return { direction: "up", version: "0007", name: "a", migration, script: migration.up, resumes: null };
}

function frameAround(step: Step, place: Partial<Place>) {
  return frameOf({ target: TARGET, session: SESSION }, step, AUTHOR, { ...FIRST, ...place });
}

describe.each([
  ["that may change its session", GUARDED],
  ["that keeps its session", QUIET],
])("the frame of a step %s", (_name, step) => {
  const frame = (place: Partial<Place>) => frameAround(step, place);

  test.each([true, false])("asks first of all for the mark of the step that it was sent behind", (isLockSure) => {
    expect(frame({ number: 3, behind: 2, isLockSure }).head[0]).toContain(`${MARK} = 'hj 1/0 done 2'`);
  });

  test("looks for its lock among all locks only where it can have been given up", () => {
    expect(frame({ isLockSure: false }).head[0]).toContain("pg_locks");
    expect(frame({ isLockSure: true }).head[0]).toMatch(
      /pg_backend_pid\(\) = 42 and pg_try_advisory_xact_lock\(-?\d+\)/,
    );
  });

  test("asks for no mark where everything before it was answered", () => {
    expect(frame({ number: 3, behind: null }).head.join()).not.toContain(MARK);
  });

  test("leaves its own mark behind the file, where a failure takes it away again", () => {
    expect(frame({ number: 3, behind: null }).tail).toContain("set application_name = 'hj 1/0 done 3'");
  });

  test("says in the session's name what is under way, until its transaction ends", () => {
    expect(frame({ number: 3, behind: 2 }).head).toContain("set local application_name = 'hj 1/0 0007'");
  });
});

describe("a step that may change its session", () => {
  const { head, tail } = frameAround(GUARDED, { number: 3 });

  test("is followed by our settings, and by its mark behind them", () => {
    expect(tail.indexOf("set application_name = 'hj 1/0 done 3'")).toBeGreaterThan(tail.indexOf("reset all"));
  });

  test("opens its entry before the file and completes it behind it, in the same transaction or not at all", () => {
    expect(head.at(-1)).toContain("insert into");
    expect(tail.at(-1)).toContain("xid = pg_current_xact_id()");
  });
});

describe("a step that keeps its session", () => {
  test("has seven statements of ours around it: at its end who and where the session is, its mark, and the entry or an error", () => {
    const { head, tail } = frameAround(QUIET, { number: 3 });
    expect([head.length, tail.length]).toEqual([2, 5]);
    expect(tail).toEqual(expect.arrayContaining(["reset role", 'set search_path = "public", pg_temp']));
    expect(tail.at(-1)).toMatch(/insert into .* select 1 \/ count\(\*\)/);
  });

  test("is treated as any other on its way back: its script is what the journal stored, whatever build wrote it", () => {
    const down: Step = {
      ...QUIET,
      direction: "down",
      entry: journalEntry({ id: "1", version: "0007", state: "applied" }),
    };
    expect(frameAround(down, { number: 3 }).tail).toContain("reset all");
  });
});
