// Rules about what keeps rows unique.
import type { ObjectName } from "../../migration/manifest.ts";
import type { Action } from "../action.ts";
import { type KnownTable, nameKey, tableOfIndex } from "../known-schema.ts";
import type { Context, Rule } from "../rule.ts";
import { constraintsOf, nameOf } from "./added-constraints.ts";
import { found, NOTHING } from "./finding.ts";

export const UNIQUENESS_RULES: readonly Rule[] = [
  {
    id: "add-unique-constraint",
    title: "A primary key or unique constraint that builds its index",
    level: "error",
    locks: [{ table: "session", mode: "AccessExclusiveLock", work: "build" }],
    why: "The index is built while nobody can read or write the table.",
    instead:
      "CREATE UNIQUE INDEX CONCURRENTLY in a migration of its own, then ADD CONSTRAINT ... USING INDEX. The columns of a primary key have to be NOT NULL before.",
    since: null,
    breaksOldCode: "A second row with the same values is refused with 23505.",
    isFineInContract: false,
    check: (action, context) =>
      constraintsOf(action, context).flatMap(({ table, constraint }) =>
        (constraint.kind === "unique" || constraint.kind === "primary_key") && constraint.index === null
          ? found(table, nameOf(constraint), "builds its index under a lock that keeps everybody out")
          : NOTHING,
      ),
    bad: ["alter table session add constraint session_token_key unique (token);"],
    failsWith: null,
    good: [
      "create unique index concurrently session_token_key on session (token);",
      "alter table session add constraint session_token_key unique using index session_token_key;",
    ],
  },
  {
    id: "drop-unique",
    title: "A unique constraint or index is dropped",
    level: "error",
    locks: [{ table: "organization", mode: "AccessExclusiveLock", work: null }],
    why: "INSERT ... ON CONFLICT of the old version names its columns and needs it; and nothing keeps duplicates out any more.",
    instead: "Build what takes its place first, and drop the old one in a contract migration.",
    since: null,
    breaksOldCode: "INSERT ... ON CONFLICT fails with 42P10.",
    isFineInContract: true,
    check: (action, context) => {
      const dropped = uniqueDropped(action, context);
      if (dropped === null || hasAnother(dropped) || isPutBack(dropped, context)) return NOTHING;
      return found(dropped.table.name, dropped.name, "is dropped, and ON CONFLICT of the old version may need it");
    },
    bad: ["alter table organization drop constraint organization_slug_key;"],
    failsWith: null,
    good: [
      "create unique index concurrently organization_slug_idx on organization (slug);",
      "alter table organization drop constraint organization_slug_key;",
    ],
  },
];

interface Dropped {
  readonly table: KnownTable;
  readonly name: string;
  readonly columns: readonly (string | null)[];
}

function uniqueDropped(action: Action, { schema, isExisting }: Context): Dropped | null {
  if (action.kind === "drop_constraint") {
    const table = schema.get(nameKey(action.table));
    const constraint = table?.constraints.get(action.constraint);
    const isUnique = constraint?.kind === "unique" || constraint?.kind === "primary_key";
    if (table === undefined || constraint === undefined || !isUnique || !isExisting(table.name)) return null;
    return { table, name: action.constraint, columns: constraint.columns };
  }
  if (action.kind !== "drop_index") return null;
  const table = tableOfIndex(schema, action.index);
  const index = table?.indexes.get(action.index.name);
  if (table === null || index === undefined || !index.isUnique || !isExisting(table.name)) return null;
  return { table, name: action.index.name, columns: index.columns };
}

/** Another one over the same columns takes over: ON CONFLICT names columns, not indexes. */
function hasAnother({ table, name, columns }: Dropped): boolean {
  // Of an expression, or an index that no migration made, the columns are not known.
  const isSame = (others: readonly (string | null)[]) =>
    others.length > 0 && !others.includes(null) && [...others].sort().join() === [...columns].sort().join();
  const constraints = [...table.constraints].filter(
    ([other, { kind }]) => other !== name && (kind === "unique" || kind === "primary_key"),
  );
  const indexes = [...table.indexes].filter(
    ([other, { isUnique, isPartial }]) => other !== name && isUnique && !isPartial,
  );
  return constraints.some(([, other]) => isSame(other.columns)) || indexes.some(([, other]) => isSame(other.columns));
}

/** Where the same statement or transaction makes it again, perhaps in another form, nobody is ever without it. */
function isPutBack({ table, columns }: Dropped, { statement, after, isTransactional }: Context): boolean {
  const made = [statement, ...(isTransactional ? after() : [])].flatMap(({ actions }) => actions);
  const isSame = (others: readonly (string | null)[]) => [...others].sort().join() === [...columns].sort().join();
  return made.some((action) => {
    if (action.kind === "create_index")
      return action.isUnique && !action.isPartial && isOf(action.table, table) && isSame(action.columns);
    if (action.kind !== "add_constraint" || !isOf(action.table, table)) return false;
    const { kind, columns: own } = action.constraint;
    return (kind === "unique" || kind === "primary_key") && isSame(own);
  });
}

function isOf(name: ObjectName, table: KnownTable): boolean {
  return nameKey(name) === nameKey(table.name);
}
