// Migrations that fail: what the report says, what the journal and the catalog hold, and how it goes on.
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/connection/settings.ts";
import { awsCaller } from "../../src/lambda/call-aws.ts";
import { createHandler } from "../../src/lambda/handler.ts";
import { postgresVersions } from "../support/database.ts";
import { olderBuild, runEvent, statuses } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { advisoryLocksOf, catalogOf, freshDatabase, journalOf, tablesOf } from "../support/workplace.ts";

const FIVE = {
  "0001_a.up.sql": "create table a ()",
  "0002_b.up.sql": "create table b (id int)",
  "0003_c.up.sql":
    "create table c ();\n\n-- the next line is wrong\ninsert into b (id) select usr_id from b where 'hush' = 'hush';",
  "0004_d.up.sql": "create table d ()",
  "0005_e.up.sql": "create table e ()",
};

describe.each(postgresVersions)("a migration that fails on PostgreSQL $version", ({ url }) => {
  it("as the third of five leaves two applied, itself undone, and two not reached", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, olderBuild(manifestOf(FIVE), 2), { command: "run" });
    const catalog = await catalogOf(database);
    await database.query("drop table hj_migration, a, b");

    const report = await runEvent(database.url, manifestOf(FIVE), { command: "run" });
    expect(report).toMatchObject({
      ok: false,
      outcome: "failed",
      schemaVersion: { before: null, after: "0002" },
      counts: { applied: 2, pending: 3, started: 0, unknown: 0 },
      failure: {
        code: "STATEMENT_FAILED",
        message: 'column "usr_id" does not exist',
        hint: expect.stringContaining("0003"),
        details: {
          version: "0003",
          file: "0003_c.up.sql",
          line: 4,
          column: 27,
          statement: "insert into b (id) select usr_id from b where '****' = '****';",
          caret: 26,
          sqlState: "42703",
        },
      },
    });
    expect(statuses(report)).toEqual({
      "0001": "applied",
      "0002": "applied",
      "0003": "failed",
      "0004": "not_reached",
      "0005": "not_reached",
    });
    expect(JSON.stringify(report)).not.toContain("hush");
    expect((await journalOf(database)).map(({ version, state }) => [version, state])).toEqual([
      ["0001", "applied"],
      ["0002", "applied"],
    ]);
    // The object ids are new; everything else is as if the third had never been there.
    const withoutIds = (lines: readonly string[]) => lines.map((line) => line.replace(/\b\d{5,}\b/g, "")).sort();
    expect(withoutIds(await catalogOf(database))).toEqual(withoutIds(catalog));
    expect(await advisoryLocksOf(database)).toEqual([]);
  });

  it("goes on where it stopped once it is mended", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, manifestOf(FIVE), { command: "run" });
    const mended = manifestOf({ ...FIVE, "0003_c.up.sql": "create table c ()" });
    const report = await runEvent(database.url, mended, { command: "run" });
    expect(report).toMatchObject({ outcome: "applied", schemaVersion: { before: "0002", after: "0005" } });
    expect(statuses(report)).toEqual({ "0003": "applied", "0004": "applied", "0005": "applied" });
    expect(await tablesOf(database)).toEqual(["a", "b", "c", "d", "e"]);
    expect((await journalOf(database)).map(({ batch }) => batch)).toEqual([1, 1, 2, 2, 2]);
  });

  it("without a position is told by the line where its statement begins", async () => {
    const database = await freshDatabase(url);
    const files = {
      "0001_a.up.sql": "create table a ();\n\n/* twice */\n-- and again\ncreate table a ();\ncreate table b ();",
    };
    const report = await runEvent(database.url, manifestOf(files), { command: "run" });
    expect(report).toMatchObject({
      outcome: "failed",
      failure: {
        code: "STATEMENT_FAILED",
        message: 'relation "a" already exists',
        details: { line: 5, column: null, caret: null, statement: "create table a ();", sqlState: "42P07" },
      },
    });
    expect(await tablesOf(database)).toEqual([]);
  });

  it("over a row tells nothing of what is in it", async () => {
    const database = await freshDatabase(url);
    await database.query(
      "create table account (mail text); insert into account values ('s3cret@x.org'), ('s3cret@x.org')",
    );
    const unique = manifestOf({ "0001_unique.up.sql": "alter table account add constraint one_mail unique (mail)" });
    const report = await runEvent(database.url, unique, { command: "run" });
    expect(report).toMatchObject({
      failure: {
        code: "STATEMENT_FAILED",
        message: 'could not create unique index "one_mail"',
        details: { sqlState: "23505", line: 1, column: null },
      },
    });
    expect(JSON.stringify(report)).not.toContain("s3cret");
  });

  it.each([
    ["plain", "s3cret"],
    ["with quotes in it", 'a"s3cret"b'],
    ["over several lines", 'a"\ns3cret"\n'],
  ])("over a value that does not fit does not repeat the value (%s)", async (_kind, value) => {
    const database = await freshDatabase(url);
    await database.query("create table account (mail text)");
    await database.query("insert into account values ($1)", [value]);
    const files = manifestOf({
      "0001_n.up.sql": "alter table account alter column mail type integer using mail::integer",
    });
    const report = await runEvent(database.url, files, { command: "run" });
    expect(report).toMatchObject({ failure: { code: "STATEMENT_FAILED", details: { sqlState: "22P02" } } });
    expect(JSON.stringify(report)).not.toContain("s3cret");
  });

  it.each([
    ["after a literal that ends in a backslash", "select 'C:\\', 's3cret', nothing;"],
    ["in an escaped literal", "select E'\\'s3cret', nothing;"],
    ["in a dollar-quoted literal", "select $tag$ 's3cret' $tag$, nothing;"],
    ["behind a nested comment", "select /* /* ' */ ' */ 's3cret', nothing;"],
    ["behind a quoted name", `select 1 as "it's", 's3cret', nothing;`],
  ])("does not show a literal of its file (%s)", async (_kind, sql) => {
    const database = await freshDatabase(url);
    const report = await runEvent(database.url, manifestOf({ "0001_a.up.sql": sql }), { command: "run" });
    expect(report).toMatchObject({ failure: { code: "STATEMENT_FAILED", details: { sqlState: "42703", line: 1 } } });
    expect(JSON.stringify(report)).not.toContain("s3cret");
  });

  it("in a string that a DO block executes is blamed on the DO block", async () => {
    const database = await freshDatabase(url);
    const sql =
      "create table a ();\ncreate table b ();\ndo $$\nbegin\n  execute 'creat table c ()';\nend $$;\ncreate table d ();";
    const report = await runEvent(database.url, manifestOf({ "0001_a.up.sql": sql }), { command: "run" });
    expect(report).toMatchObject({
      failure: {
        code: "STATEMENT_FAILED",
        message: expect.stringContaining("syntax error"),
        details: { line: 3, column: null, statement: "do $$", sqlState: "42601" },
      },
    });
    expect(await tablesOf(database)).toEqual([]);
  });

  it("at its commit, over a deferred constraint, is undone and says so", async () => {
    const database = await freshDatabase(url);
    const sql = `create table parent (id int primary key);
create table child (parent_id int references parent deferrable initially deferred);
insert into child values (1);
create table last ();`;
    const report = await runEvent(database.url, manifestOf({ "0001_a.up.sql": sql }), { command: "run" });
    expect(report).toMatchObject({
      outcome: "failed",
      schemaVersion: { after: null },
      failure: { code: "STATEMENT_FAILED", details: { sqlState: "23503", file: "0001_a.up.sql", column: null } },
    });
    expect(statuses(report)).toEqual({ "0001": "failed" });
    expect(await tablesOf(database)).toEqual([]);
    expect(await journalOf(database)).toEqual([]);
  });

  it.each([
    ["LF", "\n"],
    ["CRLF", "\r\n"],
    ["CR", "\r"],
  ])("points at the right character behind multi-byte text and %s", async (_name, newline) => {
    const database = await freshDatabase(url);
    const lines = ["/* žluťoučký 🐎 */", "create table kůň ();", "select 'ůů', 1, nic from kůň;", "select 1;"];
    const files = manifestOf({ "0001_a.up.sql": lines.join(newline) });
    const report = await runEvent(database.url, files, { command: "run" });
    expect(report).toMatchObject({ failure: { details: { line: 3, column: 17, sqlState: "42703" } } });
    const details = report.outcome === "failed" ? report.failure.details : {};
    expect(String(details["statement"]).slice(Number(details["caret"]))).toBe("nic from kůň;");
  });

  it("counts a character outside the basic plane as one column, in a literal too", async () => {
    const database = await freshDatabase(url);
    const files = manifestOf({ "0001_a.up.sql": "select /* 🐎 */ '🐎🐎', nic;" });
    const report = await runEvent(database.url, files, { command: "run" });
    expect(report).toMatchObject({ failure: { details: { line: 1, column: 22 } } });
    const details = report.outcome === "failed" ? report.failure.details : {};
    expect(String(details["statement"]).slice(Number(details["caret"]))).toBe("nic;");
  });

  it("points at the right column of a line that is too long to show", async () => {
    const database = await freshDatabase(url);
    const sql = `select ${"1, ".repeat(200)}nothing${", 1".repeat(200)}`;
    const report = await runEvent(database.url, manifestOf({ "0001_a.up.sql": sql }), { command: "run" });
    const details = report.outcome === "failed" ? report.failure.details : {};
    expect(details).toMatchObject({ line: 1, column: 608 });
    expect(String(details["statement"]).length).toBeLessThanOrEqual(200);
    expect(String(details["statement"]).slice(Number(details["caret"]))).toMatch(/^nothing,/);
  });

  it("because it divides by zero is not taken for a lost lock or an ended transaction", async () => {
    const database = await freshDatabase(url);
    const report = await runEvent(database.url, manifestOf({ "0001_a.up.sql": "select 1;\nselect 1 / 0;" }), {
      command: "run",
    });
    expect(report).toMatchObject({ failure: { code: "STATEMENT_FAILED", details: { sqlState: "22012", line: 2 } } });
  });

  it("because it drops the journal is undone", async () => {
    const database = await freshDatabase(url);
    const files = manifestOf({ "0001_a.up.sql": "create table a ()", "0002_b.up.sql": "drop table hj_migration" });
    const report = await runEvent(database.url, files, { command: "run" });
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "JOURNAL_UNUSABLE" } });
    expect(statuses(report)).toEqual({ "0001": "applied", "0002": "failed" });
    expect(await journalOf(database)).toHaveLength(1);
  });

  it("because the journal swallows its entry is undone", async () => {
    const database = await freshDatabase(url);
    const first = { "0001_a.up.sql": "create table a ()" };
    await runEvent(database.url, manifestOf(first), { command: "run" });
    await database.query(`create function swallow() returns trigger language plpgsql as 'begin return null; end';
      create trigger swallow before insert on hj_migration for each row execute function swallow()`);
    const files = manifestOf({ ...first, "0002_b.up.sql": "create table b ()" });
    const report = await runEvent(database.url, files, { command: "run" });
    expect(report).toMatchObject({
      outcome: "failed",
      failure: { code: "JOURNAL_UNUSABLE", message: expect.stringContaining("took no entry of 0002_b") },
    });
    expect(await tablesOf(database)).toEqual(["a"]);
  });

  it("and quotes the password of the database is told without it, in the report and in the log", async () => {
    const password = new URL(url).password;
    const database = await freshDatabase(url);
    const lines: string[] = [];
    const settings = parseSettings({ HELLOJOHN_DATABASE_URL: database.url });
    const sql = `do $$ begin raise exception 'the password is %', reverse('${[...password].reverse().join("")}'); end $$`;
    const handle = createHandler(settings, manifestOf({ "0001_a.up.sql": sql }), {
      caller: awsCaller,
      log: (line) => lines.push(JSON.stringify(line)),
    });
    const report = await handle(
      { command: "run" },
      {
        invocationId: "one",
        remainingMs: () => Number.POSITIVE_INFINITY,
        signal: new AbortController().signal,
        onProgress: () => {},
      },
    );
    expect(report).toMatchObject({ failure: { message: expect.stringContaining("the password is ***") } });
    expect(lines.join()).toContain("the password is ***");
    expect(JSON.stringify(report) + lines.join()).not.toContain(password);
  });

  it("because the role lacks a right on the journal changes nothing", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, manifestOf({ "0001_a.up.sql": "create table a ()" }), { command: "run" });
    await database.query(
      "create function refuse() returns trigger language plpgsql as 'begin raise exception ''no entry''; end'; create trigger refuse before insert on hj_migration for each row execute function refuse()",
    );
    const files = manifestOf({ "0001_a.up.sql": "create table a ()", "0002_b.up.sql": "create table b ()" });
    const report = await runEvent(database.url, files, { command: "run" });
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "JOURNAL_UNUSABLE" } });
    expect(statuses(report)).toEqual({ "0002": "failed" });
    expect(await tablesOf(database)).toEqual(["a"]);
  });
});
