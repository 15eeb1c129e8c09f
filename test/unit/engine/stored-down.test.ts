// The way back as the journal keeps it: the same statements, in the lines where their file had them.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSql } from "../../../src/build/parse-sql.ts";
import { decodeDown, type StoredDown, storeDown } from "../../../src/engine/stored-down.ts";
import type { Migration, Script } from "../../../src/migration/manifest.ts";
import { manifestOf } from "../../support/manifest.ts";

function migrationWith(down: string): Migration & { readonly down: Script } {
  const [migration] = manifestOf({ "1_a.up.sql": "create table a ()", "1_a.down.sql": down }).migrations;
  if (!migration?.down) throw new TypeError("has no down");
  return { ...migration, down: migration.down };
}

/** Through the journal and back, as jsonb returns it: keys in another order, other blanks. */
function throughTheJournal(migration: Migration): StoredDown {
  const stored = storeDown(migration);
  const down = stored === null ? null : JSON.stringify(sorted(JSON.parse(stored)), null, 1);
  return decodeDown({ id: "1", down, irreversible: migration.irreversible });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

function scriptOf(stored: StoredDown): Script {
  if (stored.script === null) throw new TypeError("nothing is stored");
  return stored.script;
}

/** What each statement says, and the line in which its text begins. */
function statementsOf({ sql, statements }: Script) {
  return statements.map(({ start, end, ...kind }) => {
    const text = sql.slice(start, end);
    const begin = start + text.search(/\S/);
    return { ...kind, text: text.trim(), line: sql.slice(0, begin).split(/\r\n|\n|\r/).length };
  });
}

/** Statements as people write them; each is one. */
const statement = fc.constantFrom(
  "drop table a",
  "drop\n  table\n  a",
  "drop\r\n  table\r\n  a",
  "-- why\ndrop table a",
  "-- why; not\r\n\r\n-- more\r\ndrop table a",
  "/* a\n /* nested; */\n*/ drop table a",
  "drop table a -- a last word",
  "drop table a /* a last\nword */",
  "do $$\nbegin\n  perform 1; -- ;\nend\n$$",
  "create function f() returns text language sql as $body$\n  select 'a; b';\n$body$",
  "create procedure p() language sql begin atomic\n  select 1;\n  select 2;\nend",
  "comment on table a is 'two\nlines; žluťoučký 😀'",
  'drop table "a;\nb"',
);
const gap = fc.constantFrom("", " ", "\n", "\n\n\n", "\r\n", "\r\n\r\n", "\r", " \t", "\n-- between\n", "\n;\n");

const down = fc
  .tuple(gap, fc.array(fc.tuple(statement, gap, gap), { minLength: 1, maxLength: 6 }), fc.boolean())
  .map(([head, parts, endsWithSemicolon]) => {
    // A comment up to the line end hides the semicolon in its line.
    const texts = parts.map(
      ([text, before, behind]) =>
        `${text}${/--[^\n]*$/.test(text) ? "\n" : ""}${before.includes("between") || before.includes(";") ? "\n" : before};${behind}`,
    );
    const sql = head + texts.join("");
    return endsWithSemicolon ? sql : sql.trimEnd().replace(/;$/, "");
  });

describe("a down script in the journal", () => {
  test("comes back with the same statements in the same lines, and parses as them", () => {
    fc.assert(
      fc.property(down, (sql) => {
        const migration = migrationWith(sql);
        const script = scriptOf(throughTheJournal(migration));
        const expected = statementsOf(migration.down);
        expect(statementsOf(script)).toEqual(expected);
        // What is sent is the whole text, so it has to come apart as it was put together.
        const parsed = parseSql(script.sql);
        if ("offset" in parsed) throw new Error(`${parsed.message} in ${JSON.stringify(script.sql)}`);
        expect(parsed.map(({ start, end }) => script.sql.slice(start, end).trim())).toEqual(
          expected.map(({ text }) => text),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test("keeps a statement whose semicolon stands behind a comment apart from the next one", () => {
    const { sql } = scriptOf(throughTheJournal(migrationWith("drop table a -- gone\n;\ndrop table b;\n")));
    expect(parseSql(sql)).toHaveLength(2);
  });

  test("comes back the second time as it came back the first", () => {
    fc.assert(
      fc.property(down, (sql) => {
        const migration = migrationWith(sql);
        const once = scriptOf(throughTheJournal(migration));
        expect(scriptOf(throughTheJournal({ ...migration, down: once }))).toEqual(once);
      }),
    );
  });

  test("keeps how it has to be run: its file, its time-out, no transaction, and what each statement is", () => {
    const sql =
      "-- hj:transaction off\n-- hj:timeout 20m\ndrop index concurrently a_id, s.a_name;\n\nvacuum a;\ndrop table a;\n";
    const script = scriptOf(throughTheJournal(migrationWith(sql)));
    expect(script).toMatchObject({ file: "1_a.down.sql", transactional: false, timeoutMs: 1_200_000 });
    expect(statementsOf(script).map(({ kind, line }) => [kind, line])).toEqual([
      ["drop_index_concurrently", 3],
      ["alone", 5],
      ["ordinary", 6],
    ]);
    expect(script.statements[0]).toMatchObject({
      indexes: [
        { schema: null, name: "a_id" },
        { schema: "s", name: "a_name" },
      ],
    });
  });

  test("of a migration without a down file is none", () => {
    const [migration] = manifestOf({ "1_a.up.sql": "create table a ()" }).migrations as [Migration];
    expect(storeDown(migration)).toBeNull();
    expect(throughTheJournal(migration)).toEqual({ irreversible: null, script: null });
  });

  test("of an irreversible migration is the author's reason", () => {
    const [migration] = manifestOf({ "1_a.up.sql": "-- hj:irreversible the rows are gone\ndrop table a" })
      .migrations as [Migration];
    expect(throughTheJournal(migration)).toEqual({ irreversible: "the rows are gone", script: null });
  });

  test("that holds nothing but comments is a way back with nothing to do", () => {
    const script = scriptOf(throughTheJournal(migrationWith("-- nothing to undo\n")));
    expect(script.statements).toEqual([]);
  });
});
