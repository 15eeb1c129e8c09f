// Rules about slow work behind a lock: what an earlier statement of the transaction has locked stays locked meanwhile.
import type { ObjectName } from "../../migration/manifest.ts";
import type { Action } from "../action.ts";
import { nameKey } from "../known-schema.ts";
import { blocksWrites } from "../locks-of.ts";
import { objectText } from "../object-text.ts";
import type { Context, Rule } from "../rule.ts";
import { found, NOTHING } from "./finding.ts";

export const SLOW_WORK_RULES: readonly Rule[] = [
  {
    id: "create-table-references",
    title: "A new table that refers to one in use, with slow work behind it",
    level: "error",
    locks: [{ table: "account", mode: "ShareRowExclusiveLock", work: null }],
    why: "Its foreign key keeps all writers of the other table waiting until commit, however long the statements behind it take.",
    instead: "Make it the last of its transaction, or give the slow statements a migration of their own.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, context) => {
      const [parent] = parentsOfNew(action, context.isExisting);
      return parent !== undefined && context.isTransactional && hasSlowWorkBehind(context)
        ? found(
            parent,
            null,
            `takes no writes from the foreign key of ${newTable(action)} until all of this file is done`,
          )
        : NOTHING;
    },
    bad: [
      "create table audit (account_id bigint primary key references account (id));\ninsert into audit select id from session;",
    ],
    failsWith: null,
    good: [
      "create table audit (account_id bigint primary key references account (id));",
      "insert into audit select id from session where id between 1 and 50;",
    ],
  },
  {
    id: "slow-work-under-lock",
    title: "Slow work in the transaction that has locked a table",
    level: "error",
    locks: [
      { table: "account", mode: "AccessExclusiveLock", work: null },
      { table: "invoice", mode: "RowExclusiveLock", work: null },
    ],
    why: "An ALTER TABLE that is done in a moment keeps its lock until commit: whoever wants the table waits until the statements behind it are done as well.",
    instead: "Give the slow statements a migration of their own.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { held, before, isExisting }) => {
      const work = slowWork(action, isExisting);
      if (work === null || held.length === 0) return NOTHING;
      // Those are what create-table-references finds.
      const parents = new Set(before.flatMap((earlier) => parentsOfNew(earlier, isExisting).map(nameKey)));
      const isParent = (table: ObjectName) => parents.has(nameKey(table));
      const lock = held.find(
        (other) => blocksWrites(other) && !(other.mode === "ShareRowExclusiveLock" && isParent(other.table)),
      );
      const isFoundElsewhere =
        action.kind === "validate_constraint" &&
        held.some((other) => blocksWrites(other) && nameKey(other.table) === nameKey(action.table));
      return lock === undefined || isFoundElsewhere || isFoundBefore(lock.table, before, isExisting)
        ? NOTHING
        : found(lock.table, null, `stays locked by an earlier statement while ${work}`);
    },
    bad: [
      "alter table account add column region text;\ninsert into invoice (id, account_id) select id, account_id from session;",
    ],
    failsWith: null,
    good: [
      "alter table account add column region text;",
      "insert into invoice (id, account_id) select id, account_id from session where id between 1 and 50;",
    ],
  },
];

/** Tables in use that the foreign keys of a new one lead to. */
function parentsOfNew(action: Action, isExisting: Context["isExisting"]): readonly ObjectName[] {
  const constraints =
    action.kind === "create_table" ? action.constraints : action.kind === "add_constraint" ? [action.constraint] : [];
  const parents = constraints.flatMap(({ references }) => references ?? []).filter((name) => isExisting(name));
  return "table" in action && action.table !== null && !isExisting(action.table) ? parents : [];
}

/** One finding is enough for all that a file does under one lock. */
function isFoundBefore(locked: ObjectName, before: readonly Action[], isExisting: Context["isExisting"]): boolean {
  const first = before.findIndex((action) => {
    const table = "table" in action && action.table !== null ? action.table : "name" in action ? action.name : null;
    return table !== null && nameKey(table) === nameKey(locked);
  });
  return first >= 0 && before.some((action, index) => index > first && slowWork(action, isExisting) !== null);
}

function newTable(action: Action): string {
  return "table" in action && action.table !== null ? objectText(action.table) : "";
}

function hasSlowWorkBehind({ after, isExisting }: Context): boolean {
  const later = after().flatMap(({ actions }) => actions);
  const news = new Set(
    later.flatMap((action) =>
      action.kind === "create_table" ? [nameKey(action.table)] : action.kind === "create" ? [nameKey(action.name)] : [],
    ),
  );
  const isOld = (table: ObjectName) => isExisting(table) && !news.has(nameKey(table));
  return later.some((action) => takesTime(action, isOld));
}

/** Work that grows with the rows of a table in use. A DO block is mostly catalog work, which does not. */
function takesTime(action: Action, isExisting: Context["isExisting"]): boolean {
  switch (action.kind) {
    case "refresh_view":
      return true;
    case "update":
    case "delete":
    case "create_index":
    case "change_type":
    case "set_not_null":
    case "rewrite_table":
      return isExisting(action.table);
    case "add_constraint":
      return isExisting(action.table) && !action.constraint.isNotValid && action.constraint.index === null;
    default:
      return slowWork(action, isExisting) !== null;
  }
}

/** What takes time and that no other rule looks at under a lock; null for all else. */
function slowWork(action: Action, isExisting: Context["isExisting"]): string | null {
  if (action.kind === "insert" && action.hasSelect) return `${objectText(action.table)} is filled by a query`;
  if (action.kind === "opaque" && action.command === "CALL") return "a procedure runs";
  if (action.kind === "validate_constraint" && isExisting(action.table))
    return `${objectText(action.table, action.constraint)} is validated`;
  return null;
}
