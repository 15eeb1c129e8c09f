// What statements do, in the few words that rules need. Data only: build/read-actions.ts makes it from a syntax tree, so that
// no rule knows a parser.
import type { LockMode } from "../migration/foreseen.ts";
import type { ObjectName } from "../migration/manifest.ts";

/** A statement of an up file, and all that it does, in order. */
export interface JudgedStatement {
  /** Offset in the file, in UTF-16 code units. */
  readonly start: number;
  readonly actions: readonly Action[];
  /** Every string constant in it. */
  readonly strings: readonly string[];
  /** Every function that it calls by name, without its schema. */
  readonly calls: readonly string[];
  /** Names in it that PostgreSQL cuts off because they are too long, as they stand there. */
  readonly cutNames: readonly string[];
}

/** `int4`, `varchar` with 20: names as PostgreSQL's catalog has them. */
export interface TypeName {
  readonly name: string;
  readonly modifiers: readonly number[];
  readonly isArray: boolean;
}

export interface Column {
  readonly name: string;
  readonly type: TypeName;
  readonly isNotNull: boolean;
  /** `volatile`: evaluated for each row, or a function of which that is not known. */
  readonly default: "none" | "constant" | "volatile";
  /** `serial` also for bigserial and smallserial. */
  readonly generated: "serial" | "identity" | "stored" | "virtual" | null;
}

export interface Constraint {
  /** Null where PostgreSQL chooses one. */
  readonly name: string | null;
  readonly kind: "check" | "foreign_key" | "unique" | "primary_key" | "exclude" | "not_null";
  /** Its own columns; of a check those that it mentions, of USING INDEX none. */
  readonly columns: readonly string[];
  readonly references: ObjectName | null;
  readonly isNotValid: boolean;
  /** Of USING INDEX. */
  readonly index: string | null;
  /** Columns that a check proves to be not null, because it says `c IS NOT NULL`, alone or joined by AND. */
  readonly proves: readonly string[];
}

/** What DROP, RENAME and the like can be about, beside columns. */
export type DroppedKind =
  | "table"
  | "view"
  | "materialized view"
  | "foreign table"
  | "sequence"
  | "schema"
  | "type"
  | "domain"
  | "function"
  | "trigger"
  | "policy"
  | "extension"
  | "constraint"
  | "index"
  | "other";

interface OnTable {
  readonly table: ObjectName;
}
interface OnColumn extends OnTable {
  readonly column: string;
}

export type Action =
  | ({
      readonly kind: "create_table";
      readonly columns: readonly Column[];
      readonly constraints: readonly Constraint[];
      readonly partitionOf: ObjectName | null;
      readonly isPartitioned: boolean;
      readonly isTemporary: boolean;
      /** IF NOT EXISTS. */
      readonly mayExist: boolean;
    } & OnTable)
  | ({
      readonly kind: "add_column";
      readonly added: Column;
      /** Those that stand beside the column, but for NOT NULL. */
      readonly constraints: readonly Constraint[];
    } & OnTable)
  | ({ readonly kind: "drop_column"; readonly isCascade: boolean } & OnColumn)
  | ({ readonly kind: "rename_column"; readonly to: string } & OnColumn)
  /** `hasUsing`: by an expression of its own. One that only casts the column to the type is none. */
  | ({
      readonly kind: "change_type";
      readonly type: TypeName;
      readonly hasUsing: boolean;
      readonly hasCollation: boolean;
    } & OnColumn)
  | ({ readonly kind: "set_not_null" | "drop_not_null" | "drop_default" } & OnColumn)
  | ({ readonly kind: "set_default" } & OnColumn)
  | ({ readonly kind: "add_constraint"; readonly constraint: Constraint } & OnTable)
  | ({ readonly kind: "validate_constraint"; readonly constraint: string } & OnTable)
  | ({ readonly kind: "drop_constraint"; readonly constraint: string; readonly isCascade: boolean } & OnTable)
  | ({ readonly kind: "rename_constraint"; readonly constraint: string; readonly to: string } & OnTable)
  | ({ readonly kind: "attach_partition"; readonly partition: ObjectName } & OnTable)
  | ({ readonly kind: "detach_partition"; readonly partition: ObjectName; readonly isConcurrent: boolean } & OnTable)
  /** Every row is written anew: SET LOGGED, SET TABLESPACE, VACUUM FULL, CLUSTER and the like. */
  | ({ readonly kind: "rewrite_table"; readonly command: string } & OnTable)
  /** `policy`: CREATE POLICY. */
  | ({ readonly kind: "row_security"; readonly command: "enable" | "force" | "disable" | "policy" } & OnTable)
  /** Any other change of a table, with the lock that it takes. */
  | ({ readonly kind: "alter_table"; readonly command: string; readonly mode: LockMode } & OnTable)
  | ({ readonly kind: "create_trigger"; readonly trigger: string } & OnTable)
  | ({
      readonly kind: "create_index";
      /** Null where PostgreSQL chooses one. */
      readonly index: string | null;
      /** Null in the place of an expression. */
      readonly columns: readonly (string | null)[];
      /** Columns that its expressions and its WHERE mention. */
      readonly uses: readonly string[];
      readonly isUnique: boolean;
      readonly isPartial: boolean;
      readonly isConcurrent: boolean;
      readonly mayExist: boolean;
      /** ON ONLY: of a partitioned table without its partitions. */
      readonly isOnly: boolean;
    } & OnTable)
  | {
      readonly kind: "drop_index";
      readonly index: ObjectName;
      readonly isConcurrent: boolean;
      /** IF EXISTS. */
      readonly mayBeMissing: boolean;
      readonly isCascade: boolean;
    }
  | {
      readonly kind: "reindex";
      readonly of: "index" | "table" | "all";
      readonly name: ObjectName;
      readonly isConcurrent: boolean;
    }
  /** All but tables, indexes and triggers. `table` of a policy. */
  | {
      readonly kind: "create";
      readonly what: DroppedKind;
      readonly name: ObjectName;
      readonly table: ObjectName | null;
    }
  /** `table` of a trigger and a policy. */
  | {
      readonly kind: "drop";
      readonly what: DroppedKind;
      readonly name: ObjectName;
      readonly table: ObjectName | null;
      readonly isCascade: boolean;
    }
  | { readonly kind: "rename"; readonly what: DroppedKind; readonly name: ObjectName; readonly to: string }
  | { readonly kind: "set_schema"; readonly what: DroppedKind; readonly name: ObjectName; readonly to: string }
  | ({ readonly kind: "truncate"; readonly isCascade: boolean } & OnTable)
  | { readonly kind: "add_enum_value" | "rename_enum_value"; readonly type: ObjectName; readonly value: string }
  /** `isWhole`: no WHERE, or one that is true for every row. */
  | ({ readonly kind: "update" | "delete"; readonly isWhole: boolean } & OnTable)
  /** `hasSelect`: as many rows as a query finds in tables. Also what fills CREATE TABLE AS. */
  | ({ readonly kind: "insert"; readonly hasSelect: boolean } & OnTable)
  | ({ readonly kind: "lock_table"; readonly mode: LockMode } & OnTable)
  | { readonly kind: "refresh_view"; readonly view: ObjectName; readonly isConcurrent: boolean }
  /** Of the session, or with `isLocal` of the transaction; value null for DEFAULT and RESET. Also set_config(). */
  | { readonly kind: "set"; readonly setting: string; readonly value: string | null; readonly isLocal: boolean }
  /** BEGIN, COMMIT, SAVEPOINT, DISCARD and the like. */
  | { readonly kind: "transaction"; readonly command: string }
  /** Code that no rule looks into: DO, CALL. `hides`: words in it that rules would ask about, such as EXECUTE. */
  | { readonly kind: "opaque"; readonly command: "DO" | "CALL"; readonly hides: string | null }
  /** Tables by name; a grant on all tables that there are has none. */
  | { readonly kind: "grant" | "revoke"; readonly on: readonly ObjectName[] }
  /** ALTER DEFAULT PRIVILEGES: rights on tables that come later. */
  | { readonly kind: "grant_by_default" }
  | { readonly kind: "change_owner"; readonly what: DroppedKind; readonly name: ObjectName }
  /** Also SET NOT NULL and VALIDATE CONSTRAINT, which hold what is stored against the domain as well. */
  | { readonly kind: "add_domain_constraint"; readonly domain: ObjectName; readonly isNotValid: boolean };
