// What a rule is. The table of them is rules.ts; how they are asked is lint.ts.
import type { LockMode, TableLock, Work } from "../migration/foreseen.ts";
import type { ObjectName } from "../migration/manifest.ts";
import type { Action, JudgedStatement } from "./action.ts";
import type { KnownSchema } from "./known-schema.ts";

/** One entry of the table: what explains it to people, what finds it, and two examples that prove it. */
export interface Rule {
  /** Kebab case; never changed, because waivers name it. */
  readonly id: string;
  /** What is done, as a headline without a full stop. */
  readonly title: string;
  /** An error keeps a migration from being built or applied; a warning is told. */
  readonly level: "error" | "warning";
  /** What `bad` takes of tables that were there before it; a test runs it and looks. Empty: no lock on a table is the harm. */
  readonly locks: readonly ClaimedLock[];
  /** Why it hurts. */
  readonly why: string;
  /** The way that does not. */
  readonly instead: string;
  /** The first PostgreSQL with that way, as a sentence; null: every supported one. */
  readonly since: string | null;
  /** What becomes of code that was written for the schema before; null where it notices nothing. */
  readonly breaksOldCode: string | null;
  /** True where the only harm is to old code, of which there is none any more in a contract migration. */
  readonly isFineInContract: boolean;
  /** What it finds in one action; it is asked for every action of every statement. */
  readonly check: (action: Action, context: Context) => readonly Finding[];
  /** Files in order, each with its directives: only the last is found bad. The tables of example-schema.ts are there. */
  readonly bad: readonly string[];
  /** The SQLSTATE that `bad` fails with where it cannot be run at all; null where it can. */
  readonly failsWith: string | null;
  /** The same done safely; nothing is found in any of them. */
  readonly good: readonly string[];
}

/** A lock on a table of example-schema.ts. */
export interface ClaimedLock {
  readonly table: string;
  readonly mode: LockMode;
  readonly work: Work | null;
}

/** What one rule found. */
export interface Finding {
  /** As a waiver has to name it; see objectText. */
  readonly object: string;
  /** A sentence without a full stop. */
  readonly message: string;
}

/** What a rule may know besides the action. */
export interface Context {
  /** What earlier statements, of this file and those before, have made. */
  readonly schema: KnownSchema;
  /** What this action locks of tables that were there before the file. */
  readonly locks: readonly TableLock[];
  /** What earlier statements of the same transaction hold of such tables. */
  readonly held: readonly TableLock[];
  /** What earlier statements of the same transaction have done. */
  readonly before: readonly Action[];
  /** The other actions of this statement, itself too. */
  readonly statement: JudgedStatement;
  /** What the statements behind this one in the file will do. */
  readonly after: () => readonly JudgedStatement[];
  /** False where each statement of the file has a transaction of its own. */
  readonly isTransactional: boolean;
  /** The version that a contract migration waits for; null in an expand migration. */
  readonly contractAfter: string | null;
  /** True for a table, or a column of one, that was there before this file, as far as the file tells. */
  readonly isExisting: (table: ObjectName, column?: string) => boolean;
  /** True where earlier migrations grant rights on tables, and none says what new tables get. */
  readonly areRightsGranted: boolean;
}
