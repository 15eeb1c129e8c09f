// Each failure code for the person who meets it: what it means, where it comes from, what to do. A code without a row
// does not compile. No code of the function may import this.
import { EXPLAINED_CONNECTIONS } from "./explained-connections.ts";
import type { Explanation } from "./explanation.ts";
import type { FailureCode } from "./failure.ts";

/** In the order of failure.ts: from the connection to the answer. */
export const EXPLAINED_FAILURES: Readonly<Record<FailureCode, Explanation>> = {
  ...EXPLAINED_CONNECTIONS,
  LOCK_NOT_ACQUIRED: {
    meaning:
      "Another run holds the run lock, and did not give it back while it was waited for. This run changed nothing.",
    cause:
      "Two deploys at once, a run by hand, an index build that was left to the server. A run that died gives the lock back within a minute.",
    remedy:
      "[The lock is held](operations.md#the-lock-is-held). Mostly: wait, and run again; what the other one applied is not applied twice.",
    who: "caller",
  },
  ALREADY_RUNNING: {
    meaning:
      "This event was delivered twice, and the invocation of the first delivery is still at work and will answer.",
    cause: "Lambda delivers asynchronous events at least once.",
    remedy: "Nothing. Look at the other invocation, which has the same `runId`.",
    who: "nobody",
  },
  LOCK_LOST: {
    meaning:
      "When a migration was to begin, this session did not hold the run lock any more, or another run had recorded that migration. It was not applied by this run.",
    cause: "A transaction pooler between the function and the database, or a session that was ended from outside.",
    remedy: "Run again. If it happens again, use the database's own endpoint.",
    who: "deployer",
  },
  POOLER_DETECTED: {
    meaning:
      "Between the function and the database is a pooler that gives each transaction to another session, refuses this connection, or is used up. Nothing was changed.",
    cause: "The endpoint of PgBouncer in transaction mode, or of another proxy.",
    remedy:
      "Use the database's own endpoint (`HELLOJOHN_DATABASE_HOST`), for the hook alone: the application keeps its pooler.",
    who: "deployer",
  },
  STATEMENT_FAILED: {
    meaning:
      "PostgreSQL refused a statement of a migration. The report's text says whether the migration was rolled back, or which of its statements are done.",
    cause:
      "An error in the file, data that does not meet a new constraint, an object that is there already, a right that the role lacks.",
    remedy:
      "`details` has file, line, column and SQLSTATE. Mend the file (it is not applied yet, so it may be edited), or the data, and deploy again.",
    who: "author",
  },
  LOCK_TIMEOUT: {
    meaning:
      "A table's lock was not free at any of the attempts, until the migration's time-out was over. It was rolled back; nobody had to queue behind it for more than 2 s at a time.",
    cause:
      "A session that keeps its transaction open, a long query, a dump, an autovacuum that prevents wraparound: `details.blockers`.",
    remedy: "[Lock time-out](operations.md#lock-time-out): let the blocker end, or end it, and run again.",
    who: "dba",
  },
  TIMED_OUT: {
    meaning: "A migration did not finish within its time-out and was cancelled.",
    cause:
      "More work than the time-out allows (a table that is larger than thought), or, where `details.blockers` names somebody, a wait.",
    remedy: "[Timed out](operations.md#timed-out).",
    who: "author",
  },
  TRANSACTION_ENDED: {
    meaning:
      "A file ended the transaction that it ran in. What came before that may be in the database without being recorded.",
    cause: "A commit or rollback inside a procedure that the file calls. What the build can see of it, it refuses.",
    remedy:
      "Take it out of the procedure. Look what of the file is in the schema, and say so: `hj migrations resolve VERSION --as applied`, or undo it by hand.",
    who: "author",
  },
  SCHEMA_MISMATCH: {
    meaning: "All migrations were applied and recorded, and the schema is not what they make.",
    cause:
      "Somebody changed the schema by hand meanwhile, or a migration does not do the same everywhere (`if not exists` over something else).",
    remedy: "[Drift](operations.md#drift): `hj migrations validate --verbose` lists every difference.",
    who: "dba",
  },
  INDEX_INVALID: {
    meaning: "An index is invalid after it was built or rebuilt: it costs on every write and helps no query.",
    cause:
      "Duplicate keys, a build that was cancelled or failed on the server, an older invalid index that REINDEX passes over.",
    remedy: "[An invalid index](operations.md#an-invalid-index).",
    who: "dba",
  },
  CANNOT_RESUME: {
    meaning: "An earlier run was interrupted in a statement of which the catalog does not tell whether it took effect.",
    cause:
      "A file with `transaction off` whose statement runs alone, such as `vacuum` or `alter system`, and a run that died in it.",
    remedy: "Look whether it did, and say so: `hj migrations resolve VERSION --as applied`, or `--as rolled_back`.",
    who: "dba",
  },
  CONNECTION_LOST: {
    meaning:
      "The connection was lost and could not be had again in time. What is not known is `in_doubt` in the report.",
    cause: "A failover, a restart, a network that cut it, `pg_terminate_backend`, a statement that crashes the server.",
    remedy: "`hj migrations status` says what was applied. Run again: it goes on where the journal says.",
    who: "caller",
  },
  DEADLINE_TOO_SHORT: {
    meaning:
      "A migration did not finish although it began first in a fresh invocation: no further one would do better. It was rolled back.",
    cause: "A migration that takes longer than the function's time-out, less what is kept back to answer.",
    remedy:
      "Raise `Timeout` of the stack (900 s at most), let the migration do less at once, mark an index build `-- hj:detach`, or run `hj` from a machine that reaches the database.",
    who: "author",
  },
  CANCELLED: {
    meaning: "The run was stopped on request. What was applied stays applied.",
    cause: "Ctrl-C, or a process that was told to end.",
    remedy: "Send it again: it goes on where it stopped.",
    who: "caller",
  },
  NO_REPORT_IN_TIME: {
    meaning:
      "The invocation's time was used up before there was a report. What it did is not known to whoever answered.",
    cause: "A server that neither answers nor hangs up, so that not even a cancel gets through.",
    remedy:
      "`hj migrations status`, then run again. If it happens again, look at the database: [who is connected](operations.md#who-is-connected).",
    who: "dba",
  },
  ANSWER_LOST: {
    meaning:
      "The work was done, and the answer could not be delivered to the caller. The function ends with an error, so that the alarm `-error` rings.",
    cause: "A role without the right to answer, a VPC without a way to that service, a caller that no longer exists.",
    remedy:
      "The hint is the command that gives the answer by hand. [No answer to CodeDeploy](operations.md#no-answer-to-codedeploy).",
    who: "account",
  },
  INTERNAL_ERROR: {
    meaning:
      "An error that this project did not foresee. The journal is right in any case: a migration and its entry are one transaction.",
    cause: "A fault of this project.",
    remedy:
      "`hj migrations status` says what is applied. Report it with the `runId` ([SECURITY.md](../SECURITY.md) if it could be of use to an attacker).",
    who: "project",
  },
};
