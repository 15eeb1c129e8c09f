// Rules about changing and dropping columns.
import type { Action } from "../action.ts";
import { isProvenNotNull, type KnownSchema, nameKey, unprovenBy } from "../known-schema.ts";
import type { Context, Rule } from "../rule.ts";
import { needsRewrite, workOfTypeChange } from "../type-change.ts";
import { found, NOTHING } from "./finding.ts";

export const COLUMN_RULES: readonly Rule[] = [
  {
    id: "drop-column",
    title: "A column is dropped",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: null }],
    why: "The old version still reads and writes it, and its values are gone: no down file brings them back.",
    instead: "Drop it in a contract migration, when no version that knows it is left.",
    since: null,
    breaksOldCode:
      "What names the column fails with 42703; an INSERT without a list of columns puts values into the wrong ones.",
    isFineInContract: true,
    check: (action, { isExisting }) =>
      action.kind === "drop_column" && isExisting(action.table, action.column)
        ? found(action.table, action.column, "is dropped while the old version may still use it")
        : NOTHING,
    bad: ["alter table account drop column locale;"],
    failsWith: null,
    good: ["-- hj:phase contract after 1\nalter table account drop column locale;"],
  },
  {
    id: "rename-column",
    title: "A column is renamed",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: null }],
    why: "The old version uses the one name and the new version the other, and both are running.",
    instead:
      "Add a column with the new name, write both, fill the old rows in batches, and drop the old one in a contract migration.",
    since: null,
    breaksOldCode: "What names the column fails with 42703.",
    isFineInContract: true,
    check: (action, { isExisting }) =>
      action.kind === "rename_column" && isExisting(action.table, action.column)
        ? found(action.table, action.column, `becomes ${action.to} while the old version may still use it`)
        : NOTHING,
    bad: ["alter table account rename column locale to language;"],
    failsWith: null,
    good: [
      "alter table account add column language text;",
      "-- hj:transaction off\nupdate account set language = locale where language is null and id between 1 and 100;",
      "-- hj:phase contract after 2\nalter table account drop column locale;",
    ],
  },
  {
    id: "change-column-type",
    title: "A column gets a type that needs every row written anew",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: "rewrite" }],
    why: "Every row and every index is written anew, while nobody can read or write the table. It fails where a view uses the column.",
    instead:
      "Add a column of the new type, write both, fill the old rows in batches, and drop the old one in a contract migration. A longer varchar, or text for it, needs none of this.",
    since: null,
    breaksOldCode:
      "A prepared SELECT of the column fails once with 0A000; values that only the new type holds are out of range for it.",
    isFineInContract: false,
    check: (action, { isExisting, schema }) =>
      action.kind === "change_type" && isExisting(action.table) && needsRewrite(schema, action)
        ? found(action.table, action.column, `becomes ${action.type.name}: the table is written anew`)
        : NOTHING,
    bad: ["alter table account alter column logins type bigint;"],
    failsWith: null,
    good: ["alter table organization alter column slug type varchar(80);"],
  },
  {
    id: "change-indexed-column-type",
    title: "A column gets a type for which an index is built anew, or a check held against every row",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: "build" }],
    why: "The rows stay as they are, but not what depends on them, and nobody can read or write the table meanwhile. An index is built anew where its order changes, and always where it has an expression or a WHERE; a check is always held against every row.",
    instead:
      "Drop the index or the check in a migration before. Afterwards build the index with CREATE INDEX CONCURRENTLY, or add the check NOT VALID and validate it in the next migration.",
    since: null,
    breaksOldCode: "A prepared SELECT of the column fails once with 0A000.",
    isFineInContract: false,
    check: (action, { isExisting, schema }) => {
      if (action.kind !== "change_type" || !isExisting(action.table)) return NOTHING;
      const work = workOfTypeChange(schema, action);
      if (work !== "build" && work !== "scan") return NOTHING;
      const what = work === "build" ? "an index over it is built anew" : "a check of it is held against every row";
      return found(action.table, action.column, `becomes ${action.type.name}: ${what}, while everybody is kept out`);
    },
    bad: [
      "create index concurrently account_last_seen_at_idx on account (last_seen_at);",
      "alter table account alter column last_seen_at type timestamp;",
    ],
    failsWith: null,
    good: [
      "alter table account alter column last_seen_at type timestamp;",
      "create index concurrently account_last_seen_at_idx on account (last_seen_at);",
    ],
  },
  {
    id: "drop-not-null",
    title: "A column may be null from now on",
    level: "warning",
    locks: [{ table: "session", mode: "AccessExclusiveLock", work: null }],
    why: "The old version reads the column and expects a value.",
    instead: "Do it when every running version can read a null, in a contract migration.",
    since: null,
    breaksOldCode: "It reads a null where it never saw one.",
    isFineInContract: true,
    check: (action, { isExisting, schema }) => {
      if (action.kind !== "drop_not_null" || !isExisting(action.table, action.column)) return NOTHING;
      if (schema.get(nameKey(action.table))?.columns.get(action.column)?.isNotNull === false) return NOTHING;
      return found(action.table, action.column, "may be null from now on, and the old version does not expect it");
    },
    bad: ["alter table session alter column token drop not null;"],
    failsWith: null,
    good: ["-- hj:phase contract after 1\nalter table session alter column token drop not null;"],
  },
  {
    id: "set-not-null",
    title: "A column must not be null from now on, and nothing has proven yet that it is not",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: "scan" }],
    why: "All rows are read, while nobody can read or write the table.",
    instead:
      "Add CHECK (c IS NOT NULL) NOT VALID, validate it in the next migration, then SET NOT NULL, which takes the check as proof, and drop the check.",
    since: "From PostgreSQL 18 also ADD CONSTRAINT ... NOT NULL c NOT VALID, and VALIDATE CONSTRAINT.",
    breaksOldCode: "Its INSERT fails with 23502 where it leaves the column out.",
    isFineInContract: false,
    check: (action, { isExisting, schema }) => {
      if ((action.kind !== "set_not_null" && action.kind !== "add_constraint") || !isExisting(action.table))
        return NOTHING;
      return madeNotNull(action, schema).flatMap((column) =>
        found(action.table, column, "is read in every row, under a lock that keeps everybody out"),
      );
    },
    bad: ["alter table account alter column organization_id set not null;"],
    failsWith: null,
    good: [
      "alter table account add constraint account_organization check (organization_id is not null) not valid;",
      "alter table account validate constraint account_organization;",
      "alter table account alter column organization_id set not null;\nalter table account drop constraint account_organization;",
    ],
  },
  {
    id: "drop-default",
    title: "The default of a column is dropped",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: null }],
    why: "The old version leaves the column out of its INSERT, because it has a default.",
    instead: "Keep the default until no old version is left, and drop it in a contract migration.",
    since: null,
    breaksOldCode: "Its INSERT fails with 23502, or stores a null.",
    isFineInContract: true,
    check: (action, context) => {
      const { isExisting, schema } = context;
      if (action.kind !== "drop_default" || !isExisting(action.table)) return NOTHING;
      const known = schema.get(nameKey(action.table))?.columns.get(action.column);
      if (known?.default === "none" && known.generated === null) return NOTHING;
      // Nobody has relied yet on the default of a column that comes with the same file, unless it must not be null.
      if (!isExisting(action.table, action.column) && known?.isNotNull === false) return NOTHING;
      return getsAnother(action, context)
        ? NOTHING
        : found(action.table, action.column, "loses its default, on which the INSERT of the old version may rely");
    },
    bad: ["alter table account alter column locale drop default;"],
    failsWith: null,
    good: ["-- hj:phase contract after 1\nalter table account alter column locale drop default;"],
  },
  {
    id: "change-default",
    title: "The default of a column changes",
    level: "warning",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: null }],
    why: "Rows that the old version inserts silently get the new value from now on.",
    instead: "Let the new version name the value, and change the default in a contract migration.",
    since: null,
    breaksOldCode: "It stores another value than it was written for.",
    isFineInContract: true,
    check: (action, { isExisting, schema }) => {
      if (action.kind !== "set_default" || !isExisting(action.table, action.column)) return NOTHING;
      const known = schema.get(nameKey(action.table))?.columns.get(action.column);
      const isOther = known !== undefined && (known.default !== "none" || known.generated !== null);
      return isOther
        ? found(action.table, action.column, "gets another default, also for what the old version inserts")
        : NOTHING;
    },
    bad: ["alter table account alter column locale set default 'de';"],
    failsWith: null,
    good: ["alter table session alter column data set default '{}';"],
  },
];

/** True where the same transaction gives the column a default again, as around a change of its type. */
function getsAnother(
  action: Extract<Action, { readonly column: string; readonly table: unknown }>,
  { statement, after, isTransactional }: Context,
): boolean {
  const rest = statement.actions.slice(statement.actions.indexOf(action) + 1);
  const later = [...rest, ...(isTransactional ? after() : []).flatMap(({ actions }) => actions)];
  return later.some(
    (other) =>
      other.kind === "set_default" && other.column === action.column && nameKey(other.table) === nameKey(action.table),
  );
}

/** Columns that must not be null from now on, and of which nothing has proven it. */
function madeNotNull(action: Action, schema: KnownSchema): readonly string[] {
  if (action.kind === "add_constraint") return unprovenBy(schema, action.table, action.constraint);
  if (action.kind !== "set_not_null" || isProvenNotNull(schema, action.table, action.column)) return [];
  return [action.column];
}
