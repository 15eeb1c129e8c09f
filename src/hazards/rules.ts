// The table of all rules. To add one: an entry in rules/ with its two examples, then `npm run generate`; the tests of all
// rules take it up from here.
import type { Rule } from "./rule.ts";
import { ACCESS_RULES } from "./rules/access.ts";
import { COLUMN_RULES } from "./rules/columns.ts";
import { CONSTRAINT_RULES } from "./rules/constraints.ts";
import { FOREIGN_KEY_RULES } from "./rules/foreign-keys.ts";
import { INDEX_RULES } from "./rules/indexes.ts";
import { NEW_COLUMN_RULES } from "./rules/new-columns.ts";
import { SLOW_WORK_RULES } from "./rules/slow-work.ts";
import { TABLE_RULES } from "./rules/tables.ts";
import { TRANSACTION_RULES } from "./rules/transactions.ts";
import { TYPE_RULES } from "./rules/types.ts";
import { UNIQUENESS_RULES } from "./rules/uniqueness.ts";

/** In the order in which they are documented. */
export const RULES: readonly Rule[] = [
  ...NEW_COLUMN_RULES,
  ...COLUMN_RULES,
  ...CONSTRAINT_RULES,
  ...FOREIGN_KEY_RULES,
  ...UNIQUENESS_RULES,
  ...INDEX_RULES,
  ...TABLE_RULES,
  ...SLOW_WORK_RULES,
  ...ACCESS_RULES,
  ...TYPE_RULES,
  ...TRANSACTION_RULES,
];

/** Null for an id that no rule has. */
export function findRule(id: string): Rule | null {
  return RULES.find((rule) => rule.id === id) ?? null;
}
