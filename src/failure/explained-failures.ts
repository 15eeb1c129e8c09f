// Each failure code for the person who meets it: what it means, where it comes from, what to do. A code without a row
// does not compile. No code of the function may import this.
import type { Explanation } from "./explanation.ts";
import type { FailureCode } from "./failure.ts";

/** In the order of failure.ts: from the connection to the answer. */
export const EXPLAINED_FAILURES: Readonly<Record<FailureCode, Explanation>> = {
  DATABASE_UNREACHABLE: {
    meaning: "No connection to the database's host and port. Nothing was changed.",
    cause:
      "A security group or a route that does not let the function in, a wrong host or port, a server that is down, a name that is not in DNS. It was waited for, `HELLOJOHN_DATABASE_WAIT` long.",
    remedy:
      "`details.reason` tells a refusal from silence. Silence is mostly the database's security group: it has to let in the group that the stack's output `SecurityGroupId` names. Then send the same command again.",
    who: "account",
  },
  AUTHENTICATION_FAILED: {
    meaning: "The server does not take this user and password. Nothing was changed.",
    cause:
      "A secret that does not hold the server's password (a rotation that broke off), a user that does not exist, a `pg_hba.conf` that does not know this address, or, with IAM authentication, a user without `rds_iam`.",
    remedy:
      "`details.secretVersions` says which versions of the secret were tried, and how old they are. Rotate the secret again, or put the right password into it; nothing needs to be deployed.",
    who: "dba",
  },
  SECRET_NOT_FOUND: {
    meaning: "There is no such secret, it is scheduled for deletion, or what was given is neither a name nor an ARN.",
    cause:
      "A wrong name, region or account, or a secret that was deleted and made anew: its ARN then ends differently.",
    remedy:
      "Correct `HELLOJOHN_DATABASE_SECRET_ID` (`DatabaseSecretArn` of the stack) or `--secret-id`, or restore the secret.",
    who: "deployer",
  },
  SECRET_ACCESS_DENIED: {
    meaning: "The role may not read the secret, or not use the key that it is encrypted with.",
    cause:
      "A role without `secretsmanager:GetSecretValue` on that very ARN, a key of one's own without `kms:Decrypt` (`SecretKmsKeyArn` of the stack), a disabled key, a policy on the secret or the endpoint that denies it.",
    remedy: "Grant what the message names. A secret in another account needs it in its own policy too.",
    who: "account",
  },
  SECRET_UNAVAILABLE: {
    meaning: "Secrets Manager gave no answer in time.",
    cause:
      "In a VPC: no NAT gateway and no interface endpoint for `secretsmanager`, or one whose security group does not let the function in. Seldom: Secrets Manager itself.",
    remedy: "[A VPC without endpoints](operations.md#a-vpc-without-endpoints).",
    who: "account",
  },
  AWS_CREDENTIALS_UNUSABLE: {
    meaning: "There are no AWS credentials here, AWS does not take them, or no region is set.",
    cause:
      "A login that has expired, a profile that does not exist, a clock that is wrong. In the function: next to impossible.",
    remedy:
      "`aws sts get-caller-identity` with the same profile says what AWS thinks. Log in again, or set `AWS_REGION`.",
    who: "caller",
  },
  DATABASE_MISSING: {
    meaning: "The server has no database of that name. Nothing was changed.",
    cause:
      "A database that was never created, or a wrong name at the end of the URL, in the secret or in `HELLOJOHN_DATABASE_NAME`.",
    remedy: "Create it (`create database`), or correct the name. The hook creates tables, never databases.",
    who: "dba",
  },
  DATABASE_NOT_READY: {
    meaning:
      "The server answers that it is starting, stopping, or has no connection left. It was waited for. Nothing was changed.",
    cause:
      "A failover or restart that takes longer than `HELLOJOHN_DATABASE_WAIT`, or an application that holds all of `max_connections`.",
    remedy:
      "Send the same command again when it answers. With `details.sqlState` 53300, see [who is connected](operations.md#who-is-connected).",
    who: "dba",
  },
  TLS_FAILED: {
    meaning:
      "The server's certificate could not be verified, or the server and this side do not agree on TLS. No password was sent.",
    cause:
      "A host name that is not in the certificate (a CNAME, an IP address), an authority that nobody here trusts, an expired certificate, a server without TLS.",
    remedy: "[TLS](operations.md#tls), by what the message says.",
    who: "deployer",
  },
  SERVER_TOO_OLD: {
    meaning: "The server is older than PostgreSQL 14. Nothing was changed.",
    cause: "An old server. It lacks what frees the lock of a client that died.",
    remedy: "Upgrade the server.",
    who: "dba",
  },
  DATABASE_READ_ONLY: {
    meaning: "The host is a standby, or was one until the wait for a writer was over. Nothing was changed.",
    cause: "The reader's endpoint instead of the writer's; a name that still leads to the old writer after a failover.",
    remedy: "Use the writer's endpoint. After a failover, send the same command again.",
    who: "deployer",
  },
  SCHEMA_MISSING: {
    meaning: "The schema that the tables are to be in does not exist. Nothing was changed.",
    cause: "`HELLOJOHN_SCHEMA` or `--schema` names a schema that nobody has created.",
    remedy: "`create schema NAME authorization ROLE`, or correct the name.",
    who: "dba",
  },
  PERMISSION_DENIED: {
    meaning:
      "The role lacks a right that the command needs before any migration: to connect, to create in the schema, to read the journal, to end a session.",
    cause: "Rights that were never granted, or a journal that another role owns.",
    remedy:
      "The hint is the `grant` to run, as the owner or a superuser. All of them: [PostgreSQL grants](operations.md#postgresql-grants).",
    who: "dba",
  },
  JOURNAL_UNUSABLE: {
    meaning:
      "The journal's table could not be created, read or written, or is no journal. What the report calls applied stays applied.",
    cause:
      "A table of that name that something else made, rights that were taken away, a migration that changed the journal.",
    remedy: "`details.sqlState` says which. Another table: `HELLOJOHN_JOURNAL`. Rights: give them back, and run again.",
    who: "dba",
  },
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
    remedy: "Run again to go on.",
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
