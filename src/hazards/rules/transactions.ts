// Rules about what happens together: rows and locks in one transaction, and who controls it.
import { parseDuration } from "../../duration.ts";
import type { ObjectName } from "../../migration/manifest.ts";
import { compareVersions } from "../../migration/version.ts";
import type { Action } from "../action.ts";
import { type KnownSchema, nameKey } from "../known-schema.ts";
import { blocksWrites } from "../locks-of.ts";
import { objectText } from "../object-text.ts";
import { rootOf } from "../partitions.ts";
import type { Rule } from "../rule.ts";
import { found, NOTHING } from "./finding.ts";

export const TRANSACTION_RULES: readonly Rule[] = [
  {
    id: "unbatched-rows",
    title: "All rows of a table are changed at once, or rows are changed under a strong lock",
    level: "error",
    locks: [{ table: "session", mode: "RowExclusiveLock", work: "scan" }],
    why: "Every row is locked until the end, the table grows by as much again, and index builds everywhere in the database wait for it. Under a strong lock of an earlier statement everybody else waits too.",
    instead: "Batches of some thousand rows, each a statement of a migration with -- hj:transaction off.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { isExisting, held }) => {
      if ((action.kind !== "update" && action.kind !== "delete") || !isExisting(action.table)) return NOTHING;
      if (action.isWhole) return found(action.table, null, `is ${action.kind}d in all of its rows at once`);
      const lock = held.find((other) => blocksWrites(other));
      return lock === undefined
        ? NOTHING
        : found(
            action.table,
            null,
            `is ${action.kind}d while ${objectText(lock.table)} is locked by an earlier statement`,
          );
    },
    bad: ["update session set data = '{}';"],
    failsWith: null,
    good: [
      "-- hj:transaction off\nupdate session set data = '{}' where id between 1 and 50;\nupdate session set data = '{}' where id between 51 and 100;",
    ],
  },
  {
    id: "several-tables-locked",
    title: "Strong locks on several tables in one transaction",
    level: "error",
    locks: [
      { table: "account", mode: "AccessExclusiveLock", work: null },
      { table: "session", mode: "AccessExclusiveLock", work: null },
    ],
    why: "The first lock is kept while the second is waited for: the waits add up, and a transaction of the application that takes them in the other order is a deadlock.",
    instead: "One migration for each table.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (_action, { locks, held, schema }) => {
      const taken = locks.filter(blocksWrites);
      const strong = taken.length === 0 ? [] : held.filter(blocksWrites);
      const [first] = strong;
      if (first === undefined) return NOTHING;
      return taken
        .filter((lock) => !strong.some((other) => isOneOf(schema, other.table, lock.table)))
        .slice(0, 1)
        .flatMap(({ table }) => found(table, null, `is locked while ${objectText(first.table)} is locked already`));
    },
    bad: ["alter table account add column region text;\nalter table session add column region text;"],
    failsWith: null,
    good: ["alter table account add column region text;", "alter table session add column region text;"],
  },
  {
    id: "own-timeouts",
    title: "A file sets time-outs that are the run's",
    level: "error",
    locks: [],
    why: "The run waits for a lock only so long that nobody queues behind it for more than two seconds, and cancels what takes too long. A file that sets these switches that off.",
    instead: "Leave them out. -- hj:timeout says how long the migration may take; a shorter lock_timeout is fine.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action) =>
      action.kind === "set" && TIMEOUTS.includes(action.setting) && !isShorter(action.setting, action.value)
        ? [
            {
              object: action.setting,
              message: `${action.setting} is ${action.value === null ? "reset" : "set"}, which is the run's to do`,
            },
          ]
        : NOTHING,
    bad: ["set local lock_timeout = '1min';\nalter table account add column region text;"],
    failsWith: null,
    good: ["-- hj:timeout 20m\nset local lock_timeout = '200ms';\nalter table account add column region text;"],
  },
  {
    id: "transaction-control",
    title: "A file ends its transaction, changes its role, or gives up locks",
    level: "error",
    locks: [],
    why: "The journal's entry is written in the same transaction and by the same role, under an advisory lock: half of the migration could be committed without it, or be somebody else's.",
    instead: "Leave it out. Statements that cannot be in a transaction are for -- hj:transaction off.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { statement }) => {
      if (action.kind === "transaction")
        return [{ object: action.command, message: `${action.command} stands in a migration` }];
      if (action.kind === "set" && ROLES.includes(action.setting))
        return [{ object: action.setting, message: `${action.setting} is changed, and the journal is written by it` }];
      const unlock = statement.calls.find((name) => name.startsWith("pg_advisory_unlock"));
      return unlock === undefined
        ? NOTHING
        : [{ object: unlock, message: `${unlock} could give up the lock of the run` }];
    },
    bad: ["set role postgres;\ncreate table audit (id bigint primary key);"],
    failsWith: null,
    good: ["create table audit (id bigint primary key);"],
  },
  {
    id: "hidden-statements",
    title: "A DO block that changes tables, or puts statements together",
    level: "warning",
    locks: [],
    why: "No rule looks into a DO block, and what EXECUTE runs is not even written there: what is locked and changed is not foreseen.",
    instead: "Write the statements out in the file. hj migrations check shows what a DO block really locks.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action) =>
      action.kind === "opaque" && action.hides !== null
        ? [{ object: action.command, message: `${action.command} hides ${action.hides} from every rule` }]
        : NOTHING,
    bad: ["do $$ begin execute 'select 1'; end $$;"],
    failsWith: null,
    good: ["do $$ begin create type color as enum ('red', 'blue'); exception when duplicate_object then null; end $$;"],
  },
  {
    id: "contract-too-early",
    title: "A contract migration drops what is newer than the version that it waits for",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: null }],
    why: "It may run as soon as that version was applied in an earlier batch. What came later can still be in use by the version that is running then.",
    instead: "Name the version that brought it, or the one that stopped using it, whichever is newer.",
    since: null,
    breaksOldCode: "What uses it fails with 42703 or 42P01.",
    isFineInContract: false,
    check: (action, { contractAfter, schema }) => {
      if (contractAfter === null) return NOTHING;
      const gone = takenAway(action);
      const table = gone === null ? undefined : schema.get(nameKey(gone.table));
      const since = gone?.column ? table?.columns.get(gone.column)?.since : table?.since;
      return gone !== null && since !== undefined && compareVersions(since, contractAfter) > 0
        ? found(gone.table, gone.column, `came with ${since}, and this waits only for ${contractAfter}`)
        : NOTHING;
    },
    bad: [
      "alter table account add column region text;",
      "-- hj:phase contract after 1\nalter table account drop column region;",
    ],
    failsWith: null,
    good: [
      "alter table account add column region text;",
      "-- hj:phase contract after 2\nalter table account drop column region;",
    ],
  },
];

const TIMEOUTS: readonly string[] = [
  "lock_timeout",
  "statement_timeout",
  "transaction_timeout",
  "idle_in_transaction_session_timeout",
  "idle_session_timeout",
  "deadlock_timeout",
  // RESET ALL.
  "all",
];
const ROLES: readonly string[] = ["role", "session_authorization"];

/** True for one table, and for a partitioned one with its partitions. */
function isOneOf(schema: KnownSchema, one: ObjectName, other: ObjectName): boolean {
  return nameKey(rootOf(schema, one)) === nameKey(rootOf(schema, other));
}

/** What old code can name before and not after. */
function takenAway(action: Action): { readonly table: ObjectName; readonly column: string | null } | null {
  if (action.kind === "drop" && action.what === "table") return { table: action.name, column: null };
  if (action.kind === "rename" && action.what === "table") return { table: action.name, column: null };
  if (action.kind === "drop_column" || action.kind === "rename_column") return action;
  return null;
}

/** What a run waits for a lock at first, in milliseconds; engine/attempt.ts. */
const SHORTEST_WAIT_MS = 500;

function isShorter(setting: string, value: string | null): boolean {
  if (setting !== "lock_timeout" || value === null) return false;
  const ms = /^\d+$/.test(value)
    ? Number(value)
    : Number(/^(\d+)\s*ms$/.exec(value)?.[1] ?? parseDuration(value) ?? Number.NaN);
  return ms > 0 && ms <= SHORTEST_WAIT_MS;
}
