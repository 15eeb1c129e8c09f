// What a statement of a down script does to rows that are there, as data: the build reads it from the statement, the
// journal keeps it, and a rollback counts by it. No decisions.
import type { ObjectName } from "./manifest.ts";

/**
 * Names are those at that moment of the script. What is renamed has to be followed, because what is dropped later is
 * counted before, under the name that it has then.
 */
export type Effect =
  | { readonly effect: "drop_table"; readonly table: ObjectName }
  | { readonly effect: "drop_column"; readonly table: ObjectName; readonly column: string }
  | { readonly effect: "drop_schema"; readonly schema: string }
  /** `reach`: which other tables lose their rows with it. */
  | { readonly effect: "empty_table"; readonly table: ObjectName; readonly reach: Reach }
  | { readonly effect: "rename_table"; readonly table: ObjectName; readonly to: ObjectName }
  | { readonly effect: "rename_column"; readonly table: ObjectName; readonly column: string; readonly to: string }
  | { readonly effect: "rename_schema"; readonly schema: string; readonly to: string }
  /** Whether the function is one of PostgreSQL's own is only known where it is called. */
  | { readonly effect: "call"; readonly function: ObjectName }
  /** Something that can lose data and does not say which; `what` goes into a sentence. */
  | { readonly effect: "unseen"; readonly what: string };

/** `only`: none. `truncated`: those that refer to it. `deleted`: those whose foreign key says ON DELETE CASCADE. */
export type Reach = "only" | "truncated" | "deleted";
