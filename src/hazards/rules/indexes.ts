// Rules about indexes and materialized views, which can be built while others work.

import type { Action } from "../action.ts";
import { nameKey, tableOfIndex } from "../known-schema.ts";
import type { Rule } from "../rule.ts";
import { found, NOTHING } from "./finding.ts";

export const INDEX_RULES: readonly Rule[] = [
  {
    id: "create-index",
    title: "An index is built while nobody can write",
    level: "error",
    locks: [{ table: "session", mode: "ShareLock", work: "build" }],
    why: "All writes to the table wait until the index is built.",
    instead:
      "CREATE INDEX CONCURRENTLY, in a migration of its own. For a partitioned table: CREATE INDEX ON ONLY it, then CONCURRENTLY on each partition, then ALTER INDEX ... ATTACH PARTITION.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { isExisting, schema }) => {
      if (action.kind !== "create_index" || action.isConcurrent || !isExisting(action.table)) return NOTHING;
      const isPartitioned = schema.get(nameKey(action.table))?.isPartitioned ?? false;
      if (isPartitioned && action.isOnly) return NOTHING;
      return found(action.table, action.index, "is built while nobody can write to the table");
    },
    bad: ["create index session_token_idx on session (token);"],
    failsWith: null,
    good: ["create index concurrently session_token_idx on session (token);"],
  },
  {
    id: "concurrently-in-transaction",
    title: "A CONCURRENTLY statement inside a transaction",
    level: "error",
    locks: [],
    why: "PostgreSQL refuses it there: it has to wait for other transactions, and its own would be one of them.",
    instead: "Put it into a file of its own, or say -- hj:transaction off in the first line.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { isTransactional }) => {
      if (!isTransactional || !("isConcurrent" in action) || !action.isConcurrent) return NOTHING;
      // REFRESH is the one that PostgreSQL lets into a transaction.
      return action.kind === "refresh_view"
        ? NOTHING
        : found(nameOf(action), null, "cannot be done inside a transaction");
    },
    bad: [
      "create index concurrently session_token_idx on session (token);\ncreate table audit (id bigint primary key);",
    ],
    failsWith: "25001",
    good: [
      "-- hj:transaction off\ncreate index concurrently session_token_idx on session (token);\ncreate table audit (id bigint primary key);",
    ],
  },
  {
    id: "create-index-if-not-exists",
    title: "CREATE INDEX CONCURRENTLY IF NOT EXISTS",
    level: "error",
    locks: [{ table: "session", mode: "ShareUpdateExclusiveLock", work: "build" }],
    why: "A build that failed leaves an invalid index of that name. IF NOT EXISTS takes it for the index, and reports success: it is not used, and a unique one keeps nothing out.",
    instead: "Leave IF NOT EXISTS out: a run removes what a failed build left, and proves the index valid.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action) =>
      action.kind === "create_index" && action.isConcurrent && action.mayExist
        ? found(action.table, action.index, "would be taken for built where a failed build left it invalid")
        : NOTHING,
    bad: ["create index concurrently if not exists session_token_idx on session (token);"],
    failsWith: null,
    good: ["create index concurrently session_token_idx on session (token);"],
  },
  {
    id: "drop-index",
    title: "An index is dropped while everybody waits",
    level: "warning",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: null }],
    why: "It locks the table against everybody, if only for a moment once it has the lock.",
    instead: "DROP INDEX CONCURRENTLY, in a migration of its own.",
    since: null,
    breaksOldCode: "Its queries may become slow.",
    isFineInContract: false,
    check: (action, { schema, isExisting }) => {
      if (action.kind !== "drop_index" || action.isConcurrent) return NOTHING;
      const table = tableOfIndex(schema, action.index);
      // IF EXISTS of what no migration made is mostly nothing; plain, something else must have made it.
      if (table === null ? action.mayBeMissing : !isExisting(table.name)) return NOTHING;
      return found(action.index, null, "is dropped under a lock that keeps everybody out of its table");
    },
    bad: ["drop index account_name_idx;"],
    failsWith: null,
    good: ["drop index concurrently account_name_idx;"],
  },
  {
    id: "reindex",
    title: "An index is built anew while nobody can write",
    level: "error",
    locks: [{ table: "session", mode: "ShareLock", work: "build" }],
    why: "All writes to the table wait until its indexes are built, and so do queries that would use them.",
    instead: "REINDEX ... CONCURRENTLY, in a migration of its own.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { isExisting }) =>
      action.kind === "reindex" && !action.isConcurrent && isExisting(action.name)
        ? found(action.name, null, "is built anew while nobody can write")
        : NOTHING,
    bad: ["reindex table session;"],
    failsWith: null,
    good: ["reindex table concurrently session;"],
  },
  {
    id: "refresh-view",
    title: "A materialized view is computed while nobody can read it",
    level: "warning",
    locks: [{ table: "plan_count", mode: "AccessExclusiveLock", work: "rewrite" }],
    why: "Whoever reads the view waits until its query is done.",
    instead: "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index on it.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { isExisting }) =>
      action.kind === "refresh_view" && !action.isConcurrent && isExisting(action.view)
        ? found(action.view, null, "cannot be read until its query is done")
        : NOTHING,
    bad: ["refresh materialized view plan_count;"],
    failsWith: null,
    good: ["refresh materialized view concurrently plan_count;"],
  },
];

function nameOf(action: Action) {
  if (action.kind === "create_index") return { ...action.table, name: action.index ?? action.table.name };
  if (action.kind === "drop_index") return action.index;
  return action.kind === "reindex" ? action.name : action.kind === "detach_partition" ? action.table : NO_NAME;
}

const NO_NAME = { schema: null, name: "" };
