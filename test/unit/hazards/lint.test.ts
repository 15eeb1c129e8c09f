import { describe, expect, test, vi } from "vitest";
import { foresee, judgedFile } from "../../../src/build/foresee.ts";
import { loadParser } from "../../../src/build/parse-sql.ts";
import { lint } from "../../../src/hazards/lint.ts";
import type { Rule } from "../../../src/hazards/rule.ts";
import { RULES } from "../../../src/hazards/rules.ts";
import { hazardsOf } from "../../support/judged-example.ts";
import { manifestOf } from "../../support/manifest.ts";

await loadParser();

/** `[line, message]` of every problem, and the reasons of what is allowed, of files 1, 2 and so on. */
function judged(...files: readonly string[]) {
  const { manifest, problems } = foresee(
    manifestOf(Object.fromEntries(files.map((sql, index) => [`${index + 1}_a.up.sql`, sql]))),
  );
  const hazards = manifest.migrations.flatMap(({ foreseen }) => foreseen?.hazards ?? []);
  return {
    problems: problems.map(({ line, message }) => [line, message]),
    hazards: hazards.map(({ rule, object, allowed }) => [rule, object, allowed]),
  };
}

describe("a waiver", () => {
  const drop = "alter table account drop column locale;";

  test("allows one rule for one object, with its reason", () => {
    expect(
      judged(`-- hj:allow drop-column account.locale nobody reads it\n${drop}\nalter table account drop column name;`),
    ).toEqual({
      problems: [],
      hazards: [
        ["drop-column", "account.locale", "nobody reads it"],
        ["drop-column", "account.name", null],
      ],
    });
  });

  test.each([
    ["a rule that is none", "drop-colunm account.locale x", "-- hj:allow names drop-colunm, which is no rule"],
    [
      "an object that is not found",
      "drop-column account.local x",
      "-- hj:allow drop-column account.local allows nothing: it is not found there",
    ],
    [
      "a rule that finds nothing",
      "drop-table account x",
      "-- hj:allow drop-table account allows nothing: it is not found there",
    ],
  ])("that names %s is a problem with its line", (_what, waiver, message) => {
    expect(judged(`-- A comment.\n-- hj:allow ${waiver}\n${drop}`).problems).toEqual([[2, message]]);
  });

  test("that names a rule that is none is told which one may have been meant", () => {
    const { problems } = foresee(manifestOf({ "1_a.up.sql": `-- hj:allow drop-colum account.locale x\n${drop}` }));
    expect(problems.map(({ hint }) => hint)).toEqual(["Perhaps drop-column. hj migrations explain lists all rules."]);
  });

  test("that is given twice is a problem, though it allows something", () => {
    const waiver = "-- hj:allow drop-column account.locale x";
    expect(judged(`${waiver}\n${waiver}\n${drop}`).problems).toEqual([
      [2, "-- hj:allow drop-column account.locale is given twice"],
    ]);
  });

  test("names what has a space in its name in double quotes, as the finding does", () => {
    const { problems, hazards } = judged(
      '-- hj:allow drop-column "My Table"."a.b" gone\nalter table public."My Table" drop column "a.b";',
    );
    expect({ problems, hazards }).toEqual({ problems: [], hazards: [["drop-column", '"My Table"."a.b"', "gone"]] });
  });

  test("holds in its own file only", () => {
    expect(judged(`-- hj:allow drop-column account.locale x\n${drop}`, drop).hazards).toEqual([
      ["drop-column", "account.locale", "x"],
      ["drop-column", "account.locale", null],
    ]);
  });
});

describe("what statements have made before", () => {
  test.each([
    [
      "a table that the same file creates is nobody's hot table",
      [
        "create table t (a int); create index on t (a); alter table t alter a set not null; update t set a = 1; drop table t;",
      ],
    ],
    [
      "also under the name that it gets there",
      ["create table t (a int); alter table t rename to u; create index on u (a);"],
    ],
    [
      "also where each statement has its own transaction",
      ["-- hj:transaction off\ncreate table t (a int);\ncreate index on t (a);"],
    ],
    [
      "a column that the same file adds may be dropped and renamed",
      [
        "alter table account add column a int;\nalter table account rename column a to b;\nalter table account alter column b set default 1;",
      ],
    ],
    [
      "a check that an earlier migration validated proves a column",
      [
        "alter table account add constraint c check (organization_id is not null) not valid;",
        "alter table account validate constraint c;",
        "alter table account alter organization_id set not null;",
      ],
    ],
    ["a column that is not null already is", ["alter table account alter email set not null;"]],
    [
      "a wider varchar is no rewrite, because the present type is known",
      ["alter table organization alter slug type varchar(41);", "alter table organization alter slug type text;"],
    ],
    [
      "a foreign key to its own new table locks nothing",
      ["create table node (id bigint primary key, parent bigint references node (id)); create index on node (parent);"],
    ],
    ["a temporary table is nobody's", ["create temp table t as select 1 as a; update t set a = 2;"]],
    [
      "a partitioned table's own index alone builds nothing",
      ["create index event_happened_idx on only event (happened_at);"],
    ],
    [
      "a table that no migration made, made anew by the file, is a new one",
      ["drop table if exists elsewhere;\ncreate table elsewhere (id bigint primary key);"],
    ],
    [
      "a type that is put back in the same transaction is there",
      [
        "drop function touch() cascade; create function touch() returns trigger language plpgsql as $$ begin return new; end $$;",
      ],
    ],
  ])("%s", (_what, files) => {
    expect(hazardsOf(files).flat()).toEqual([]);
  });

  test("a unique constraint that the same transaction makes again is never missed", () => {
    const again = "alter table organization add constraint organization_slug_key unique (slug);";
    const found = hazardsOf([`alter table organization drop constraint organization_slug_key;\n${again}`]).flat();
    expect(found).toEqual(["add-unique-constraint organization.organization_slug_key"]);
  });

  test.each<[string, readonly string[], readonly string[]]>([
    [
      "a check that was not validated proves nothing",
      [
        "alter table account add constraint c check (organization_id is not null) not valid;",
        "alter table account alter organization_id set not null;",
      ],
      ["set-not-null account.organization_id"],
    ],
    [
      "a check that was dropped proves nothing",
      [
        "alter table account add constraint c check (organization_id is not null) not valid;",
        "alter table account validate constraint c;",
        "alter table account drop constraint c;",
        "alter table account alter organization_id set not null;",
      ],
      ["set-not-null account.organization_id"],
    ],
    ["a table that no migration made is taken for hot", ["create index on elsewhere (a);"], ["create-index elsewhere"]],
    [
      "a table that is there already is not new by CREATE TABLE IF NOT EXISTS",
      ["create table if not exists account (id serial primary key);\ncreate index account_i on account (email);"],
      ["create-index account.account_i"],
    ],
    [
      "a column that is there already is not new by ADD COLUMN IF NOT EXISTS",
      ["alter table account add if not exists locale text;\nalter table account drop column locale;"],
      ["drop-column account.locale"],
    ],
    [
      "a table is not new because a policy is called like it",
      ["create policy account on account using (true);\ncreate index account_i on account (email);"],
      ["create-index account.account_i"],
    ],
    [
      "a table that is dropped and made anew has lost its rows",
      ["drop table invoice;\ncreate table invoice (id bigint primary key);"],
      ["drop-table invoice"],
    ],
    [
      "a table that is locked under its old name is no second one under the new",
      ["-- hj:phase contract after 1\nalter table account rename to person;\nalter table person add a int;"],
      [],
    ],
    [
      "a type that is not known is taken for one that needs a rewrite",
      ["alter table elsewhere alter a type text;"],
      ["change-column-type elsewhere.a"],
    ],
    [
      "a narrower varchar is a rewrite",
      ["alter table organization alter slug type varchar(20);"],
      ["change-column-type organization.slug"],
    ],
    [
      "a new table of an earlier migration is hot",
      ["create table t (id bigint primary key, a int);", "create index on t (a);"],
      ["create-index t"],
    ],
    [
      "a table follows its new name",
      ["-- hj:phase contract after 1\nalter table session rename to login;", "create index on login (token);"],
      ["create-index login"],
    ],
    [
      "each statement of its own transaction holds nothing of the one before",
      ["-- hj:transaction off\nalter table account add column a int;\nupdate session set data = '' where id = 1;"],
      [],
    ],
    [
      "a serial has a default, which can be dropped and changed",
      [
        "create table t (id bigserial primary key, n bigserial);",
        "alter table t alter id drop default, alter n set default 1, alter n drop default;",
      ],
      ["drop-default t.id", "change-default t.n", "drop-default t.n"],
    ],
    [
      "an identity column without its identity has no default, and nothing more to lose",
      [
        "create table t (id bigint generated by default as identity primary key);",
        "alter table t alter id drop identity, alter id drop default;",
      ],
      ["drop-default t.id"],
    ],
    [
      "a strong lock is held for the statements behind it",
      ["alter table account add column a int;\nupdate session set data = '' where id = 1;"],
      ["unbatched-rows session"],
    ],
    [
      "rows that a CTE changes are changed too",
      ["with gone as (delete from session returning id) select count(*) from gone;"],
      ["unbatched-rows session"],
    ],
    [
      "a unique index is missed where no other one has its columns",
      [
        "-- hj:transaction off\ncreate unique index concurrently u on account (email) where name is not null;\ndrop index concurrently account_email_idx;",
      ],
      ["drop-unique account.account_email_idx"],
    ],
  ])("%s", (_what, files, expected) => {
    expect(hazardsOf(files).flat()).toEqual(expected);
  });
});

describe("a contract migration", () => {
  test("may take away what old code needs", () => {
    expect(
      hazardsOf(["-- hj:phase contract after 1\nalter table account drop column locale, drop column logins;"]).flat(),
    ).toEqual([]);
  });

  test("is still told what locks and rewrites", () => {
    expect(hazardsOf(["-- hj:phase contract after 1\nalter table account alter logins type bigint;"]).flat()).toEqual([
      "change-column-type account.logins",
    ]);
  });
});

test("a rule is asked once for each thing that a statement does, however long the file is", () => {
  const lines = Array.from({ length: 2_000 }, (_, line) => `alter table account add column c${line} int;`);
  const [migration] = manifestOf({ "1_a.up.sql": lines.join("\n") }).migrations;
  const [rule] = RULES;
  if (migration === undefined || rule === undefined) throw new TypeError("nothing to count");
  const check = vi.fn<Rule["check"]>(() => []);
  lint([judgedFile(migration)], [{ ...rule, check }]);
  expect(check).toHaveBeenCalledTimes(2_000);
});
