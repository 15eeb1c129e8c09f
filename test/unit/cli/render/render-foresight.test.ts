// What stands below a migration in a dry run, and the SQL of one.
import { describe, expect, test } from "vitest";
import { incompleteSql, misusedSql } from "../../../../src/cli/misused-sql.ts";
import { renderReport } from "../../../../src/cli/render/render-report.ts";
import { renderSql } from "../../../../src/cli/render/render-sql.ts";
import type { Style } from "../../../../src/cli/render/style.ts";
import type { LiveTable, ReportedLock } from "../../../../src/engine/foresight-schema.ts";
import type { MigrationReport, Report } from "../../../../src/engine/report-schema.ts";
import { hazardOf } from "../../../support/foreseen.ts";
import { manifestOf } from "../../../support/manifest.ts";
import { baseOf, migrationReport } from "../../../support/report.ts";

const plain: Style = (_colour, text) => text;
const NAME = "20240601_001_add_device";
const HEAD = ["DRY RUN — No changes will be made", "", "Would apply 1 migration:", `  ${NAME}`];

const SESSIONS: LiveTable = {
  name: "hj_session",
  rows: 1_234_567,
  bytes: 340 * 1024 * 1024,
  oldestTransactionMs: null,
  longestQueryMs: null,
  session: null,
};

function lock(mode: ReportedLock["mode"], work: ReportedLock["work"] = null, table = "hj_session"): ReportedLock {
  return { table, mode, work };
}

function pending(locks: readonly ReportedLock[], differences: Partial<MigrationReport> = {}): MigrationReport {
  const statements = locks.map((one, index) => ({ line: index + 1, excerpt: `statement ${index + 1}`, locks: [one] }));
  return migrationReport(NAME, "would_apply", { statements, ...differences });
}

function dryRun(
  migrations: MigrationReport[],
  live: Partial<Extract<Report, { outcome: "would_apply" }>> = {},
): Report {
  return { ...baseOf({ dryRun: true, migrations }), ok: true, outcome: "would_apply", ...live };
}

function linesOf(report: Report, isVerbose = false): string[] {
  const { stdout, stderr } = renderReport(report, plain, plain, isVerbose);
  expect(stderr).toBe("");
  const lines = stdout.split("\n");
  expect(lines.pop()).toBe("");
  return lines;
}

/** What is said of the locks of one migration, on one line. */
function said(
  locks: readonly ReportedLock[],
  tables: LiveTable[] | undefined,
  oldestTransactionMs: number | null = null,
) {
  const report = dryRun([pending(locks)], tables && { tables, oldestTransactionMs });
  const lines = linesOf(report);
  expect(lines.slice(0, 4)).toEqual(HEAD);
  expect(lines.every((line) => line.length <= 80)).toBe(true);
  return lines
    .slice(4)
    .join("\n")
    .replace(/\n {6}/g, " ");
}

describe("below a migration a dry run", () => {
  test("says what is locked, what is done to it, and whom it would wait for", () => {
    const table = { ...SESSIONS, oldestTransactionMs: 252_000, session: { pid: 123, application: "app" } };
    const locks = [lock("AccessExclusiveLock", "rewrite")];
    expect(linesOf(dryRun([pending(locks)], { tables: [table] }))).toEqual([
      ...HEAD,
      "    locks hj_session against everything (ACCESS EXCLUSIVE), rewrites 1.2 million",
      "      rows, 340 MB; a transaction has been open on it for 4m 12s (pid 123, app)",
    ]);
  });

  test.each([
    ["AccessExclusiveLock", "locks hj_session against everything (ACCESS EXCLUSIVE), 1.2 million rows, 340 MB"],
    ["ExclusiveLock", "locks hj_session against all but reading (EXCLUSIVE), 1.2 million rows, 340 MB"],
    ["ShareRowExclusiveLock", "locks hj_session against writing (SHARE ROW EXCLUSIVE), 1.2 million rows, 340 MB"],
    ["ShareLock", "locks hj_session against writing (SHARE), 1.2 million rows, 340 MB"],
    [
      "ShareUpdateExclusiveLock",
      "locks hj_session against schema changes and VACUUM only (SHARE UPDATE EXCLUSIVE), 1.2 million rows, 340 MB",
    ],
    ["RowExclusiveLock", ""],
    ["RowShareLock", ""],
    ["AccessShareLock", ""],
  ] as const)("says of %s who has to wait, where anybody has to", (mode, text) => {
    expect(said([lock(mode)], [SESSIONS])).toBe(text && `    ${text}`);
  });

  test("takes the strongest lock on each table, and all that is done to it", () => {
    const locks = [
      lock("ShareUpdateExclusiveLock", "scan"),
      lock("AccessExclusiveLock", "rewrite"),
      lock("ShareLock", "build"),
      lock("RowExclusiveLock", "scan", "hj_user"),
    ];
    expect(said(locks, [SESSIONS, { ...SESSIONS, name: "hj_user", rows: 1, bytes: 8_192 }]).split("\n")).toEqual([
      "    locks hj_session against everything (ACCESS EXCLUSIVE), rewrites, indexes, and reads 1.2 million rows, 340 MB",
      "    writes to hj_user (ROW EXCLUSIVE), reads 1 row, 8 kB",
    ]);
  });

  test("says only what is known", () => {
    const [rewrite, brief] = [[lock("AccessExclusiveLock", "rewrite")], [lock("AccessExclusiveLock")]];
    const unknown = { ...SESSIONS, rows: null, bytes: null };
    const start = "    locks hj_session against everything (ACCESS EXCLUSIVE)";
    expect(said(rewrite, [unknown])).toBe(`${start}, rewrites all of it`);
    expect(said(brief, [unknown])).toBe(start);
    expect(said(rewrite, [{ ...unknown, rows: 0 }])).toBe(`${start}, rewrites no rows`);
    expect(said(brief, [{ ...unknown, rows: 0, bytes: 0 }])).toBe(`${start}, no rows`);
    expect(said(rewrite, [{ ...unknown, bytes: 2_048 }])).toBe(`${start}, rewrites 2 kB`);
    const hidden = { ...unknown, session: { pid: 7, application: null } };
    expect(said(brief, [hidden])).toBe(`${start}; a transaction has been open on it (pid 7)`);
    expect(said(brief, [{ ...hidden, oldestTransactionMs: 900, longestQueryMs: 61_000 }])).toBe(
      `${start}; a transaction has been open on it for 900ms (pid 7); a query has been running for 1m 1s`,
    );
  });

  test("tells of the locks also where the figures could not be had", () => {
    const text = "    locks hj_session against everything (ACCESS EXCLUSIVE), rewrites all of it";
    expect(said([lock("AccessExclusiveLock", "rewrite")], undefined)).toBe(text);
  });

  test("says nothing of a table that is not there", () => {
    expect(said([lock("AccessExclusiveLock", "rewrite", "not_yet")], [SESSIONS])).toBe("");
  });

  test("says for how long an index build may wait", () => {
    const build = said([lock("ShareUpdateExclusiveLock", "build")], [SESSIONS], 3 * 3_600_000);
    expect(build).toContain(
      "SHARE UPDATE EXCLUSIVE), indexes 1.2 million rows, 340 MB; the oldest transaction of the ",
    );
    expect(build).toMatch(/which it may wait for, has been open for 3h$/);
    expect(said([lock("ShareLock", "build")], [SESSIONS], 3 * 3_600_000)).not.toContain("oldest");
  });

  test("says of each hazard where it is, what it is, and what to read or why it is allowed", () => {
    const file = `${NAME}.up.sql`;
    const long = "the type of account.id changes, so that every row and every index of the table is written anew";
    const hazards = [
      { ...hazardOf({ line: 4, column: 7, message: long }), file },
      { ...hazardOf({ level: "warning", allowed: "the table is empty" }), file: `2024_${file}` },
    ];
    expect(linesOf(dryRun([pending([], { hazards })])).slice(4)).toEqual([
      "    20240601_001_add_device.up.sql:4:7  column-type-rewrite",
      "      the type of account.id changes, so that every row and every index of the",
      "        table is written anew",
      "      hj migrations explain column-type-rewrite",
      "    2024_20240601_001_add_device.up.sql:1:1  column-type-rewrite, allowed",
      "      changing the type of account.id rewrites the table",
      "      Allowed: the table is empty",
    ]);
    const coloured: Style = (colour, text) => `<${colour}>${text}`;
    const { stdout } = renderReport(dryRun([pending([], { hazards })]), coloured);
    expect(stdout).toContain("<red>column-type-rewrite\n");
    expect(stdout).toContain("<dim>column-type-rewrite, allowed\n");
  });

  test("shows the statements when it is asked for more", () => {
    const migration = pending([lock("AccessExclusiveLock", "rewrite"), lock("ShareLock")], { omitted: 40 });
    const report = dryRun([migration], { tables: [] });
    const more = "    and 40 more, left out: a report takes no more";
    expect(linesOf(report)).toEqual([...HEAD, more]);
    expect(linesOf(report, true)).toEqual([
      ...HEAD,
      "    1 | statement 1",
      "      hj_session: ACCESS EXCLUSIVE, rewrites the table",
      "    2 | statement 2",
      "      hj_session: SHARE",
      more,
    ]);
  });

  test("tells of the locks of a table that is left out of a long report", () => {
    const report = dryRun([pending([lock("ShareLock")])], { tables: [], omitted: 3 });
    expect(linesOf(report).slice(4)).toEqual(["    locks hj_session against writing (SHARE)"]);
  });
});

test("statement by statement, an index is not built under the lock of the statement before it", () => {
  const locks = [lock("AccessExclusiveLock"), lock("ShareUpdateExclusiveLock", "build")];
  const table = { ...SESSIONS, session: { pid: 7, application: "web" }, oldestTransactionMs: 3_000 };
  const told = (transactional: boolean) => {
    const report = dryRun([pending(locks, { transactional })], { tables: [table], oldestTransactionMs: 4_000 });
    return linesOf(report).slice(4).join("").replace(/ {2,}/g, " ");
  };
  expect(told(false)).toBe(
    " locks hj_session against everything (ACCESS EXCLUSIVE), 1.2 million rows, 340 MB; a transaction has been open on it for 3s (pid 7, web)" +
      " locks hj_session against schema changes and VACUUM only (SHARE UPDATE EXCLUSIVE), indexes 1.2 million rows, 340 MB; the oldest transaction of the database, which it may wait for, has been open for 4s",
  );
  expect(told(true)).toContain("against everything (ACCESS EXCLUSIVE), indexes 1.2 million rows");
});

describe("--sql", () => {
  const MANIFEST = manifestOf({
    "20240601_001_add_device.up.sql": "-- hj:timeout 5m\nalter table a add b int;\n\n\nselect 1 -- the last\n",
    "20240601_002_later.up.sql": "-- hj:transaction off\nselect 2;\nselect 3;",
  });
  const TEXT = { stdout: "text\n", stderr: "Warning: w\n" };

  test("prints name and locks as comments, the statements as they are, and nothing else", () => {
    const later = migrationReport("20240601_002_later", "would_apply", { statementsDone: 1 });
    const report = dryRun([pending([lock("ShareLock")]), later], { tables: [SESSIONS] });
    expect(renderSql(TEXT, report, MANIFEST)).toEqual({
      stdout: [
        "-- 20240601_001_add_device, in one transaction",
        "-- locks hj_session against writing (SHARE), 1.2 million rows, 340 MB",
        "alter table a add b int;",
        "select 1 -- the last",
        ";",
        "",
        "-- 20240601_002_later, statement by statement",
        "-- goes on after 1 of its 2 statements",
        "select 3;",
        "",
      ].join("\n"),
      stderr: TEXT.stderr,
    });
  });

  test("prints nothing of what waits for another run", () => {
    const waiting = migrationReport("20240601_002_later", "pending", { phase: "contract" });
    const { stdout } = renderSql(TEXT, dryRun([pending([]), waiting]), MANIFEST);
    expect(stdout).toContain("alter table a add b int;");
    expect(stdout).not.toContain("select 2");
  });

  test("keeps a table's name in its comment, whatever it is", () => {
    const name = '"x\r\ndrop table hj_user; --"';
    const { stdout } = renderSql(TEXT, dryRun([pending([lock("ShareLock", null, name)])]), MANIFEST);
    expect(stdout.split(/[\r\n]+/).filter((line) => line.startsWith("drop"))).toEqual([]);
    expect(stdout).toContain('-- locks "x drop table hj_user; --" against writing');
  });

  test("prints nothing to standard output where nothing would run", () => {
    const report: Report = { ...baseOf(), ok: true, outcome: "up_to_date" };
    expect(renderSql(TEXT, report, MANIFEST)).toEqual({ stdout: "", stderr: "text\nWarning: w\n" });
  });

  test.each([
    [{ function: "migrate", dryRun: true }, /--function: no report carries SQL/],
    [{ json: true, dryRun: true }, /--sql and --json/],
    [{}, /prints what would be run/],
  ])("cannot be meant with %j", (flags, message) => {
    expect(misusedSql(flags)).toBeNull();
    expect(misusedSql({ ...flags, sql: true })).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
    expect(misusedSql({ sql: true, dryRun: true })).toBeNull();
  });

  test("is not had where the report leaves migrations out", () => {
    expect(incompleteSql(dryRun([], { omitted: 1 }))).toMatchObject({ exitCode: 1 });
    expect(incompleteSql(dryRun([pending([], { omitted: 9 })]))).toBeNull();
  });
});
