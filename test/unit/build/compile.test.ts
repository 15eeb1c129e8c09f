import { readdir } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../../src/build/compile.ts";
import { loadParser } from "../../../src/build/parse-sql.ts";
import { readDirectory } from "../../../src/build/read-directory.ts";
import type { Problem, Refusal } from "../../../src/failure/problem.ts";
import type { Manifest } from "../../../src/migration/manifest.ts";
import { compareVersions } from "../../../src/migration/version.ts";
import { manifestOf, migrationOf } from "../../support/manifest.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const fixtures = join(root, "test", "fixtures", "migrations");

beforeAll(loadParser);

async function compileDirectory(directory: string): Promise<Manifest | Refusal> {
  const sources = await readDirectory(directory);
  return "problems" in sources ? sources : compile(sources);
}

/** `file:line:column  message`, so that a table of them reads as what a person sees. */
function told({ file, line, column, message }: Problem): string {
  return `${[file, line, column].filter((part) => part !== undefined).join(":")}  ${message}`;
}

/** What each fixture is told, in this order and nothing else; for a good one, nothing. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  "bad-name": [
    "0002_add session.up.sql  is no name of a migration",
    "2024-06-01_device.up.sql  is no name of a migration",
    "V3__token.sql  is no name of a migration",
  ],
  "comments-only": [],
  "copy-stdin": [
    "0001_account.up.sql:2:1  COPY FROM STDIN inside a migration",
    '0002_rows.up.sql:2:1  syntax error at or near "1"',
    "0003_dump.up.sql:1:1  COPY TO STDOUT inside a migration",
  ],
  "crlf-and-bom": [],
  "detach-without-build": [
    "0001_account.down.sql:1  -- hj:detach stands in a down file",
    "0001_account.up.sql:1:1  says -- hj:detach and builds no index concurrently",
    "0002_index.up.sql:1:1  says -- hj:detach and not how long the server may build",
  ],
  "down-without-up": [
    "0001_acount.down.sql  undoes 0001_account.up.sql, whose name is different",
    "0002_session.down.sql  is a down without an up",
  ],
  "duplicate-version": [
    "0001_session.up.sql  has the same version as 0001_account.up.sql",
    "1_device.up.sql  has the same version as 0001_account.up.sql",
  ],
  "irreversible-with-down": ["0001_account.up.sql  says -- hj:irreversible and has a down file"],
  "malformed-directive": [
    "0001_account.up.sql:1  -- hj:transaction on is malformed",
    "0001_account.up.sql:2  -- hj:timeout 5 minutes is malformed",
    "0001_account.up.sql:3  -- hj:irreversible lacks its reason",
    "0002_session.down.sql:1  -- hj:irreversible nobody remembers stands in a down file",
    "0002_session.up.sql:2  -- hj:timeout is given twice",
    "0002_session.up.sql:3  -- hj: is unknown",
  ],
  "misplaced-directive": ["0001_account.up.sql:4  -- hj:timeout stands behind the first statement"],
  "name-styles": [],
  "needs-no-transaction": [
    "0001_account.up.sql:2:1  this statement cannot run inside a transaction",
    "0002_vacuum.up.sql:2:2  this statement cannot run inside a transaction",
    "0002_vacuum.up.sql:2:18  this statement cannot run inside a transaction",
  ],
  "not-utf8": [
    "0002_latin1.up.sql  is not UTF-8",
    "0003_utf16.up.sql  holds a NUL byte, which PostgreSQL cannot store (is it UTF-16?)",
  ],
  "setting-without-effect": [
    "0001_account.up.sql:2:1  this setting reaches no other statement",
    "0001_account.up.sql:4:1  this setting reaches no other statement",
  ],
  "psql-command": [
    '0001_account.up.sql:2:1  syntax error at or near "\\"',
    '0002_include.up.sql:1:1  syntax error at or near "\\"',
  ],
  "syntax-error": [
    '0002_session.up.sql:4:20  syntax error at or near "session"',
    "0003_device.up.sql:3:1  syntax error at end of input",
  ],
  "transaction-control": [
    "0001_account.up.sql:1:1  BEGIN inside a migration",
    "0001_account.up.sql:5:3  COMMIT inside a migration",
    "0002_session.down.sql:1:1  DISCARD inside a migration",
    "0002_session.down.sql:2:1  pg_advisory_unlock inside a migration",
    "0002_session.up.sql:2:1  SAVEPOINT inside a migration",
    "0002_session.up.sql:2:39  ROLLBACK TO inside a migration",
  ],
  "unknown-directive": [
    "0001_account.up.sql:2  -- hj:transactoin off is unknown",
    "0001_account.up.sql:3  -- hj:phase contract is malformed",
  ],
  "unnamed-concurrent-index": ["0001_account.up.sql:3:1  CREATE INDEX CONCURRENTLY without a name"],
};

describe("a directory of migrations", () => {
  test.each(Object.entries(TOLD))("%s is told all of its problems, each with its place", async (name, expected) => {
    const compiled = await compileDirectory(join(fixtures, name));
    expect("problems" in compiled ? compiled.problems.map(told) : []).toEqual(expected);
  });

  test("is in this table when it is a fixture", async () => {
    expect((await readdir(fixtures)).sort()).toEqual(Object.keys(TOLD).sort());
  });

  test.each([
    ["psql-command", "A line that starts with a backslash is a command of psql, not SQL."],
    [
      "needs-no-transaction",
      "Put it into a file of its own, or say -- hj:transaction off in the first line of this one.",
    ],
    ["irreversible-with-down", "Remove one of the two: the directive, or 0001_account.down.sql."],
    ["unnamed-concurrent-index", "Name the index: an interrupted build is found again by its name."],
    ["copy-stdin", "A migration has no input and no output. Write the rows as INSERT statements."],
  ])("%s is told the way out", async (name, hint) => {
    expect(await compileDirectory(join(fixtures, name))).toHaveProperty("problems.0.hint", hint);
  });

  test("with names of every style is read in order of version, each with its down", async () => {
    const compiled = (await compileDirectory(join(fixtures, "name-styles"))) as Manifest;
    expect(compiled.migrations.map(({ version, name, down }) => [version, name, down?.file ?? null])).toEqual([
      ["1", "account", "1_account.down.sql"],
      ["0002", "session", "0002_session_down.sql"],
      ["10", "device", null],
      ["20240601_001", "token-v1.2", null],
      ["20240601_002", "last", null],
    ]);
  });

  test("checked out with CRLF and byte-order marks is what it was with LF", async () => {
    const compiled = (await compileDirectory(join(fixtures, "crlf-and-bom"))) as Manifest;
    const sql = "create table account (\n  id bigint primary key\n);\n\ncreate index account_id on account (id);\n";
    expect(compiled.migrations[0]?.checksum).toBe(migrationOf("0001_account.up.sql", sql).checksum);
    expect(compiled.migrations[0]?.up.timeoutMs).toBe(60_000);
    expect(texts(compiled.migrations[0]?.up)).toEqual([
      "create table account (\r\n  id bigint primary key\r\n)",
      "create index account_id on account (id)",
    ]);
  });
});

function texts(script: Manifest["migrations"][number]["up"] | undefined): readonly string[] {
  return script?.statements.map(({ start, end }) => script.sql.slice(start, end)) ?? [];
}

describe("HelloJohn's own migrations", () => {
  test("compile, are seven, and only the last is not one transaction", async () => {
    const compiled = await compileDirectory(join(root, "migrations"));
    if ("problems" in compiled) throw new TypeError(compiled.problems.map(told).join("\n"));
    expect(
      compiled.migrations.map(({ version, name, up }) => [version, name, up.transactional ? "" : "no transaction"]),
    ).toEqual([
      ["20240115_001", "initial_schema", ""],
      ["20240201_001", "add_organizations", ""],
      ["20240301_001", "mfa_totp", ""],
      ["20240401_001", "passkeys", ""],
      ["20240501_001", "webhooks", ""],
      ["20240601_001", "add_passkey_support", ""],
      ["20240601_002", "session_device_fingerprint", "no transaction"],
    ]);
  });

  test("can all be rolled back but the first, which says why not", async () => {
    const { migrations } = (await compileDirectory(join(root, "migrations"))) as Manifest;
    expect(migrations.map(({ down, irreversible }) => [down !== null, irreversible !== null])).toEqual([
      [false, true],
      ...Array.from({ length: 6 }, () => [true, false]),
    ]);
  });
});

describe("compile", () => {
  test("makes an empty manifest of nothing", () => {
    expect(compile([])).toMatchObject({ manifestVersion: 1, migrations: [] });
  });

  test.each(["copy account (id) from stdin;\n1\n", "COPY account\n  FROM  STDIN WITH (format csv);\n\n1,2\n"])(
    "says of the rows behind %j that a migration has no input",
    (sql) => {
      expect(compile([{ file: "1_a.sql", sql }])).toHaveProperty(
        "problems.0.hint",
        "What follows COPY ... FROM STDIN is data, and a migration has no input: write it as INSERT.",
      );
    },
  );

  test("has no hint for a syntax error that only comes after one", () => {
    const compiled = compile([{ file: "1_a.sql", sql: "copy account from '/tmp/a';\nselct 1;" }]);
    expect("problems" in compiled && compiled.problems[0]).not.toHaveProperty("hint");
  });

  test("keeps the whole text, and where each statement stands in it", () => {
    const sql = "-- 🔑\ncreate table a (b text default '🔑;');\n\n/* é */ create index on a (b) ;\n";
    const { up } = migrationOf("1_a.up.sql", sql);
    expect(up).toMatchObject({ file: "1_a.up.sql", sql, transactional: true, timeoutMs: null });
    expect(texts(up)).toEqual(["create table a (b text default '🔑;')", "create index on a (b) "]);
  });

  test("takes what the directives say into the script", () => {
    const migration = migrationOf(
      "1_a.up.sql",
      "-- hj:transaction off\n-- hj:timeout 20m\n-- hj:irreversible why\nselect 1;",
    );
    expect(migration).toMatchObject({ irreversible: "why", up: { transactional: false, timeoutMs: 1_200_000 } });
  });

  test("runs a file statement by statement when none of them can run in a transaction", () => {
    const { up } = migrationOf("1_a.up.sql", "drop index concurrently i; create index concurrently i on t (a);");
    expect(up.transactional).toBe(false);
    expect(up.statements.map(({ kind }) => kind)).toEqual(["drop_index_concurrently", "create_index_concurrently"]);
  });

  test("lets the directive mix statements that can run in a transaction with one that cannot", () => {
    const sql = "-- hj:transaction off\nalter table t add a int;\ncreate index concurrently i on t (a);";
    expect(migrationOf("1_a.up.sql", sql).up.statements.map(({ kind }) => kind)).toEqual([
      "ordinary",
      "create_index_concurrently",
    ]);
  });

  test("takes a file without statements for a transaction, because no statement would complete its entry", () => {
    expect(migrationOf("1_a.up.sql", "-- hj:transaction off\n-- Nothing yet.\n").up.transactional).toBe(true);
  });

  test("judges up and down each for itself", () => {
    const [migration] = manifestOf({
      "1_a.up.sql": "create table a ();",
      "1_a.down.sql": "-- hj:transaction off\n-- hj:timeout 1m\ndrop table a;",
    }).migrations;
    expect(migration).toMatchObject({
      up: { transactional: true, timeoutMs: null },
      down: { transactional: false, timeoutMs: 60_000 },
    });
  });

  test("tells every problem of every file at once, and none about the twin of a broken file", () => {
    const compiled = compile([
      { file: "1_a.up.sql", sql: "selct 1;" },
      { file: "1_a.down.sql", sql: "select 1;" },
      { file: "2_b.up.sql", sql: "-- hj:nonsense\nselect 1;\ncommit;" },
      { file: "2_c.up.sql", sql: "select 1;" },
    ]) as Refusal;
    expect(compiled.problems.map(told)).toEqual([
      '1_a.up.sql:1:1  syntax error at or near "selct"',
      "2_b.up.sql:1  -- hj:nonsense is unknown",
      "2_b.up.sql:3:1  COMMIT inside a migration",
      "2_c.up.sql  has the same version as 2_b.up.sql",
    ]);
  });

  test.each([
    ["2", "002"],
    ["20240601", "20240601_000"],
  ])("finds that %s and %s are one version, as their order says", (one, other) => {
    expect(compareVersions(one, other)).toBe(0);
    const compiled = compile([
      { file: `${one}_a.sql`, sql: "select 1;" },
      { file: `${other}_b.sql`, sql: "select 2;" },
    ]);
    expect(compiled).toMatchObject({ problems: [{ message: `has the same version as ${one}_a.sql` }] });
  });

  test.each([
    ["lines that end in LF", "select 1;\nselect 2;\ncommit", 3, 1],
    ["lines that end in CRLF", "select 1;\r\nselect 2;\r\n  commit", 3, 3],
    ["lines that end in CR", "select 1;\rselect 2;\rcommit", 3, 1],
    ["blank lines of every kind", "\n\r\n\r\n\rcommit", 5, 1],
    ["characters outside the basic plane", "select '🔑🔑'; commit", 1, 14],
    ["characters of several bytes", "select 'é€'; commit", 1, 14],
    ["a comment before it", "/* why */ commit", 1, 11],
  ])("counts lines and columns as editors do, with %s", (_what, sql, line, column) => {
    expect(compile([{ file: "1_a.sql", sql }])).toMatchObject({ problems: [{ line, column }] });
  });

  describe("the hash of a manifest", () => {
    const files = { "1_a.up.sql": "create table a ();", "1_a.down.sql": "drop table a;" };

    test("stays when only line endings change", () => {
      const changed = { ...files, "1_a.up.sql": "create table a ();\r\n" };
      expect(manifestOf(changed).hash).toBe(manifestOf(files).hash);
    });

    test.each([
      ["an up", { ...files, "1_a.up.sql": "create table b ();" }],
      ["a down", { ...files, "1_a.down.sql": "drop table if exists a;" }],
      ["a time-out", { ...files, "1_a.up.sql": "-- hj:timeout 1m\ncreate table a ();" }],
      ["how a file is run", { ...files, "1_a.down.sql": "-- hj:transaction off\ndrop table a;" }],
      ["a name", { "1_b.up.sql": files["1_a.up.sql"], "1_b.down.sql": files["1_a.down.sql"] }],
      ["the number of files", { "1_a.up.sql": files["1_a.up.sql"] }],
    ])("changes with %s", (_what, changed) => {
      expect(manifestOf(changed).hash).not.toBe(manifestOf(files).hash);
    });
  });

  test("puts migrations into the order of their versions, whatever order the files come in", () => {
    const versions = fc.uniqueArray(fc.nat(10_000), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(versions, (some) => {
        const { migrations } = manifestOf(
          Object.fromEntries(some.map((version) => [`0${version}_a.sql`, "select 1;"])),
        );
        expect(migrations.map(({ version }) => Number(version))).toEqual(some.toSorted((a, b) => a - b));
      }),
      { numRuns: 20 },
    );
  });
});
