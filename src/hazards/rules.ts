// The table of all rules. To add one: an entry in rules/ with its two examples, and `npm run generate`; the tests of all rules
// take it up from here.
import type { Rule } from "./rule.ts";
import { COLUMN_RULES } from "./rules/columns.ts";

/** In the order in which they are documented. */
export const RULES: readonly Rule[] = [...COLUMN_RULES];

/** Null for an id that no rule has. */
export function findRule(id: string): Rule | null {
  return RULES.find((rule) => rule.id === id) ?? null;
}
