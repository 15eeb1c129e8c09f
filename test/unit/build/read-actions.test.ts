import { describe, expect, test } from "vitest";
import { loadParser, parseSql } from "../../../src/build/parse-sql.ts";
import { readStatement } from "../../../src/build/read-actions.ts";
import type { Action, JudgedStatement } from "../../../src/hazards/action.ts";

await loadParser();

function read(sql: string): JudgedStatement {
  const parsed = parseSql(sql);
  if ("offset" in parsed || parsed[0] === undefined) throw new TypeError(sql);
  return readStatement(parsed[0]);
}

const account = { schema: null, name: "account" };
const plain = { name: null, columns: [], references: null, isNotValid: false, index: null, proves: [] };

describe("a statement is read as what it does", () => {
  test.each<[sql: string, actions: readonly object[]]>([
    [
      "alter table account drop column name, drop column if exists locale cascade",
      [
        { kind: "drop_column", table: account, column: "name", isCascade: false },
        { kind: "drop_column", table: account, column: "locale", isCascade: true },
      ],
    ],
    [
      "alter table billing.account rename column a to b",
      [{ kind: "rename_column", table: { schema: "billing", name: "account" }, column: "a", to: "b" }],
    ],
    [
      "alter table account alter name type varchar(20)",
      [
        {
          kind: "change_type",
          table: account,
          column: "name",
          type: { name: "varchar", modifiers: [20], isArray: false },
          hasUsing: false,
          hasCollation: false,
        },
      ],
    ],
    [
      "alter table account alter name type text[] using '{}'",
      [
        {
          kind: "change_type",
          table: account,
          column: "name",
          type: { name: "text", modifiers: [], isArray: true },
          hasUsing: true,
          hasCollation: false,
        },
      ],
    ],
    [
      "alter table account alter name set not null, alter name drop not null",
      [
        { kind: "set_not_null", table: account, column: "name" },
        { kind: "drop_not_null", table: account, column: "name" },
      ],
    ],
    [
      "alter table account alter name set default 'x', alter name drop default",
      [
        { kind: "set_default", table: account, column: "name" },
        { kind: "drop_default", table: account, column: "name" },
      ],
    ],
    [
      "alter table account add constraint c check (a is not null and b > 0) not valid",
      [
        {
          kind: "add_constraint",
          table: account,
          constraint: { ...plain, name: "c", kind: "check", columns: ["a", "b"], isNotValid: true, proves: ["a"] },
        },
      ],
    ],
    [
      "alter table account add check (a is not null or b > 0)",
      [{ kind: "add_constraint", table: account, constraint: { ...plain, kind: "check", columns: ["a", "b"] } }],
    ],
    [
      "alter table account add foreign key (a, b) references plan",
      [
        {
          kind: "add_constraint",
          table: account,
          constraint: {
            ...plain,
            kind: "foreign_key",
            columns: ["a", "b"],
            references: { schema: null, name: "plan" },
          },
        },
      ],
    ],
    [
      "alter table account add constraint p primary key using index i",
      [
        {
          kind: "add_constraint",
          table: account,
          constraint: { ...plain, name: "p", kind: "primary_key", index: "i" },
        },
      ],
    ],
    [
      "alter table account add constraint n not null a not valid",
      [
        {
          kind: "add_constraint",
          table: account,
          constraint: { ...plain, name: "n", kind: "not_null", columns: ["a"], proves: ["a"], isNotValid: true },
        },
      ],
    ],
    [
      "alter table account validate constraint c, drop constraint d, drop constraint e cascade",
      [
        { kind: "validate_constraint", table: account, constraint: "c" },
        { kind: "drop_constraint", table: account, constraint: "d", isCascade: false },
        { kind: "drop_constraint", table: account, constraint: "e", isCascade: true },
      ],
    ],
    ["alter table account set logged", [{ kind: "rewrite_table", table: account, command: "SET LOGGED" }]],
    [
      "alter table account set (fillfactor = 70)",
      [{ kind: "alter_table", table: account, command: "SET REL OPTIONS", mode: "ShareUpdateExclusiveLock" }],
    ],
    [
      "alter table account replica identity full",
      [{ kind: "alter_table", table: account, command: "REPLICA IDENTITY", mode: "AccessExclusiveLock" }],
    ],
    ["alter table account enable row level security", [{ kind: "row_security", table: account, command: "enable" }]],
    ["alter table account owner to postgres", [{ kind: "change_owner", what: "table", name: account }]],
    [
      "alter table account attach partition p default",
      [{ kind: "attach_partition", table: account, partition: { schema: null, name: "p" } }],
    ],
    [
      "alter table account detach partition p concurrently",
      [{ kind: "detach_partition", table: account, partition: { schema: null, name: "p" }, isConcurrent: true }],
    ],
    ["alter index account_idx set (fillfactor = 70)", []],
    [
      "alter table account rename to user_account",
      [{ kind: "rename", what: "table", name: account, to: "user_account" }],
    ],
    [
      "alter schema billing rename to money",
      [{ kind: "rename", what: "schema", name: { schema: null, name: "billing" }, to: "money" }],
    ],
    ["alter table account set schema billing", [{ kind: "set_schema", what: "table", name: account, to: "billing" }]],
    [
      "drop table if exists account, billing.plan cascade",
      [
        { kind: "drop", what: "table", name: account, table: null, isCascade: true },
        { kind: "drop", what: "table", name: { schema: "billing", name: "plan" }, table: null, isCascade: true },
      ],
    ],
    [
      "drop trigger t on billing.account",
      [
        {
          kind: "drop",
          what: "trigger",
          name: { schema: null, name: "t" },
          table: { schema: "billing", name: "account" },
          isCascade: false,
        },
      ],
    ],
    [
      "drop function f(int)",
      [{ kind: "drop", what: "function", name: { schema: null, name: "f" }, table: null, isCascade: false }],
    ],
    [
      "drop type plan",
      [{ kind: "drop", what: "type", name: { schema: null, name: "plan" }, table: null, isCascade: false }],
    ],
    [
      "drop index concurrently account_idx",
      [
        {
          kind: "drop_index",
          index: { schema: null, name: "account_idx" },
          isConcurrent: true,
          mayBeMissing: false,
          isCascade: false,
        },
      ],
    ],
    [
      "drop index if exists account_idx cascade",
      [
        {
          kind: "drop_index",
          index: { schema: null, name: "account_idx" },
          isConcurrent: false,
          mayBeMissing: true,
          isCascade: true,
        },
      ],
    ],
    [
      "create unique index concurrently if not exists i on only account (a, lower(b)) where a > 0",
      [
        {
          kind: "create_index",
          table: account,
          index: "i",
          columns: ["a", null],
          uses: ["b", "a"],
          isUnique: true,
          isPartial: true,
          isConcurrent: true,
          mayExist: true,
          isOnly: true,
        },
      ],
    ],
    [
      "create index on account (a)",
      [
        {
          kind: "create_index",
          table: account,
          index: null,
          columns: ["a"],
          uses: [],
          isUnique: false,
          isPartial: false,
          isConcurrent: false,
          mayExist: false,
          isOnly: false,
        },
      ],
    ],
    ["reindex table concurrently account", [{ kind: "reindex", of: "table", name: account, isConcurrent: true }]],
    ["truncate account cascade", [{ kind: "truncate", table: account, isCascade: true }]],
    [
      "alter type plan add value 'gold'",
      [{ kind: "add_enum_value", type: { schema: null, name: "plan" }, value: "gold" }],
    ],
    [
      "alter type plan rename value 'gold' to 'silver'",
      [{ kind: "rename_enum_value", type: { schema: null, name: "plan" }, value: "gold" }],
    ],
    ["update account set a = 1", [{ kind: "update", table: account, isWhole: true }]],
    ["update account set a = 1 where a is null", [{ kind: "update", table: account, isWhole: false }]],
    ["delete from account where true", [{ kind: "delete", table: account, isWhole: true }]],
    [
      "with gone as (delete from account returning *) insert into archive select * from gone",
      [
        { kind: "insert", table: { schema: null, name: "archive" }, hasSelect: true },
        { kind: "delete", table: account, isWhole: true },
      ],
    ],
    ["set local lock_timeout = '1s'", [{ kind: "set", setting: "lock_timeout", value: "1s", isLocal: true }]],
    ["reset lock_timeout", [{ kind: "set", setting: "lock_timeout", value: null, isLocal: false }]],
    [
      "select set_config('lock_timeout', '0', true)",
      [{ kind: "set", setting: "lock_timeout", value: "0", isLocal: true }],
    ],
    ["savepoint a", [{ kind: "transaction", command: "SAVEPOINT" }]],
    ["discard all", [{ kind: "transaction", command: "DISCARD" }]],
    ["do $$ begin execute 'drop table a'; end $$", [{ kind: "opaque", command: "DO", hides: "EXECUTE" }]],
    ["do $$ begin perform 1; end $$", [{ kind: "opaque", command: "DO", hides: null }]],
    ["lock table account in share mode", [{ kind: "lock_table", table: account, mode: "ShareLock" }]],
    ["vacuum full account", [{ kind: "rewrite_table", table: account, command: "VACUUM FULL" }]],
    ["vacuum account", []],
    [
      "refresh materialized view concurrently report",
      [{ kind: "refresh_view", view: { schema: null, name: "report" }, isConcurrent: true }],
    ],
    [
      "create trigger t before insert on account for each row execute function f()",
      [{ kind: "create_trigger", table: account, trigger: "t" }],
    ],
    [
      "create policy p on account using (true)",
      [
        { kind: "row_security", table: account, command: "policy" },
        { kind: "create", what: "policy", name: { schema: null, name: "p" }, table: account },
      ],
    ],
    ["grant select on account to app", [{ kind: "grant", on: [account] }]],
    ["revoke select on account from app", [{ kind: "revoke", on: [account] }]],
    [
      "alter domain email add constraint c check (value <> '') not valid",
      [{ kind: "add_domain_constraint", domain: { schema: null, name: "email" }, isNotValid: true }],
    ],
    [
      "create function f() returns int begin atomic update account set a = 1; select 1; end",
      [{ kind: "create", what: "function", name: { schema: null, name: "f" }, table: null }],
    ],
    [
      "create rule r as on insert to account do also delete from plan",
      [{ kind: "alter_table", table: account, command: "CREATE RULE", mode: "AccessExclusiveLock" }],
    ],
    ["create view v as select 1", [{ kind: "create", what: "view", name: { schema: null, name: "v" }, table: null }]],
  ])("%s", (sql, actions) => {
    expect(read(sql).actions).toEqual(actions);
  });
});

describe("a new column", () => {
  function column(definition: string) {
    const [action] = read(`alter table account add column ${definition}`).actions;
    if (action?.kind !== "add_column") throw new TypeError(definition);
    return action;
  }

  test.each([
    ["a int", "none"],
    ["a int default null", "none"],
    ["a int default 1", "constant"],
    ["a timestamptz default now()", "constant"],
    ["a timestamptz default current_timestamp", "constant"],
    ["a text default lower('A') || 'b'", "constant"],
    ["a uuid default gen_random_uuid()", "volatile"],
    ["a text default 'x' || nextval('s')", "volatile"],
    ["a text default my_function()", "volatile"],
  ])("%s has a default that is %s", (definition, value) => {
    expect(column(definition).added.default).toBe(value);
  });

  test.each([
    ["a serial", "serial"],
    ["a bigserial", "serial"],
    ["a int generated by default as identity", "identity"],
    ["a int generated always as (1 + 2) stored", "stored"],
    ["a int generated always as (1 + 2) virtual", "virtual"],
    ["a int", null],
  ])("%s is generated as %s", (definition, generated) => {
    expect(column(definition).added.generated).toBe(generated);
  });

  test.each([
    ["a int", false],
    ["a int null", false],
    ["a int not null", true],
    ["a int primary key", true],
    ["a serial", true],
  ])("%s must not be null: %s", (definition, isNotNull) => {
    expect(column(definition).added.isNotNull).toBe(isNotNull);
  });

  test("has the constraints that stand beside it, over itself", () => {
    const { constraints } = column("a int constraint u unique check (a is not null) references plan (id)");
    expect(constraints.map(({ kind, name, columns, proves }) => [kind, name, columns, proves])).toEqual([
      ["unique", "u", ["a"], []],
      ["check", null, ["a"], ["a"]],
      ["foreign_key", null, ["a"], []],
    ]);
  });
});

test("a new table has its columns and the constraints of both kinds", () => {
  const [action] = read("create temp table t (a int primary key, b int references plan, unique (a, b))").actions;
  expect(action).toMatchObject({
    kind: "create_table",
    isTemporary: true,
    columns: [{ name: "a" }, { name: "b" }],
    constraints: [{ kind: "primary_key" }, { kind: "foreign_key" }, { kind: "unique", columns: ["a", "b"] }],
  } satisfies Partial<Action> | object);
});

test.each<[sql: string, mayExist: boolean]>([
  ["create table t (a int)", false],
  ["create table if not exists t (a int)", true],
  ["create table if not exists t as select 1", true],
])("a table may be there already: %s: %s", (sql, mayExist) => {
  expect(read(sql).actions[0]).toMatchObject({ mayExist });
});

test("a partition says of which table", () => {
  const [action] = read("create table t partition of event for values in (1)").actions;
  expect(action).toMatchObject({ partitionOf: { schema: null, name: "event" }, isPartitioned: false });
  expect(read("create table t (a int) partition by list (a)").actions[0]).toMatchObject({ isPartitioned: true });
});

test("a statement tells its string constants and the functions that it calls", () => {
  const { strings, calls } = read("insert into account select 'gold', pg_catalog.lower('A') from f(1)");
  expect(strings).toEqual(["gold", "A"]);
  expect(calls).toEqual(["lower", "f"]);
});

test.each<[using: string, hasUsing: boolean]>([
  ["", false],
  ["using a", false],
  ["using a::varchar(20)", false],
  ["using cast(a as varchar(20))", false],
  ["using a::varchar(10)", true],
  ["using b", true],
  ["using b::varchar(20)", true],
  ["using trim(a)", true],
])("a type is changed by an expression of its own: %s, %s", (using, hasUsing) => {
  const sql = `alter table account alter a type varchar(20) ${using}`;
  expect(read(sql).actions).toMatchObject([{ kind: "change_type", hasUsing }]);
});

test.each([
  ["add constraint c check (value > 0)", [{ kind: "add_domain_constraint", isNotValid: false }]],
  ["validate constraint c", [{ kind: "add_domain_constraint", isNotValid: false }]],
  ["set not null", [{ kind: "add_domain_constraint", isNotValid: false }]],
  ["drop not null", []],
  ["set default 1", []],
])("what is stored is held against a domain where it has to be: %s", (command, actions) => {
  expect(read(`alter domain d ${command}`).actions).toMatchObject(actions);
});

test("a constraint that gets another name is told by both", () => {
  const [action] = read("alter table account rename constraint a to b").actions;
  expect(action).toEqual({ kind: "rename_constraint", table: account, constraint: "a", to: "b" });
});

describe("names that PostgreSQL cuts off", () => {
  const ascii = "a".repeat(64);
  test.each<[what: string, sql: string, cut: readonly string[]]>([
    ["one of 63 bytes is kept", `create table ${"a".repeat(63)} (id int)`, []],
    ["one of 64 bytes is not", `create table ${ascii} (id int)`, [ascii]],
    [
      "neither in quotes, with spaces and a quote inside",
      `create table "${" a".repeat(32)}""" (id int)`,
      [`${" a".repeat(32)}"`],
    ],
    ["letters beyond ASCII count as their bytes", `create table ${"ä".repeat(32)} (id int)`, ["ä".repeat(32)]],
    ["31 of them are kept", `create table ${"ä".repeat(31)} (id int)`, []],
    ["what stands in a string or a comment is no name", `select '${ascii}' -- ${ascii}\n/* ${ascii} */`, []],
  ])("%s", (_what, sql, cut) => {
    expect(read(sql).cutNames).toEqual(cut);
  });
});
