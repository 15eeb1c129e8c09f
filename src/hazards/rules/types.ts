// Rules about types: enums that both versions have to know, and keys that run out.
import { objectText } from "../object-text.ts";
import type { Rule } from "../rule.ts";
import { found, NOTHING } from "./finding.ts";

export const TYPE_RULES: readonly Rule[] = [
  {
    id: "enum-value-used",
    title: "A new enum value is used in the transaction that adds it",
    level: "error",
    locks: [],
    why: "PostgreSQL refuses the new value until the transaction is committed.",
    instead: "Add it in a migration of its own. It cannot be taken back: say -- hj:irreversible.",
    since: null,
    breaksOldCode: "It may not know the value when it reads it.",
    isFineInContract: false,
    check: (action, { after, isTransactional }) =>
      action.kind === "add_enum_value" && isTransactional && after.some(({ strings }) => strings.includes(action.value))
        ? found(action.type, action.value, "is used before the transaction that adds it is committed")
        : NOTHING,
    bad: ["alter type plan add value 'team';\nupdate organization set plan = 'team' where id = 1;"],
    failsWith: "55P04",
    good: ["alter type plan add value 'team';", "update organization set plan = 'team' where id = 1;"],
  },
  {
    id: "rename-enum-value",
    title: "A value of an enum is renamed",
    level: "error",
    locks: [],
    why: "The old version writes the one name and the new version the other, and both are running.",
    instead: "Add the new value, let the new version write it, and move the rows over in batches.",
    since: null,
    breaksOldCode: "What names the value fails with 22P02.",
    isFineInContract: true,
    check: (action) =>
      action.kind === "rename_enum_value"
        ? found(action.type, action.value, "is renamed while the old version may still use it")
        : NOTHING,
    bad: ["alter type plan rename value 'free' to 'basic';"],
    failsWith: null,
    good: ["alter type plan add value 'basic';"],
  },
  {
    id: "short-key",
    title: "A primary key of 32 bits or less",
    level: "warning",
    locks: [],
    why: "It runs out at 2,147,483,647, or at 32,767, and by then changing its type means writing the table anew.",
    instead: "Use bigint, or uuid.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action) => {
      if (action.kind !== "create_table" || action.isTemporary) return NOTHING;
      const keys = action.constraints.flatMap(({ kind, columns }) =>
        kind === "primary_key" && columns.length === 1 ? columns : [],
      );
      return action.columns
        .filter(({ name, type, generated }) => keys.includes(name) && SHORT.includes(type.name) && generated !== null)
        .flatMap(({ name, type }) =>
          found(action.table, name, `is ${objectText({ schema: null, name: type.name })}, which runs out`),
        );
    },
    bad: ["create table audit (id serial primary key);"],
    failsWith: null,
    good: ["create table audit (id bigint generated always as identity primary key);"],
  },
];

const SHORT: readonly string[] = ["int2", "int4", "serial", "smallserial"];
