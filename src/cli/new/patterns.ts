// The safe patterns that `hj migrations new` writes: what each migration of them does, and its way back. Pure; the rules find
// nothing in any of them, which a test sees to.
import { identifier } from "../../engine/quote.ts";
import type { Pattern } from "./pattern-names.ts";

/** What a pattern is filled in with; which of it is needed, `needsOf` says. */
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
  const [table, column, to] = [filling.table, filling.column, filling.to].map(identifier) as [string, string, string];
  const alter = (...changes: readonly string[]) =>
    changes.map((change) => `alter table ${table} ${change};\n`).join("");
  const named = (end: string) => identifier(`${filling.table}_${filling.column}_${end}`);
  switch (pattern) {
    case "empty":
      return [{ suffix: "", up: () => EMPTY_UP, down: EMPTY_DOWN }];
    case "column":
      return [
        { suffix: "", up: () => alter(`add column ${column} ${filling.type}`), down: alter(`drop column ${column}`) },
      ];
    case "index":
      return [indexed(table, column, named("idx"), "")];
    case "foreign-key": {
      const key = `foreign key (${column}) references ${identifier(filling.references)}`;
      return [
        indexed(table, column, named("idx"), "_index"),
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
            `-- Holds for new rows at once; the old ones are read by the next migration, which keeps nobody out.\n${alter(`${check} not valid`)}`,
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
            `-- The new version writes both columns and reads ${to} where it is not null.\n${alter(`add column ${to} ${filling.type}`)}`,
          down: alter(`drop column ${to}`),
        },
        {
          suffix: "_fill",
          up: () =>
            `-- hj:transaction off\n\n-- In a large table: one such statement for each range of its key.\nupdate ${table} set ${to} = ${column} where ${to} is null and ${column} is not null;\n`,
          down: NOTHING_TO_TAKE_BACK,
        },
        {
          suffix: "_drop",
          up: ([, filled = ""]) =>
            `-- hj:phase contract after ${filled}\n-- hj:irreversible the values are in the new column\n\n${alter(`drop column ${column}`)}`,
          down: null,
        },
      ];
  }
}

function indexed(table: string, column: string, index: string, suffix: string): Draft {
  return {
    suffix,
    up: () => `create index concurrently ${index} on ${table} (${column});\n`,
    down: `drop index concurrently ${index};\n`,
  };
}

const EMPTY_UP = `-- What the schema becomes. Old code goes on using it meanwhile: what takes something away waits, with
-- "hj:phase contract after VERSION" in a line like this one, until no old code is left. hj migrations check says what hurts.
`;
const EMPTY_DOWN =
  "-- What the up brought, taken back. Without a way back: remove this file, and say hj:irreversible REASON in the up.\n";
const NOTHING_TO_TAKE_BACK = "-- Nothing to take back: it goes with the migration before.\n";
