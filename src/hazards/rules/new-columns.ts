// Rules about adding columns.
import type { Rule } from "../rule.ts";
import { found, NOTHING } from "./finding.ts";
import { typesGiven } from "./types-given.ts";

export const NEW_COLUMN_RULES: readonly Rule[] = [
  {
    id: "add-column-not-null",
    title: "A new column that must not be null and has no default",
    level: "error",
    locks: [{ table: "invoice", mode: "AccessExclusiveLock", work: "scan" }],
    why: "It fails where the table has rows. Where it has none, the INSERT of the old version, which does not name the column, fails from then on.",
    instead: "Give it a constant default, or let it be null until no old version is left.",
    since: null,
    breaksOldCode: "Its INSERT fails with 23502.",
    isFineInContract: false,
    check: (action, { isExisting }) =>
      action.kind === "add_column" &&
      isExisting(action.table) &&
      action.added.isNotNull &&
      action.added.default === "none" &&
      action.added.generated === null
        ? found(action.table, action.added.name, "must not be null and has no default")
        : NOTHING,
    bad: ["alter table invoice add column region text not null;"],
    failsWith: null,
    good: ["alter table invoice add column region text not null default 'eu';"],
  },
  {
    id: "add-column-volatile-default",
    title: "A new column whose default has to be computed for every row",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: "rewrite" }],
    why: "Every row and every index is written anew, while nobody can read or write the table. A constant default, and now(), are kept once in the catalog instead.",
    instead: "Add the column without a default, set the default in a second statement, fill the old rows in batches.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { isExisting }) =>
      action.kind === "add_column" &&
      isExisting(action.table) &&
      action.added.default === "volatile" &&
      action.added.generated === null
        ? found(action.table, action.added.name, "gets a value computed for every row: the table is written anew")
        : NOTHING,
    bad: ["alter table account add column api_key uuid default gen_random_uuid();"],
    failsWith: null,
    good: [
      "alter table account add column api_key uuid;\nalter table account alter column api_key set default gen_random_uuid();",
      "-- hj:transaction off\nupdate account set api_key = gen_random_uuid() where api_key is null and id between 1 and 50;\nupdate account set api_key = gen_random_uuid() where api_key is null and id between 51 and 100;",
    ],
  },
  {
    id: "add-column-generated",
    title: "A new serial, identity or stored generated column",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: "rewrite" }],
    why: "Every row and every index is written anew, while nobody can read or write the table.",
    instead:
      "Add a plain column and let its default take from a sequence, or a trigger compute it; fill the old rows in batches.",
    since: "From PostgreSQL 18 a virtual generated column writes nothing.",
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { isExisting }) =>
      action.kind === "add_column" &&
      isExisting(action.table) &&
      action.added.generated !== null &&
      action.added.generated !== "virtual"
        ? found(action.table, action.added.name, `is ${KINDS[action.added.generated]}: the table is written anew`)
        : NOTHING,
    bad: ["alter table account add column number bigserial;"],
    failsWith: null,
    good: [
      "create sequence account_number;\nalter table account add column number bigint;\nalter table account alter column number set default nextval('account_number');",
    ],
  },
  {
    id: "json-column",
    title: "A column of type json",
    level: "warning",
    locks: [{ table: "session", mode: "AccessExclusiveLock", work: null }],
    why: "json has no equality: SELECT DISTINCT, GROUP BY and UNION over the column fail, and it cannot be indexed.",
    instead: "Use jsonb.",
    since: null,
    breaksOldCode: "SELECT DISTINCT * of the old version fails with 42883.",
    isFineInContract: false,
    check: (action) =>
      typesGiven(action).flatMap(({ table, column, type }) =>
        type.name === "json" ? found(table, column, "is of type json, which has no equality") : NOTHING,
      ),
    bad: ["alter table session add column settings json;"],
    failsWith: null,
    good: ["alter table session add column settings jsonb;"],
  },
];

const KINDS = { serial: "a serial", identity: "an identity column", stored: "generated and stored" } as const;
