import { expect, test } from "vitest";
import { unvarying } from "../../../generate/unvarying.ts";

/** Two runs of one build, and what both become. */
test.each([
  [
    "ids",
    "run 1f0c2f1e-5d0e-4c7b-9a52-0a3c9d6f4e11",
    "run 9b7f1c22-1111-4222-8333-444455556666",
    "run 00000001-0000-4000-8000-000000000000",
  ],
  ["durations", "a (61.5s), b (3ms)", "a (9ms), b (1.2s)", "a (61ms), b (11ms)"],
  [
    "durations in JSON",
    '"durationMs": 7, "durationMs": 7',
    '"durationMs": 1, "durationMs": 2',
    '"durationMs": 61, "durationMs": 11',
  ],
  [
    "instants, also two that happen to be the same",
    "2026-03-01T10:00:00.000Z 2026-03-01T10:00:00.000Z",
    "2026-03-02T11:00:00.000Z 2026-03-02T11:00:00.017Z",
    "2026-01-19T09:00:00.000Z 2026-01-19T09:00:00.040Z",
  ],
  [
    "times in a list",
    "2026-03-01 10:00:00\n2026-03-01 10:00:00",
    "2027-03-01 10:00:00\n2027-03-01 10:00:01",
    "2026-01-19 09:00:00\n2026-01-19 09:00:01",
  ],
  [
    "the server's address",
    "postgresql://postgres:***@127.0.0.1:43211/hellojohn",
    "postgresql://postgres:***@127.0.0.1:5433/hellojohn",
    "postgresql://user:***@host:5432/hellojohn",
  ],
])("%s are the same in every run", (_what, one, other, same) => {
  expect(unvarying(one)).toBe(same);
  expect(unvarying(other)).toBe(same);
});

test("everything else stays: versions, files, places, what the server says", () => {
  const text = '20240702_001_session_owner.up.sql:3:14  column "usr_id" does not exist (42703)';
  expect(unvarying(text)).toBe(text);
});
