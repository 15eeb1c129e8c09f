import { expect, test } from "vitest";
import { schemaDiagram } from "../../../src/build/schema-diagram.ts";
import type { Manifest } from "../../../src/migration/manifest.ts";
import type { ObjectKind, SchemaChange, SchemaObject } from "../../../src/migration/schema-change.ts";
import { manifestOf } from "../../support/manifest.ts";

const object = (kind: ObjectKind, of: string, name: string, definition = ""): SchemaObject => ({
  kind,
  of,
  name,
  definition,
  isValid: true,
});

/** A table, its columns and its constraints, as the catalog has them. */
function table(name: string, columns: Readonly<Record<string, string>>, ...constraints: readonly string[]) {
  return [
    object("table", "", name),
    ...Object.entries(columns).map(([column, definition]) => object("column", name, column, definition)),
    ...constraints.map((definition, index) => object("constraint", name, `${name}_${index}`, definition)),
  ];
}

const users = table("users", { id: "uuid not null", email: "text" }, "PRIMARY KEY (id)", "UNIQUE (email)");

/** A manifest whose migrations, 1 and so on, make these changes. */
function rehearsedManifest(...changes: readonly Partial<SchemaChange>[]): Manifest {
  const files = changes.map((_, index) => [`${index + 1}_step.up.sql`, `select ${index + 1};`]);
  const manifest = manifestOf(Object.fromEntries(files));
  const migrations = manifest.migrations.map((migration, index) => ({
    ...migration,
    change: { sets: [], removes: [], ...changes[index] },
  }));
  return { ...manifest, migrations };
}

/** The lines of the page of one migration that sets these. */
const linesOf = (...sets: readonly SchemaObject[]) => schemaDiagram(rehearsedManifest({ sets })).split("\n");

/** The part of the page that is about one migration. */
function sectionOf(page: string, version: number): string {
  return page.split("\n## ")[version] ?? "";
}

test("a table is drawn with the columns of its keys, their types and marks, and no other column", () => {
  const lines = linesOf(
    ...table(
      "posts",
      { id: "bigint not null", author: "uuid not null", body: "text", slug: "character varying(20) not null" },
      "PRIMARY KEY (id)",
      "FOREIGN KEY (author) REFERENCES users(id) ON DELETE CASCADE",
      "UNIQUE (slug)",
      "CHECK ((body <> ''::text))",
    ),
  );
  const start = lines.indexOf("erDiagram");
  expect(lines.slice(start - 1, start + 8)).toEqual([
    "```mermaid",
    "erDiagram",
    '  "posts" {',
    "    bigint id PK",
    "    uuid author FK",
    "    varchar(20) slug UK",
    "  }",
    '  "users" ||..o{ "posts" : "author"',
    "```",
  ]);
  expect(lines).toContain("- in these tables: 4 columns, 1 check");
});

test("each column of a composite primary key is marked, in the key's order, and the relation is a solid line", () => {
  const lines = linesOf(
    ...users,
    ...table(
      "member",
      { team: "text not null", user: "uuid not null" },
      'PRIMARY KEY ("user", team)',
      'FOREIGN KEY ("user") REFERENCES users(id)',
    ),
  );
  expect(lines.join("\n")).toContain('  "member" {\n    uuid user PK, FK\n    text team PK\n  }');
  expect(lines).toContain('  "users" ||--o{ "member" : "user"');
});

test("columns that are only unique together say with which", () => {
  const lines = linesOf(
    ...table("identity", { provider: "text", subject: "text" }, "UNIQUE NULLS NOT DISTINCT (provider, subject)"),
  );
  expect(lines).toContain('    text provider "unique with subject"');
  expect(lines).toContain('    text subject "unique with provider"');
});

test("a unique index counts as a key only where it covers all rows and plain columns", () => {
  const columns = { a: "text", b: "text", c: "text", d: "text" };
  const index = (name: string, definition: string) => object("index", "t", name, definition);
  const lines = linesOf(
    ...table("t", columns),
    index("whole", "unique USING btree (a) INCLUDE (d)"),
    index("partial", "unique USING btree (b) WHERE (b IS NOT NULL)"),
    index("expression", "unique USING btree (lower(c))"),
    index("plain", "USING btree (d)"),
  ).join("\n");
  expect(lines).toContain('"t" {\n    text a UK\n  }');
});

test.each([
  { column: "uuid not null", keys: [], sign: "||..o{" },
  { column: "uuid", keys: [], sign: "|o..o{" },
  { column: "uuid default gen_random_uuid()", keys: ["UNIQUE (author)"], sign: "|o..o|" },
  { column: "uuid not null", keys: ["PRIMARY KEY (author)"], sign: "||--o|" },
  { column: "uuid not null", keys: ["PRIMARY KEY (author, n)"], sign: "||--o{" },
])("a reference that is $column and has $keys is drawn as $sign", ({ column, keys, sign }) => {
  const posts = table("posts", { author: column, n: "integer" }, "FOREIGN KEY (author) REFERENCES users(id)", ...keys);
  expect(linesOf(...users, ...posts)).toContain(`  "users" ${sign} "posts" : "author"`);
});

test("a table of another migration is a bare box in the picture of the one that refers to it", () => {
  const posts = table("posts", { author: "uuid" }, "FOREIGN KEY (author) REFERENCES users(id)");
  const page = schemaDiagram(rehearsedManifest({ sets: users }, { sets: posts }));
  expect(page).toContain("2 tables, as they are");
  expect(sectionOf(page, 1)).toMatch(/^`1_step`: 1 table\n/);
  expect(sectionOf(page, 1)).not.toContain("posts");
  expect(sectionOf(page, 2)).toContain('"users" |o..o{ "posts"');
  expect(sectionOf(page, 2)).not.toContain('"users" {');
});

test("a key that a later migration adds is drawn where its table is, and listed where it was added", () => {
  const later = [
    object("column", "users", "manager", "uuid"),
    object("constraint", "users", "managed", "FOREIGN KEY (manager) REFERENCES users(id)"),
  ];
  const page = schemaDiagram(rehearsedManifest({ sets: users }, { sets: later }));
  expect(sectionOf(page, 1)).toContain('"users" |o..o{ "users" : "manager"');
  expect(sectionOf(page, 2)).toBe(
    "`2_step`\n\n- adds column `manager` of `users`\n- adds constraint `managed` of `users`\n",
  );
});

test("what a migration changes and removes is listed, and what goes with its table is not listed again", () => {
  const page = schemaDiagram(
    rehearsedManifest(
      { sets: [...users, ...table("old", { id: "integer" }, "PRIMARY KEY (id)")] },
      {
        sets: [object("column", "users", "email", "citext"), object("enum", "", "mood", "'ok'")],
        removes: [
          { kind: "table", of: "", name: "old" },
          { kind: "column", of: "old", name: "id" },
          { kind: "constraint", of: "users", name: "users_1" },
        ],
      },
      {},
    ),
  );
  expect(page).not.toContain('"old"');
  expect(sectionOf(page, 2).split("\n").slice(2, -1)).toEqual([
    "- changes column `email` of `users`",
    "- adds enum `mood`",
    "- removes table `old`",
    "- removes constraint `users_1` of `users`",
  ]);
  expect(sectionOf(page, 3)).toContain("Changes nothing");
});

test("a table that is dropped and made again is the later migration's", () => {
  const removes = users.map(({ kind, of, name }) => ({ kind, of, name }));
  const page = schemaDiagram(rehearsedManifest({ sets: users }, { removes }, { sets: users }));
  expect(sectionOf(page, 1)).not.toContain("erDiagram");
  expect(sectionOf(page, 1)).toContain("- adds table `users`");
  expect(sectionOf(page, 3)).toContain('"users" {');
});

test("names that Mermaid would take for something else are shown in characters that it takes", () => {
  const hostile = 'direction TB" {\n%% a\\b ``` ; end';
  const lines = linesOf(
    ...table(
      hostile,
      {
        pk: "integer not null",
        "1st, (col)": 'numeric(10,2)[] collate "de x" not null',
        'q"x': '"my default type" not null default 1',
      },
      "PRIMARY KEY (pk)",
      'FOREIGN KEY ("1st, (col)", "q""x") REFERENCES "oth(er"("a, b", c) ON DELETE SET NULL ("1st, (col)")',
    ),
  );
  const name = '"direction␣TB＂␣｛␣％％␣a＼b␣｀｀｀␣；␣end"';
  expect(lines).toContain(`  ${name} {`);
  expect(lines).toContain('    integer _pk PK "pk"');
  expect(lines).toContain('    numeric(10_2)[] _1st___col_ FK "1st, (col)"');
  expect(lines).toContain('    _my_default_type_ q_x FK "q＂x"');
  expect(lines).toContain(`  "oth（er" ||..o{ ${name} : "1st, (col), q＂x"`);
});

test("a remark never turns the diagram round", () => {
  const lines = linesOf(
    ...table("t", { a: "text", "direction  TB": "text" }, 'FOREIGN KEY ("direction  TB") REFERENCES t(a)'),
  );
  expect(lines).toContain('  "t" |o..o{ "t" : "direction:  TB"');
});

test("names in lists stay code, in one line", () => {
  const lines = linesOf(object("function", "", "f(a `text`)\n# b", ""));
  expect(lines).toContain("- adds function ``f(a `text`) # b``");
});

test("a manifest that was not rehearsed is no picture", () => {
  expect(() => schemaDiagram(manifestOf({ "1_a.up.sql": "select 1;" }))).toThrow("1_a was not rehearsed");
});
