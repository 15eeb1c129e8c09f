// Rules about types: enums that both versions have to know, domains, and what cannot be mended cheaply later.
import type { Action, Column } from "../action.ts";
import { objectText } from "../object-text.ts";
import type { Rule } from "../rule.ts";
import { found, NOTHING } from "./finding.ts";
import { typesGiven } from "./types-given.ts";

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
      action.kind === "add_enum_value" &&
      isTransactional &&
      after().some(({ strings }) => strings.includes(action.value))
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
    check: (action, { isExisting }) =>
      action.kind === "rename_enum_value" && isExisting(action.type)
        ? found(action.type, action.value, "is renamed while the old version may still use it")
        : NOTHING,
    bad: ["alter type plan rename value 'free' to 'basic';"],
    failsWith: null,
    good: ["alter type plan add value 'basic';"],
  },
  {
    id: "domain-constraint",
    title: "A constraint of a domain that is held against every row of each table with it",
    level: "warning",
    locks: [{ table: "session", mode: "ShareLock", work: "scan" }],
    why: "All tables with a column of the domain are read in one transaction, and nobody can write to any of them meanwhile.",
    instead:
      "Add it NOT VALID, which holds for new values at once. VALIDATE CONSTRAINT of a domain locks the tables in the same way: where they are large, add a check to each of them instead.",
    since: null,
    breaksOldCode: "A value that the constraint forbids is refused with 23514, and a null with 23502.",
    isFineInContract: false,
    check: (action, { isExisting }) =>
      action.kind === "add_domain_constraint" && !action.isNotValid && isExisting(action.domain)
        ? found(action.domain, null, "is held against every row of the tables with it, while nobody can write to them")
        : NOTHING,
    bad: [
      "create domain score as integer;\nalter table session add column score score;",
      "alter domain score add constraint score_check check (value >= 0);",
    ],
    failsWith: null,
    good: [
      "create domain score as integer;\nalter table session add column score score;",
      "alter domain score add constraint score_check check (value >= 0) not valid;",
    ],
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
        .filter((column) => keys.includes(column.name) && SHORT.includes(column.type.name) && isCounted(column))
        .flatMap(({ name, type }) =>
          found(action.table, name, `is ${objectText({ schema: null, name: type.name })}, which runs out`),
        );
    },
    bad: ["create table audit (id serial primary key);"],
    failsWith: null,
    good: ["create table audit (id bigint generated always as identity primary key);"],
  },
  {
    id: "char-column",
    title: "A column of type char(n)",
    level: "warning",
    locks: [],
    why: "Shorter values are filled up with blanks, which come back with every read and do not count in a comparison; to make it text later means writing the table anew.",
    instead: "Use text, with a check of the length where that matters, or varchar(n).",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action) =>
      typesGiven(action).flatMap(({ table, column, type }) =>
        // Of one character there is nothing to fill up.
        type.name === "bpchar" && (type.modifiers[0] ?? 1) > 1
          ? found(table, column, `is char(${type.modifiers.join()}), which is filled up with blanks`)
          : NOTHING,
      ),
    bad: ["create table country (id bigint primary key, code char(3) not null);"],
    failsWith: null,
    good: ["create table country (id bigint primary key, code varchar(3) not null);"],
  },
  {
    id: "long-name",
    title: "A name that is longer than PostgreSQL keeps",
    level: "error",
    locks: [],
    why: "What is behind the 63rd byte is cut off without an error. Two names that differ only there are one, and the catalog does not show the name that the file has.",
    instead: "Choose a name of at most 63 bytes.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { statement }) =>
      namesGiven(action)
        .flatMap((kept) => statement.cutNames.filter((name) => isCutTo(name, kept)).map((name) => ({ name, kept })))
        .flatMap(({ name, kept }) =>
          found({ schema: null, name }, null, `is cut off after 63 bytes: PostgreSQL calls it ${kept}`),
        ),
    bad: [
      "create table audit (id bigint primary key, constraint audit_id_is_positive_because_zero_and_below_mark_what_was_imported check (id > 0));",
    ],
    failsWith: null,
    good: ["create table audit (id bigint primary key, constraint audit_id_is_positive check (id > 0));"],
  },
];

/** Numbered one after the other, by itself or by a sequence as its default. */
function isCounted({ generated, default: value }: Column): boolean {
  return generated !== null || value === "volatile";
}

/** Names that an action brings, as PostgreSQL keeps them. */
function namesGiven(action: Action): readonly string[] {
  switch (action.kind) {
    case "create_table": {
      const constraints = action.constraints.flatMap(({ name }) => name ?? []);
      return [action.table.name, ...action.columns.map(({ name }) => name), ...constraints];
    }
    case "add_column":
      return [action.added.name, ...action.constraints.flatMap(({ name }) => name ?? [])];
    case "add_constraint":
      return [action.constraint.name ?? []].flat();
    case "create_index":
      return [action.index ?? []].flat();
    case "create_trigger":
      return [action.trigger];
    case "create":
      return [action.name.name];
    case "rename":
    case "rename_column":
    case "rename_constraint":
      return [action.to];
    default:
      return [];
  }
}

/** Up to three bytes less than 63 remain where a letter of several bytes would be cut in two. */
function isCutTo(name: string, kept: string): boolean {
  return Buffer.byteLength(kept, "utf8") >= 60 && name.toLowerCase().startsWith(kept.toLowerCase());
}

const SHORT: readonly string[] = ["int2", "int4", "serial", "smallserial"];
