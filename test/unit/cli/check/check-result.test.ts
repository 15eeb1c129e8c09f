import { describe, expect, test } from "vitest";
import { type CheckResult, checkResult, findingOf } from "../../../../src/cli/check/check-result.ts";
import { renderAnnotations } from "../../../../src/cli/check/render-annotations.ts";
import { renderCheck } from "../../../../src/cli/check/render-check.ts";
import type { Trial } from "../../../../src/engine/trial.ts";
import type { Hazard, TableLock } from "../../../../src/migration/foreseen.ts";
import type { Migration } from "../../../../src/migration/manifest.ts";
import { migrationOf } from "../../../support/manifest.ts";

const HAZARD: Hazard = {
  rule: "drop-column",
  level: "error",
  object: "account.name",
  message: "account.name is dropped",
  line: 2,
  column: 3,
  allowed: null,
};
const ACCOUNT = { schema: null, name: "account" };
const EXCLUSIVE: TableLock = { table: ACCOUNT, mode: "AccessExclusiveLock", work: null };
const UPDATING: TableLock = { table: ACCOUNT, mode: "RowExclusiveLock", work: null };

const PLACE = { version: "1", file: "1_a.up.sql", line: 1, column: 7, statement: "", caret: 6, sqlState: "42601" };

function migration(hazards: readonly Hazard[], locks: readonly TableLock[] = []): Migration {
  const sql = "-- Gone.\n\t\talter table account drop column name;";
  return { ...migrationOf("0002_b.up.sql", sql), foreseen: { hazards, locks: [locks] } };
}

function trial(of: Migration, differences: Partial<Trial> = {}): Trial {
  return {
    migration: of,
    upMs: 12,
    traced: { locks: [], isComplete: true },
    reversal: null,
    failure: null,
    ...differences,
  };
}

function check(of: Migration, trials: readonly Trial[] = []): CheckResult {
  return checkResult("migrations", [of, of], [of], trials, []);
}

describe("what was found", () => {
  test("is an error with its line for a hazard that nobody has allowed", () => {
    const { ok, findings } = check(migration([HAZARD]));
    expect(ok).toBe(false);
    expect(findings).toEqual([
      {
        level: "error",
        rule: "drop-column",
        file: "0002_b.up.sql",
        line: 2,
        column: 3,
        excerpt: "\t\talter table account drop column name;",
        message: "account.name is dropped",
        hint: expect.stringContaining("-- hj:allow drop-column account.name REASON"),
      },
    ]);
  });

  test("is fine with warnings, and with a hazard that is allowed, which is told with its reason", () => {
    expect(check(migration([{ ...HAZARD, level: "warning" }])).ok).toBe(true);
    const { ok, findings, migrations } = check(migration([{ ...HAZARD, allowed: "nobody reads it" }]));
    expect({ ok, findings }).toEqual({ ok: true, findings: [] });
    expect(migrations[0]?.allowed).toEqual([
      { rule: "drop-column", object: "account.name", reason: "nobody reads it" },
    ]);
  });

  test("is a warning where PostgreSQL took more than was foreseen, and none where it took less", () => {
    const stronger = migration([], [{ ...EXCLUSIVE, mode: "ShareLock" }]);
    const { ok, findings } = check(stronger, [trial(stronger, { traced: { locks: [EXCLUSIVE], isComplete: true } })]);
    expect(ok).toBe(true);
    expect(findings.map(({ level, message }) => [level, message])).toEqual([
      ["warning", "takes AccessExclusiveLock on account, and ShareLock was foreseen"],
    ]);
    const weaker = migration([], [EXCLUSIVE]);
    const taken = trial(weaker, { traced: { locks: [{ ...EXCLUSIVE, mode: "ShareLock" }], isComplete: true } });
    expect(check(weaker, [taken]).findings).toEqual([]);
  });

  test("is a warning where PostgreSQL wrote a table anew and that was not foreseen, whatever lock was", () => {
    const rewritten = { locks: [{ ...EXCLUSIVE, work: "rewrite" as const }], isComplete: true };
    const messages = (foreseen: readonly TableLock[]) => {
      const of = migration([], foreseen);
      return check(of, [trial(of, { traced: rewritten })]).findings.map(({ level, message }) => [level, message]);
    };
    expect(messages([EXCLUSIVE])).toEqual([
      ["warning", "writes account anew under AccessExclusiveLock, and only AccessExclusiveLock was foreseen"],
    ]);
    expect(messages([])).toEqual([
      ["warning", "writes account anew under AccessExclusiveLock, and nothing was foreseen"],
    ]);
    expect(messages([{ ...EXCLUSIVE, work: "rewrite" }])).toEqual([]);
  });

  test("tells a migration that failed, and what came behind it, from those that passed and that nobody tried", () => {
    const [first, second, third] = ["1_a.up.sql", "2_b_up.sql", "3_c.up.sql"].map((file) =>
      migrationOf(file, "select;"),
    );
    if (!first || !second || !third) throw new TypeError("no migrations");
    const all = [first, second, third];
    const details = { ...PLACE, version: "2", file: "2_b_up.sql" };
    const failure: Trial["failure"] = { code: "STATEMENT_FAILED", message: "2_b fails", hint: "Mend it.", details };
    const tried = checkResult("migrations", all, all, [trial(first), trial(second, { upMs: null, failure })], []);
    expect(tried.migrations.map(({ ok, trial: became }) => [ok, became])).toEqual([
      [true, "passed"],
      [false, "failed"],
      [true, "not_reached"],
    ]);
    expect(renderCheck(tried, (_colour, text) => text)).toContain(
      "  1 | select;\n            ^\n  Mend it.\n\n  ✅  1_a (12ms)\n  ❌  2_b (failed)\n  ·   3_c (not reached)\n",
    );
    const untried = checkResult("migrations", all, all, [], []);
    expect(untried.migrations.map((one) => one.trial)).toEqual(["not_tried", "not_tried", "not_tried"]);
  });

  test("blames the server, not the author, for an extension that it does not have", () => {
    const of = migrationOf("1_a.up.sql", "create extension vector;");
    const message = '1_a fails on an empty database: extension "vector" is not available';
    const failure: Trial["failure"] = { code: "STATEMENT_FAILED", message, hint: "Mend it.", details: PLACE };
    const { findings } = checkResult("migrations", [of], [of], [trial(of, { upMs: null, failure })], []);
    expect(findings).toMatchObject([{ level: "error", message, hint: expect.stringContaining("--no-database") }]);
  });

  test("leaves out the locks of reads and writes, for which nobody waits", () => {
    expect(check(migration([], [UPDATING])).migrations[0]?.locks).toEqual([]);
  });

  test("is an error where the down leaves something, or the second up makes something else", () => {
    const base = { ...migration([]), down: migrationOf("0002_b.up.sql", "select 1;").up };
    const reversal = { afterDown: ["a", "b", "c", "d", "e"], afterUpAgain: ["index i is different"] };
    const { findings, migrations } = check(base, [trial(base, { reversal })]);
    expect(findings.map(({ level, message }) => [level, message])).toEqual([
      ["error", "does not take back all of 0002_b.up.sql: a; b; c; 2 more"],
      ["error", "leaves something else after its down: index i is different"],
    ]);
    expect(migrations[0]?.isReversible).toBe(false);
  });
});

describe("on a terminal", () => {
  const plain = (_colour: unknown, text: string) => text;

  test("a finding is shown with its line and a caret below its column, tabs kept", () => {
    expect(
      renderCheck(check(migration([HAZARD])), plain)
        .split("\n")
        .slice(0, 4),
    ).toEqual([
      "Error: 0002_b.up.sql:2:3  account.name is dropped (drop-column)",
      "  2 | \t\talter table account drop column name;",
      "      \t\t^",
      expect.stringContaining("hj migrations explain drop-column"),
    ]);
  });

  test("a caret stands below its character in a line of any length, of which only the part around it is shown", () => {
    const sql = `select '${"🙂".repeat(300)}', nothing;`;
    const problem = { code: "INVALID_MIGRATION", file: "1_a.up.sql", line: 1, column: 312, message: "m" } as const;
    const [, line = "", caret = ""] = renderCheck(
      checkResult("migrations", [], [], [], [findingOf(problem, () => sql)]),
      plain,
    ).split("\n");
    expect([...line][[...caret].indexOf("^")]).toBe("n");
    expect([...line].length).toBeLessThan(180);
  });

  test("nothing was checked where no migration was found, or none compiled", () => {
    expect(renderCheck(checkResult("migrations", [], [], [], []), plain)).toBe(
      "❌ Checked nothing in migrations: 0 errors, 0 warnings\n",
    );
  });

  test("what was foreseen stands beside what was done where they differ, and not where they are the same", () => {
    const shown = (foreseen: TableLock["work"], done: TableLock["work"]) => {
      const of = migration([], [{ ...EXCLUSIVE, work: foreseen }]);
      const traced = { locks: [{ ...EXCLUSIVE, work: done }], isComplete: true };
      return renderCheck(check(of, [trial(of, { traced })]), plain);
    };
    expect(shown(null, "rewrite")).toContain("account: AccessExclusiveLock, rewrite (foreseen: AccessExclusiveLock)\n");
    expect(shown("rewrite", null)).toContain("account: AccessExclusiveLock (foreseen: AccessExclusiveLock, rewrite)\n");
    expect(shown("rewrite", "rewrite")).toContain("account: AccessExclusiveLock, rewrite\n");
    // A trial does not see what was read.
    expect(shown("scan", null)).toContain("account: AccessExclusiveLock, scan\n");
  });

  test("a migration is shown with its time, its way back and its locks", () => {
    const of = migration([], [EXCLUSIVE]);
    const tried = trial(of, {
      reversal: { afterDown: [], afterUpAgain: [] },
      traced: { locks: [EXCLUSIVE], isComplete: true },
    });
    expect(renderCheck(check(of, [tried]), plain)).toBe(
      "  ✅  0002_b (12ms, down and up again)\n        account: AccessExclusiveLock\n\n✅ Checked 1 of 2 migrations in migrations: 0 errors, 0 warnings\n",
    );
  });

  test("what is done statement by statement is not said to be done under the lock of another statement", () => {
    const of: Migration = {
      ...migrationOf("2_b.up.sql", "-- hj:transaction off\nselect 1;"),
      foreseen: {
        hazards: [],
        locks: [[EXCLUSIVE], [{ ...EXCLUSIVE, mode: "ShareUpdateExclusiveLock", work: "build" }]],
      },
    };
    const traced = { locks: [EXCLUSIVE], isComplete: false };
    const { findings, migrations } = check(of, [trial(of, { traced })]);
    expect(findings).toEqual([]);
    expect(migrations[0]?.locks).toMatchObject([
      { foreseen: "AccessExclusiveLock", taken: "AccessExclusiveLock", work: null },
      { foreseen: "ShareUpdateExclusiveLock", taken: null, work: "build" },
    ]);
    // A lock that no statement was foreseen to take takes the place of none that was.
    const more = { locks: [{ ...EXCLUSIVE, mode: "ShareLock" as const }, EXCLUSIVE], isComplete: false };
    expect(check(of, [trial(of, { traced: more })]).findings.map(({ message }) => message)).toEqual([
      "takes ShareLock on account, and ShareUpdateExclusiveLock was foreseen",
    ]);
  });

  test("a lock that was foreseen and not watched is not claimed to be taken", () => {
    const of = migration([], [EXCLUSIVE]);
    expect(renderCheck(check(of, [trial(of)]), plain)).toContain(
      "account: AccessExclusiveLock (foreseen; it runs alone, and was not watched)",
    );
  });
});

test("for GitHub each finding is a line, and nothing in it can end the line or start another command", () => {
  const finding = findingOf({
    code: "INVALID_MIGRATION",
    file: "a,b:c.sql",
    line: 3,
    message: "100%\n::error::no",
    hint: "x",
  });
  const result = checkResult(
    "migrations",
    [],
    [],
    [],
    [finding, findingOf({ code: "NOT_AVAILABLE", message: "no server" })],
  );
  expect(renderAnnotations(result, (file) => `db/${file}`)).toBe(
    "::error file=db/a%2Cb%3Ac.sql,line=3,title=hj migrations check::100%25%0A::error::no%0Ax\n::error title=hj migrations check::no server\n❌ Checked nothing in migrations: 2 errors, 0 warnings\n",
  );
});
