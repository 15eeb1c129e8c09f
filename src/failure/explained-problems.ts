// Each problem code for the person who meets it: what it means, where it comes from, what to do. A code without a row
// does not compile. No code of the function may import this.
import type { Explanation } from "./explanation.ts";
import type { ProblemCode } from "./problem.ts";

/** `told` says where it is met: as a reason to refuse, as a warning beside an outcome that is fine, or as either. */
export interface ExplainedProblem extends Explanation {
  readonly told: "refusal" | "warning" | "both";
}

/** In the order of problem.ts. */
export const EXPLAINED_PROBLEMS: Readonly<Record<ProblemCode, ExplainedProblem>> = {
  INVALID_ARGUMENT: {
    told: "refusal",
    meaning: "A flag of `hj` is wrong, or two of them name two targets.",
    cause: "A slip of the pen, or a variable such as `HELLOJOHN_DATABASE_URL` beside nothing that says where.",
    remedy: "`field` names the flag; `hj migrations COMMAND --help` lists all.",
    who: "caller",
  },
  INVALID_EVENT: {
    told: "refusal",
    meaning: "The event is none that is known, has an unknown key, or a value that cannot be.",
    cause:
      "A payload that was misspelt, text that was not sent as JSON, a name that allows something which is not there, a caller whose event this build does not know.",
    remedy:
      "`field` names the key. The fields: [reference](reference.md#the-event). What is not recognised is never run.",
    who: "caller",
  },
  INVALID_SETTING: {
    told: "refusal",
    meaning: "A `HELLOJOHN_` variable of the function, or the secret that it names, cannot be used.",
    cause:
      "A duration without a unit, a URL that is none, a secret without a host, a password that is not percent-encoded.",
    remedy:
      "`field` names the setting: [reference](reference.md#settings). All wrong ones are told at once. Change the stack's parameter, or the secret.",
    who: "deployer",
  },
  INVALID_MIGRATION: {
    told: "both",
    meaning:
      "A migration's file cannot be used: its name, its directives, its SQL, or what it does on an empty database.",
    cause:
      "A syntax error, transaction control, two files of one version, a misspelt directive, a waiver that allows nothing, contract migrations whose order matters.",
    remedy:
      "`file` and `line` say where. `hj migrations check` says the same before a deploy. In a directory of somebody else's a waiver for nothing is a warning.",
    who: "author",
  },
  NOT_AVAILABLE: {
    told: "both",
    meaning:
      "Something that was asked for cannot be had here: `validate` in a build that was not rehearsed; in a dry run, figures that the role may not read.",
    cause:
      "A build on a machine without PostgreSQL, migrations that need more than an empty server, a role without `pg_read_all_stats`.",
    remedy: "The message says what and why. As a warning it costs only what could not be read.",
    who: "deployer",
  },
  CHECKSUM_CHANGED: {
    told: "both",
    meaning: "A migration that is applied was edited afterwards.",
    cause:
      "Somebody changed the file instead of writing a new one. Directives, line endings and blank lines at the end do not count.",
    remedy: "[An edited migration](operations.md#an-edited-migration).",
    who: "author",
  },
  MIGRATION_MISSING: {
    told: "both",
    meaning: "A migration is applied, this build has newer ones, and lacks that one.",
    cause: "Files that were deleted or squashed, a branch that was deployed and never merged.",
    remedy:
      "Put its files back. When its effect is gone from the schema: `hj migrations resolve VERSION --as rolled_back`.",
    who: "author",
  },
  OUT_OF_ORDER: {
    told: "both",
    meaning: "A migration is pending and older than the newest one that is applied.",
    cause:
      "Two branches that were merged in another order than they were numbered; or the journal is that of other migrations.",
    remedy:
      "Give it a newer version. Where it does not matter, allow it by name: `--allow-out-of-order VERSION`, or `allowOutOfOrder` in the event.",
    who: "author",
  },
  MIGRATION_WAITS: {
    told: "warning",
    meaning:
      "A contract migration is pending and waits: for its phase, or for a run after the one that applied what it needs.",
    cause: "It takes away what old code uses.",
    remedy: "When the traffic has shifted: `hj migrations run --phase contract`. Until then it holds nothing up.",
    who: "nobody",
  },
  ROLLBACK_UNFINISHED: {
    told: "both",
    meaning: "A rollback statement by statement was interrupted, and nothing may run before it is finished.",
    cause: "A run that died, or a down script that failed half way.",
    remedy:
      "`hj migrations rollback` goes on with it; or say what is true with `hj migrations resolve VERSION --as applied`, or `--as rolled_back`.",
    who: "caller",
  },
  MIGRATION_UNFINISHED: {
    told: "both",
    meaning:
      "A migration was started statement by statement and has not finished, and a rollback or `adopt` may not begin before it has.",
    cause: "A run that died or failed half way; or, for `adopt`, another tool's.",
    remedy: "`hj migrations run` goes on with it; or `hj migrations resolve VERSION`.",
    who: "caller",
  },
  IRREVERSIBLE: {
    told: "refusal",
    meaning: "One of the migrations to roll back says that there is no way back. Nothing was rolled back.",
    cause: "`-- hj:irreversible REASON` in its file: the message has the reason.",
    remedy: "Roll the code back and leave the schema: the old code runs on it. Else write a new migration.",
    who: "author",
  },
  DOWN_MISSING: {
    told: "refusal",
    meaning: "One of the migrations to roll back was applied without a down script. Nothing was rolled back.",
    cause: "There was no `.down.sql` when it was applied; the journal keeps the script of that time.",
    remedy:
      "Roll the code back and leave the schema. A down script that was written since is taken with `hj migrations resolve VERSION --as checksum` only where the up was edited too; else write a new migration.",
    who: "author",
  },
  NOT_ENOUGH_BATCHES: {
    told: "refusal",
    meaning: "The rollback asks for more batches than there are. Nothing was rolled back.",
    cause: "Another journal or another database than was thought, or `--steps` counted in migrations.",
    remedy: "The hint lists the batches with their migrations.",
    who: "caller",
  },
  DATA_LOSS: {
    told: "both",
    meaning:
      "The rollback would throw away rows or values that exist, and nobody has allowed that. As a warning: it was allowed, and this was lost.",
    cause: "A down script that drops or empties what has been filled since.",
    remedy:
      "Roll the code back and leave the schema; or, if it may be lost, name all of it as the hints write it: `--allow-data-loss NAMES`.",
    who: "caller",
  },
  DATA_LOSS_UNSEEN: {
    told: "warning",
    meaning: "A down script does something of which nobody can count beforehand what is lost.",
    cause: "A `DO` block, a function of your own, an `update` or `delete` with a condition, a changed type.",
    remedy: "Read that down script before you roll back.",
    who: "caller",
  },
  NOTHING_TO_RESOLVE: {
    told: "refusal",
    meaning: "`resolve` or `adopt` would record what is recorded already, or what cannot be.",
    cause: "A wrong version, a database that has a journal, an empty schema.",
    remedy: "`hj migrations list` says what the journal has.",
    who: "caller",
  },
  NOT_OURS: {
    told: "refusal",
    meaning:
      "`unlock` names a session that does not hold the run lock, or `adopt` finds a schema that no version makes. Nothing was changed.",
    cause: "The session has ended by itself, another run has the lock now, or the schema was changed by hand.",
    remedy:
      "`unlock`: ask `hj migrations status` again. `adopt`: mend the differences that the message names, and adopt again.",
    who: "caller",
  },
  FILE_IGNORED: {
    told: "both",
    meaning:
      "A file in the directory is left out, because its name is none of a migration; or there are no migrations in it.",
    cause: "A name without a version, an ending that is not read.",
    remedy: "Rename it, or leave it: `--strict` refuses it.",
    who: "author",
  },
  DATABASE_AHEAD: {
    told: "warning",
    meaning:
      "The database has migrations that are newer than this build. The exit code is 0: code that was rolled back has to work.",
    cause: "An older build after a newer one, mostly on purpose.",
    remedy: "[The database is ahead](operations.md#the-database-is-ahead).",
    who: "nobody",
  },
  SERVER_NEWER_THAN_TESTED: {
    told: "warning",
    meaning: "The server is newer than PostgreSQL 18, which is the newest that this build was tested with.",
    cause: "An upgrade of the server.",
    remedy: "Go on, and update the hook.",
    who: "deployer",
  },
  TLS_UNVERIFIED: {
    told: "warning",
    meaning: "The server's certificate was not verified.",
    cause: "`HELLOJOHN_DATABASE_SSL` or the URL's `sslmode` says so.",
    remedy: "Set `verify-full`: [TLS](operations.md#tls).",
    who: "deployer",
  },
  RUN_IN_PROGRESS: {
    told: "warning",
    meaning: "A run is at work in that session and holds the run lock.",
    cause: "A deploy that goes on, or an index build that was left to the server.",
    remedy: "Wait. The next run waits for it, and records what it has done.",
    who: "nobody",
  },
  SCHEMA_DRIFTED: {
    told: "warning",
    meaning: "The schema was not what earlier migrations made, or that could not be looked at.",
    cause:
      "A change by hand; or, after `adopt`, migrations that leave no trace, or another tool's journal that says something else.",
    remedy: "[Drift](operations.md#drift): `hj migrations validate --verbose`.",
    who: "dba",
  },
  HAZARD: {
    told: "both",
    meaning:
      "A migration would lock out those who use the database, or break the version that is still running, and nobody has allowed it.",
    cause: "A statement that a rule objects to: the message names rule, line and column.",
    remedy:
      "`hj migrations explain RULE` says why, and the safe way. Where it does no harm: `-- hj:allow RULE OBJECT REASON` in the file, which does not change its checksum.",
    who: "author",
  },
};
