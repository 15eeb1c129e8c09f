// All migrations of a build, compiled: what the function ships instead of files and a parser.

import type { Effect } from "./effect.ts";
import type { Foreseen } from "./foreseen.ts";
import type { SchemaChange } from "./schema-change.ts";

/** A file as the engine runs it. Offsets into `sql` count UTF-16 code units. */
export interface Script {
  readonly file: string;
  /** False: statement by statement, each recorded when done. */
  readonly transactional: boolean;
  /** True where, as far as can be seen, no statement changes a setting, ends the transaction or gives up a lock (keeps-session.ts). */
  readonly keepsSession: boolean;
  /** From the file's directive; null leaves it to the request and the default. */
  readonly timeoutMs: number | null;
  /** The whole text, without a byte-order mark. */
  readonly sql: string;
  readonly statements: readonly Statement[];
}

/** One statement, and how it has to be run when the script is not transactional. */
export type Statement = {
  readonly start: number;
  readonly end: number;
  /** Of a down script, what it does to rows that are there. Absent where nobody has looked. */
  readonly effects?: readonly Effect[];
} & StatementKind;

/**
 * `ordinary` runs inside a transaction. Everything else PostgreSQL refuses there, so it is sent alone; what is known
 * of it decides how an interrupted one is taken up again.
 */
export type StatementKind =
  | { readonly kind: "ordinary" }
  | ({ readonly kind: "create_index_concurrently" } & IndexToBuild)
  | { readonly kind: "drop_index_concurrently"; readonly indexes: readonly ObjectName[] }
  | { readonly kind: "reindex_concurrently"; readonly scope: ReindexScope }
  | { readonly kind: "detach_partition_concurrently"; readonly table: ObjectName; readonly partition: ObjectName }
  | { readonly kind: "alone"; readonly command: string; readonly repeatable: boolean };

/** An index, the table that it is for, and whether its build may outlive the invocation (`-- hj:detach`). */
export interface IndexToBuild {
  readonly index: ObjectName;
  readonly table: ObjectName;
  readonly detach: boolean;
}

/** Which indexes a REINDEX makes anew. */
export type ReindexScope =
  | {
      readonly of: "index" | "table";
      readonly name: ObjectName;
      /** True for a tablespace and the like, with which the statement cannot be put together anew. */
      readonly hasOptions: boolean;
    }
  | { readonly of: "schema"; readonly schema: string }
  | { readonly of: "database" };

/** `schema` is null when search_path decides. */
export interface ObjectName {
  readonly schema: string | null;
  readonly name: string;
}

/** One shipped, ordered, immutable change. */
export interface Migration {
  readonly version: string;
  readonly name: string;
  /** Of the up file, see checksum.ts. */
  readonly checksum: string;
  readonly up: Script;
  /** Null when no down file is shipped. */
  readonly down: Script | null;
  /** Why it cannot be rolled back, from `-- hj:irreversible`. */
  readonly irreversible: string | null;
  /** The version after which it may take away what old code needs (`-- hj:phase contract after VERSION`); null: expand. */
  readonly contractAfter: string | null;
  /** What it makes of the schema; null where that was not tried. */
  readonly change: SchemaChange | null;
  /** What it makes of it where contract migrations come last; absent where that is the same. */
  readonly changeExpandFirst?: SchemaChange;
  /** What it does to a database in use; null where that was not looked at. */
  readonly foreseen: Foreseen | null;
}

/** In order of version, each version once. */
export interface Manifest {
  readonly manifestVersion: 1;
  /** SHA-256, in hex, over every file's checksum: two builds with the same hash do the same. */
  readonly hash: string;
  readonly migrations: readonly Migration[];
}

/** `expand` brings what new code needs, `contract` takes away what old code needed. */
export function phaseOf({ contractAfter }: Pick<Migration, "contractAfter">): "expand" | "contract" {
  return contractAfter === null ? "expand" : "contract";
}

/** `20240601_001_add_passkey_support`: how people and reports name a migration. */
export function fullName(migration: { readonly version: string; readonly name: string }): string {
  return `${migration.version}_${migration.name}`;
}
