// Rules about foreign keys, which lock two tables.
import type { ObjectName } from "../../migration/manifest.ts";
import type { Action } from "../action.ts";
import { nameKey } from "../known-schema.ts";
import { objectText } from "../object-text.ts";
import type { Context, Rule } from "../rule.ts";
import { constraintsOf, nameOf, onTable } from "./added-constraints.ts";
import { found, NOTHING } from "./finding.ts";

export const FOREIGN_KEY_RULES: readonly Rule[] = [
  {
    id: "add-foreign-key",
    title: "A foreign key that is looked up for every row at once",
    level: "error",
    locks: [
      { table: "session", mode: "ShareRowExclusiveLock", work: "scan" },
      { table: "account", mode: "ShareRowExclusiveLock", work: "scan" },
    ],
    why: "All rows are looked up, while nobody can write to either of the two tables.",
    instead:
      "Add it NOT VALID, which holds for new rows at once, and VALIDATE CONSTRAINT in the next migration: that keeps nobody out.",
    since: "On a partitioned table NOT VALID needs PostgreSQL 18.",
    breaksOldCode: "A row without its parent is refused with 23503.",
    isFineInContract: false,
    check: (action, context) =>
      constraintsOf(action, context).flatMap(({ table, constraint }) => {
        const isScanned = !constraint.isNotValid && (action.kind !== "add_column" || action.added.default !== "none");
        return constraint.kind === "foreign_key" && isScanned
          ? found(table, nameOf(constraint), "is looked up for every row, while nobody can write to the two tables")
          : NOTHING;
      }),
    bad: [
      "alter table session add constraint session_account_id_fkey foreign key (account_id) references account (id);",
    ],
    failsWith: null,
    good: [
      "alter table session add constraint session_account_id_fkey foreign key (account_id) references account (id) not valid;",
      "alter table session validate constraint session_account_id_fkey;",
    ],
  },
  {
    id: "drop-foreign-key",
    title: "A foreign key is dropped together with other work",
    level: "warning",
    locks: [
      { table: "account", mode: "AccessExclusiveLock", work: null },
      { table: "organization", mode: "AccessExclusiveLock", work: null },
    ],
    why: "It locks both tables against everybody, also the one that it leads to, until the whole transaction is done.",
    instead: "Drop it in a migration of its own.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { schema, before, after, isTransactional, isExisting }) => {
      if (action.kind !== "drop_constraint" || !isExisting(action.table)) return NOTHING;
      const isAlone = !isTransactional || (before.length === 0 && after().every(({ actions }) => actions.length === 0));
      const references = schema.get(nameKey(action.table))?.constraints.get(action.constraint)?.references;
      if (isAlone || !references) return NOTHING;
      const other = objectText(references);
      return found(
        action.table,
        action.constraint,
        `is dropped, which locks ${other} too until all of this file is done`,
      );
    },
    bad: [
      "alter table account drop constraint account_organization_id_fkey;\ncreate table audit (id bigint primary key);",
    ],
    failsWith: null,
    good: ["alter table account drop constraint account_organization_id_fkey;"],
  },
  {
    id: "foreign-key-without-index",
    title: "A foreign key whose own columns have no index",
    level: "warning",
    locks: [
      { table: "invoice", mode: "ShareRowExclusiveLock", work: null },
      { table: "account", mode: "ShareRowExclusiveLock", work: null },
    ],
    why: "Each DELETE, and each UPDATE of the key, in the table that it leads to reads this whole table to find its children.",
    instead: "Build the index first, with CREATE INDEX CONCURRENTLY.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, context) => {
      const all =
        action.kind === "create_table" ? onTable(action.table, action.constraints) : constraintsOf(action, context);
      return all.flatMap(({ table, constraint }) =>
        constraint.kind === "foreign_key" && !isIndexed(table, constraint.columns, action, context)
          ? found(table, nameOf(constraint), "has no index that begins with its columns")
          : NOTHING,
      );
    },
    bad: [
      "alter table invoice add constraint invoice_account_id_fkey foreign key (account_id) references account (id) not valid;",
    ],
    failsWith: null,
    good: [
      "create index concurrently invoice_account_id_idx on invoice (account_id);",
      "alter table invoice add constraint invoice_account_id_fkey foreign key (account_id) references account (id) not valid;",
    ],
  },
];

/** By what there is, what comes with it, or what the same file builds later. */
function isIndexed(table: ObjectName, columns: readonly string[], action: Action, { schema, after }: Context): boolean {
  const known = schema.get(nameKey(table));
  const isOf = (other: Action) => "table" in other && other.table !== null && nameKey(other.table) === nameKey(table);
  const later = after()
    .flatMap(({ actions }) => actions)
    .filter(isOf);
  const keys = [
    ...(known?.constraints.values() ?? []),
    ...(action.kind === "create_table" || action.kind === "add_column" ? action.constraints : []),
    ...later.flatMap((other) => (other.kind === "add_constraint" ? [other.constraint] : [])),
  ].filter(({ kind }) => kind === "unique" || kind === "primary_key");
  const indexes = [...(known?.indexes.values() ?? []), ...later.filter((other) => other.kind === "create_index")];
  return [...keys, ...indexes].some((index: { readonly columns: readonly (string | null)[] }) => {
    const leading = index.columns.slice(0, columns.length);
    return leading.length === columns.length && columns.every((column) => leading.includes(column));
  });
}
