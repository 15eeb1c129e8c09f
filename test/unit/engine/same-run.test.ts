// Whether the session that holds the lock belongs to a second delivery of our own event.
import { expect, test } from "vitest";
import { applicationName, isSameRun } from "../../../src/engine/open-session.ts";

const RUN = "2b1c1d6e-0000-4000-8000-000000000000";
const own = applicationName({ runId: RUN, hop: 2 });

test.each<[string, string | null, boolean]>([
  ["the same invocation", "hellojohn-migrate 2b1c1d6e/2", true],
  ["the same invocation, in the middle of a migration", "hellojohn-migrate 2b1c1d6e/2 0001", true],
  ["a later invocation", "hellojohn-migrate 2b1c1d6e/10", true],
  ["an earlier invocation, which may have been left behind", "hellojohn-migrate 2b1c1d6e/1 0001", false],
  ["another run", "hellojohn-migrate 3b1c1d6e/2", false],
  ["another program", "psql", false],
  ["a role that may not see names", null, false],
])("%s", (_what, other, isSame) => {
  expect(isSameRun(own, other)).toBe(isSame);
});
