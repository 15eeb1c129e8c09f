// The safe patterns that `hj migrations new` writes: what each migration of them does, and its way back. Pure; the rules find
// nothing in any of them, which a test sees to.
import { identifier, qualified } from "../../engine/quote.ts";
import type { ObjectName } from "../../migration/manifest.ts";
import type { Pattern } from "./pattern-names.ts";

/** What a pattern is filled in with; which of it is needed, `needsOf` says. A table may have its schema before a dot. */
export interface Filling {
  readonly table: string;
  readonly column: string;
  /** A type as SQL has it. */
  readonly type: string;
  /** The table that a foreign key leads to, by its primary key. */
  readonly references: string;
  /** The new name of a column. */
  readonly to: string;
}

/** One migration: what is put behind the name that was given, and both files. `down` null: it says irreversible. */
export interface Draft {
  readonly suffix: string;
  /** `versions` are those of all migrations of the pattern. */
  readonly up: (versions: readonly string[]) => string;
  readonly down: string | null;
}

/** The flags that a pattern cannot do without. */
export function needsOf(pattern: Pattern): readonly (keyof Filling)[] {
  return NEEDS[pattern];
}

const NEEDS: Readonly<Record<Pattern, readonly (keyof Filling)[]>> = {
  empty: [],
  column: ["table", "column", "type"],
  index: ["table", "column"],
  "foreign-key": ["table", "column", "references"],
  "not-null": ["table", "column"],
  rename: ["table", "column", "type", "to"],
};

/** The migrations of a pattern, in order. */
export function draftsOf(pattern: Pattern, filling: Filling): readonly Draft[] {
  const [column, to] = [filling.column, filling.to].map(identifier) as [string, string];
  const { schema, name: tableName } = tableOf(filling.table);
  const table = qualified({ schema, name: tableName });
  const alter = (...changes: readonly string[]) =>
    changes.map((change) => `alter table ${table} ${change};\n`).join("");
  const nameOf = (end: string) => `${cut(`${tableName}_${filling.column}`, LONGEST_NAME - end.length - 1)}_${end}`;
  const named = (end: string) => identifier(nameOf(end));
  const index = {
    name: named("idx"),
    inSchema: qualified({ schema, name: nameOf("idx") }),
    on: `${table} (${column})`,
  };
  switch (pattern) {
    case "empty":
      return [{ suffix: "", up: () => EMPTY_UP, down: EMPTY_DOWN }];
    case "column":
      return [
        { suffix: "", up: () => alter(`add column ${column} ${filling.type}`), down: alter(`drop column ${column}`) },
      ];
    case "index":
      return [indexed(index, "")];
    case "foreign-key": {
      const key = `foreign key (${column}) references ${qualified(tableOf(filling.references))}`;
      return [
        indexed(index, "_index"),
        {
          suffix: "",
          up: () =>
            `-- Holds for new rows at once; the old ones are looked up by the next migration.\n${alter(`add constraint ${named("fkey")} ${key} not valid`)}`,
          down: alter(`drop constraint ${named("fkey")}`),
        },
        {
          suffix: "_validate",
          up: () => alter(`validate constraint ${named("fkey")}`),
          down: alter(`drop constraint ${named("fkey")}`, `add constraint ${named("fkey")} ${key} not valid`),
        },
      ];
    }
    case "not-null": {
      const check = `add constraint ${named("not_null")} check (${column} is not null)`;
      return [
        {
          suffix: "_check",
          up: () =>
            `-- The version that is running has to fill the column already: an INSERT without it fails from here on.\n-- Rows of before are read by the next migration, which keeps nobody out: none of them may be null by then.\n${alter(`${check} not valid`)}`,
          down: alter(`drop constraint ${named("not_null")}`),
        },
        {
          suffix: "_validate",
          up: () => alter(`validate constraint ${named("not_null")}`),
          down: alter(`drop constraint ${named("not_null")}`, `${check} not valid`),
        },
        {
          suffix: "",
          up: () =>
            `-- The check is taken as proof, and no row is read.\n${alter(`alter column ${column} set not null`, `drop constraint ${named("not_null")}`)}`,
          down: alter(check, `alter column ${column} drop not null`),
        },
      ];
    }
    case "rename":
      return [
        {
          suffix: "_add",
          up: () =>
            `-- Goes with the first of three releases, whose code writes both columns and reads ${column}.\n${alter(`add column ${to} ${filling.type}`)}`,
          down: alter(`drop column ${to}`),
        },
        {
          suffix: "_fill",
          up: () =>
            `-- hj:transaction off\n\n-- Goes with the second release, whose code writes both columns and reads ${to}. Not with the first: code that writes ${column} alone\n-- is still running then, and its rows would be missed. In a large table: one such statement for each range of its key.\nupdate ${table} set ${to} = ${column} where ${to} is null and ${column} is not null;\n`,
          down: NOTHING_TO_TAKE_BACK,
        },
        {
          suffix: "_drop",
          up: ([, filled = ""]) =>
            `-- hj:phase contract after ${filled}\n-- hj:irreversible the values are in the new column\n\n-- Goes with the third release, whose code knows ${to} alone, and runs when no other code is left.\n${alter(`drop column ${column}`)}`,
          down: null,
        },
      ];
  }
}

/** `on` is the table with what is indexed of it; `inSchema` finds the index again, wherever search_path leads. */
function indexed(
  index: { readonly name: string; readonly inSchema: string; readonly on: string },
  suffix: string,
): Draft {
  return {
    suffix,
    up: () => `create index concurrently ${index.name} on ${index.on};\n`,
    down: `drop index concurrently ${index.inSchema};\n`,
  };
}

function tableOf(table: string): ObjectName {
  const [name = "", schema = null] = table.split(".").toReversed();
  return { schema, name };
}

/** In bytes; what is longer PostgreSQL cuts off itself, and with it what the name ends in. */
const LONGEST_NAME = 63;

function cut(name: string, bytes: number): string {
  const characters = [...name];
  while (Buffer.byteLength(characters.join("")) > bytes) characters.pop();
  return characters.join("");
}

const EMPTY_UP = `-- What the schema becomes. Old code goes on using it meanwhile: what takes something away waits, with
-- "hj:phase contract after VERSION" in a line like this one, until no old code is left. hj migrations check says what hurts.
`;
const EMPTY_DOWN =
  "-- What the up brought, taken back. Without a way back: remove this file, and say hj:irreversible REASON in the up.\n";
const NOTHING_TO_TAKE_BACK = "-- Nothing to take back: it goes with the migration before.\n";
