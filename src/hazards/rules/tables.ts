// Rules about whole tables, and what stands beside them: views, functions, triggers.
import type { ObjectName } from "../../migration/manifest.ts";
import type { Action } from "../action.ts";
import { nameKey } from "../known-schema.ts";
import type { Context, Rule } from "../rule.ts";
import { found, NOTHING } from "./finding.ts";

export const TABLE_RULES: readonly Rule[] = [
  {
    id: "rename-table",
    title: "A table, view, type, function or schema is renamed or moved",
    level: "error",
    locks: [{ table: "invoice", mode: "AccessExclusiveLock", work: null }],
    why: "The old version uses the one name and the new version the other, and both are running.",
    instead:
      "Leave it. Or rename the table and, in the same transaction, create a view with the old name: INSERT, RETURNING and ON CONFLICT work through a simple one.",
    since: null,
    breaksOldCode: "What names it fails with 42P01, or with 42883 for a function.",
    isFineInContract: true,
    check: (action, context) => {
      if (action.kind !== "rename" && action.kind !== "set_schema") return NOTHING;
      const isUsed = USED_BY_NAME.includes(action.what) && context.isExisting(action.name);
      const what = action.what === "table" ? "view" : action.what;
      if (!isUsed || isCreatedAgain(action.name, what, context)) return NOTHING;
      const where = action.kind === "rename" ? `becomes ${action.to}` : `moves to ${action.to}`;
      return found(action.name, null, `${where} while the old version may still use it`);
    },
    bad: ["alter table invoice rename to bill;"],
    failsWith: null,
    good: ["alter table invoice rename to bill;\ncreate view invoice as select * from bill;"],
  },
  {
    id: "drop-table",
    title: "A table, view, sequence or schema is dropped",
    level: "error",
    locks: [{ table: "invoice", mode: "AccessExclusiveLock", work: null }],
    why: "The old version still uses it, and its rows are gone. Tables that its foreign keys lead to are locked against everybody as well.",
    instead: "Drop it in a contract migration, its foreign keys first, each in a migration of its own.",
    since: null,
    breaksOldCode: "What names it fails with 42P01.",
    isFineInContract: true,
    check: (action, context) =>
      action.kind === "drop" &&
      RELATIONS.includes(action.what) &&
      context.isExisting(action.name) &&
      (!isCreatedAgain(action.name, action.what, context) || context.schema.has(nameKey(action.name)))
        ? found(action.name, null, "is dropped while the old version may still use it")
        : NOTHING,
    bad: ["drop table invoice;"],
    failsWith: null,
    good: ["-- hj:phase contract after 1\ndrop table invoice;"],
  },
  {
    id: "drop-object",
    title: "A function, trigger, type, policy or extension is dropped",
    level: "error",
    locks: [{ table: "session", mode: "AccessExclusiveLock", work: null }],
    why: "The old version, or what it inserts, still needs it.",
    instead: "Drop it in a contract migration. To replace it, create it anew in the same transaction.",
    since: null,
    breaksOldCode: "What calls it fails, or silently does without it.",
    isFineInContract: true,
    check: (action, context) =>
      action.kind === "drop" &&
      OBJECTS.includes(action.what) &&
      context.isExisting(action.table ?? action.name) &&
      !isCreatedAgain(action.name, action.what, context)
        ? found(
            action.table ?? action.name,
            action.table === null ? null : action.name.name,
            "is dropped while the old version may still need it",
          )
        : NOTHING,
    bad: ["drop trigger session_touch on session;"],
    failsWith: null,
    good: [
      "drop trigger session_touch on session;\ncreate trigger session_touch before update on session for each row execute function touch();",
    ],
  },
  {
    id: "truncate",
    title: "A table is emptied",
    level: "error",
    locks: [{ table: "session", mode: "AccessExclusiveLock", work: null }],
    why: "The rows are gone for the old version too, and nobody can read or write the table meanwhile; with CASCADE also those that refer to it.",
    instead: "Delete in batches what is not needed any more, in a contract migration.",
    since: null,
    breaksOldCode: "It finds no rows.",
    isFineInContract: true,
    check: (action, { isExisting }) =>
      action.kind === "truncate" && isExisting(action.table)
        ? found(action.table, null, "is emptied while the old version may still use it")
        : NOTHING,
    bad: ["truncate session;"],
    failsWith: null,
    good: ["-- hj:transaction off\ndelete from session where id between 1 and 50;"],
  },
  {
    id: "create-partition",
    title: "A partition is created inside a table that is in use",
    level: "warning",
    locks: [{ table: "event", mode: "AccessExclusiveLock", work: null }],
    why: "CREATE TABLE ... PARTITION OF locks the whole partitioned table against everybody.",
    instead: "Create a table of the same columns and ATTACH PARTITION, which keeps nobody out.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { isExisting }) =>
      action.kind === "create_table" && action.partitionOf !== null && isExisting(action.partitionOf)
        ? found(action.partitionOf, null, `is locked against everybody to create ${action.table.name}`)
        : NOTHING,
    bad: ["create table event_2025 partition of event for values from ('2025-01-01') to ('2026-01-01');"],
    failsWith: null,
    good: [
      "create table event_2025 (id bigint not null, happened_at timestamptz not null, primary key (id, happened_at));\nalter table event attach partition event_2025 for values from ('2025-01-01') to ('2026-01-01');",
    ],
  },
  {
    id: "detach-partition",
    title: "A partition is detached while everybody waits",
    level: "warning",
    locks: [
      { table: "event", mode: "AccessExclusiveLock", work: null },
      { table: "event_2024", mode: "AccessExclusiveLock", work: null },
    ],
    why: "It locks the whole partitioned table against everybody.",
    instead: "DETACH PARTITION ... CONCURRENTLY, in a migration of its own.",
    since: null,
    breaksOldCode: "It does not find the rows any more.",
    isFineInContract: false,
    check: (action, { isExisting }) =>
      action.kind === "detach_partition" && !action.isConcurrent && isExisting(action.table)
        ? found(action.table, null, `is locked against everybody to detach ${action.partition.name}`)
        : NOTHING,
    bad: ["alter table event detach partition event_2024;"],
    failsWith: null,
    good: ["alter table event detach partition event_2024 concurrently;"],
  },
  {
    id: "create-trigger",
    title: "A trigger on a table that is in use",
    level: "warning",
    locks: [{ table: "account", mode: "ShareRowExclusiveLock", work: null }],
    why: "From then on every write of the old version runs it too, and none can be done while it is created.",
    instead: "Make sure that it does no harm to what the old version writes, and say so in a waiver.",
    since: null,
    breaksOldCode: "Its writes do what the trigger does, or fail with it.",
    isFineInContract: false,
    check: (action, { isExisting, before }) =>
      action.kind === "create_trigger" &&
      isExisting(action.table) &&
      !before.some(
        (earlier) => earlier.kind === "drop" && earlier.what === "trigger" && earlier.name.name === action.trigger,
      )
        ? found(action.table, action.trigger, "runs for every write of the old version too")
        : NOTHING,
    bad: ["create trigger account_touch before update on account for each row execute function touch();"],
    failsWith: null,
    good: [
      "create table audit (id bigint primary key);\ncreate trigger audit_touch before update on audit for each row execute function touch();",
    ],
  },
];

const RELATIONS: readonly string[] = ["table", "view", "materialized view", "foreign table", "sequence", "schema"];
const OBJECTS: readonly string[] = ["function", "trigger", "type", "domain", "policy", "extension"];
const USED_BY_NAME: readonly string[] = [...RELATIONS, "function", "type", "domain"];

/** True where the same transaction puts something of that name back. The rows of a table that was known are gone all the same. */
function isCreatedAgain(name: ObjectName, what: string, { after, isTransactional }: Context): boolean {
  const isIt = (action: Action) => {
    if (action.kind === "create_trigger") return what === "trigger" && action.trigger === name.name;
    if (action.kind === "create_table") return what === "table" && nameKey(action.table) === nameKey(name);
    if (action.kind === "rename")
      return action.what === what && nameKey({ ...action.name, name: action.to }) === nameKey(name);
    return action.kind === "create" && action.what === what && nameKey(action.name) === nameKey(name);
  };
  return isTransactional && after().some(({ actions }) => actions.some(isIt));
}
