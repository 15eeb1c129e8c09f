// Rules about adding, changing and dropping columns.
import { objectText } from "../object-text.ts";
import type { Rule } from "../rule.ts";

export const COLUMN_RULES: readonly Rule[] = [
  {
    id: "add-column-not-null",
    title: "A column that must not be null, without a default",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: null }],
    why: "It fails where the table has rows. Where it has none, the old version's INSERT, which does not name the column, fails from then on.",
    instead: "Give it a constant default, or let it be null until no old version is left.",
    since: null,
    breaksOldCode: "Its INSERT fails with 23502.",
    isFineInContract: false,
    check: (action, { isExisting }) =>
      action.kind === "add_column" &&
      isExisting(action.table) &&
      action.added.isNotNull &&
      action.added.default === "none" &&
      action.added.generated === null
        ? [
            {
              object: objectText(action.table, action.added.name),
              message: `${objectText(action.table, action.added.name)} must not be null and has no default`,
            },
          ]
        : [],
    bad: ["alter table account add column region text not null;"],
    good: ["alter table account add column region text not null default 'eu';"],
  },
];
