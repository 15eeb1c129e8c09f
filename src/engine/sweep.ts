// Puts together what the down scripts of a rollback discard, by the names that things have before it. Pure: what of it
// is there, and how much it holds, is read by count-losses.ts.
import type { Effect, Reach } from "../migration/effect.ts";
import { fullName, type Manifest, type ObjectName, type Script, type Statement } from "../migration/manifest.ts";
import { compareVersions } from "../migration/version.ts";
import { NamesBefore } from "./names-before.ts";
import type { Step } from "./step.ts";

/** The migration whose down script it is. */
export interface Origin {
  /** Its place in the rollback, from 0. */
  readonly step: number;
  readonly version: string;
  /** Its full name. */
  readonly migration: string;
}

/** A table that is dropped or emptied; `name` is null for all tables of a schema but those that `spared` names. */
export interface SweptTable extends Origin {
  readonly verb: "drop" | "empty";
  readonly schema: string;
  readonly name: string | null;
  readonly spared: readonly string[];
  readonly reach: Reach;
}

/** A column that is dropped. */
export interface SweptColumn extends Origin {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** In the order of the rollback. */
export interface Sweep {
  readonly tables: readonly SweptTable[];
  readonly columns: readonly SweptColumn[];
  readonly calls: readonly (Origin & { readonly function: ObjectName })[];
  readonly unseen: readonly (Origin & { readonly what: string })[];
  /** Downs of which nobody has recorded what they discard. */
  readonly unknown: readonly Origin[];
}

/**
 * `schema` is the target's: names without one mean it. An entry from before effects were recorded is explained by the
 * build's own file where that has the very same statements; else it is unknown.
 */
export function sweepOf(steps: readonly Step[], manifest: Manifest, schema: string): Sweep {
  const names = new NamesBefore(schema);
  const tables: SweptTable[] = [];
  const columns: SweptColumn[] = [];
  const calls: Sweep["calls"][number][] = [];
  const unseen: Sweep["unseen"][number][] = [];
  const unknown: Origin[] = [];
  for (const [index, step] of steps.entries()) {
    const origin: Origin = { step: index, version: step.version, migration: fullName(step) };
    const effects = effectsLeft(step, manifest);
    if (effects === null) unknown.push(origin);
    for (const effect of effects ?? []) {
      switch (effect.effect) {
        case "call":
          calls.push({ ...origin, function: effect.function });
          break;
        case "unseen":
          unseen.push({ ...origin, what: effect.what });
          break;
        case "drop_column": {
          const before = names.column(effect.table, effect.column);
          names.dropColumn(effect.table, effect.column);
          if (before !== null) {
            columns.push({ ...origin, schema: before.schema, table: before.name, column: before.column });
          }
          break;
        }
        default:
          tables.push(...swept(effect, names).map((table) => ({ ...origin, ...table })));
      }
    }
  }
  return { tables, columns, calls, unseen, unknown };
}

type TableEffect = Exclude<Effect, { readonly effect: "call" | "unseen" | "drop_column" }>;

/** Also notes what the effect does to names. */
function swept(effect: TableEffect, names: NamesBefore): readonly Omit<SweptTable, keyof Origin>[] {
  switch (effect.effect) {
    case "rename_schema":
      names.renameSchema(effect.schema, effect.to);
      return [];
    case "rename_table":
      names.renameTable(effect.table, effect.to);
      return [];
    case "rename_column":
      names.renameColumn(effect.table, effect.column, effect.to);
      return [];
    case "empty_table": {
      const before = names.table(effect.table);
      return before === null ? [] : [{ verb: "empty", ...before, spared: [], reach: effect.reach }];
    }
    case "drop_table": {
      const before = names.table(effect.table);
      names.dropTable(effect.table);
      return before === null ? [] : [{ verb: "drop", ...before, spared: [], reach: "only" }];
    }
    case "drop_schema": {
      const before = names.schema(effect.schema);
      if (before === null) return [];
      const { arrived, left } = names.dropSchema(effect.schema);
      const own = { verb: "drop", schema: before, name: null, spared: left, reach: "only" } as const;
      return [own, ...arrived.map((table) => ({ ...own, ...table, spared: [] }))];
    }
  }
}

/** Of the statements that are still to run; null where one of them was never looked at. */
function effectsLeft({ version, script, resumes }: Step, manifest: Manifest): readonly Effect[] | null {
  const shipped = manifest.migrations.find((migration) => compareVersions(migration.version, version) === 0)?.down;
  const isSame = shipped != null && JSON.stringify(textsOf(shipped)) === JSON.stringify(textsOf(script));
  const effects: Effect[] = [];
  for (const [index, statement] of script.statements.entries()) {
    if (index < (resumes?.statementsDone ?? 0)) continue;
    const known: Statement["effects"] = statement.effects ?? (isSame ? shipped.statements[index]?.effects : undefined);
    if (known === undefined) return null;
    effects.push(...known);
  }
  return effects;
}

function textsOf({ sql, statements }: Script): readonly string[] {
  return statements.map(({ start, end }) => sql.slice(start, end).trim());
}
