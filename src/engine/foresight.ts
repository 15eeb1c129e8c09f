// What a report says of migrations before they run, from what the build foresaw of them. Pure.
import type { TableLock } from "../migration/foreseen.ts";
import type { Migration, ObjectName, Script } from "../migration/manifest.ts";
import { LINE_END } from "../migration/text-place.ts";
import type { ReportedLock, ReportedStatement } from "./foresight-schema.ts";
import { maskLiterals } from "./mask-literals.ts";
import { EXCERPT_LENGTH, firstToken, wholeCharacter } from "./place.ts";
import type { MigrationReport } from "./report-schema.ts";
import type { Step } from "./step.ts";

/** The hazards of a migration, for its entry in a report; nothing where there are none, or nobody looked. */
export function hazardsOf(migration: Migration | null): Pick<MigrationReport, "hazards"> {
  if (migration === null || migration.foreseen === null || migration.foreseen.hazards.length === 0) return {};
  return { hazards: migration.foreseen.hazards.map((hazard) => ({ ...hazard, file: migration.up.file })) };
}

/** More than that no report has room for. */
const MOST_STATEMENTS = 2_000;

/**
 * What each step would run, for its entry in a report, in the order of the steps. Of one that goes on, only what is
 * left to do. Where there is too much for any report, what locks nothing gives way first, then what comes last.
 */
export function statementsOf(steps: readonly Step[], schema: string): readonly Partial<MigrationReport>[] {
  const planned = steps.map((step) => ({ step, locks: locksOf(step), first: step.resumes?.statementsDone ?? 0 }));
  const all = planned.flatMap(({ step, locks, first }, at) =>
    step.script.statements.flatMap((_, index) =>
      index < first ? [] : [{ at, index, isLocking: (locks?.[index] ?? []).length > 0 }],
    ),
  );
  const kept = [...all.filter(({ isLocking }) => isLocking), ...all.filter(({ isLocking }) => !isLocking)]
    .slice(0, MOST_STATEMENTS)
    .sort((a, b) => a.at - b.at || a.index - b.index);
  const byStep = Map.groupBy(kept, ({ at }) => at);
  return planned.map(({ step, locks, first }, at) => {
    const indexes = (byStep.get(at) ?? []).map(({ index }) => index);
    const omitted = Math.max(0, step.script.statements.length - first) - indexes.length;
    return { statements: excerpts(step.script, indexes, locks, schema), ...(omitted > 0 && { omitted }) };
  });
}

/** Each table that the steps would lock, once, with its schema and as the report names it. */
export function lockedTables(
  steps: readonly Step[],
  schema: string,
): readonly { readonly schema: string; readonly table: string; readonly name: string }[] {
  const tables = steps.flatMap((step) => (locksOf(step) ?? []).flat().map(({ table }) => table));
  const named = tables.map((table) => ({
    schema: table.schema ?? schema,
    table: table.name,
    name: displayName(table, schema),
  }));
  return [...new Map(named.map((table) => [table.name, table])).values()];
}

/** Null where the build did not look. */
function locksOf(step: Step): readonly (readonly TableLock[])[] | null {
  const foreseen = step.direction === "up" ? step.migration.foreseen : null;
  return foreseen === null ? null : foreseen.locks;
}

/** Goes through the text once, whatever it holds. */
function excerpts(
  { sql, statements }: Script,
  indexes: readonly number[],
  locks: readonly (readonly TableLock[])[] | null,
  schema: string,
): ReportedStatement[] {
  const masked = maskLiterals(sql);
  let [line, at] = [1, 0];
  return indexes.flatMap((index) => {
    const statement = statements[index];
    if (statement === undefined) return [];
    const start = firstToken(sql, statement.start);
    line += sql.slice(at, start).split(LINE_END).length - 1;
    at = start;
    return [
      {
        line,
        excerpt: excerptOf(masked.slice(start, Math.min(statement.end, start + 10 * EXCERPT_LENGTH))),
        ...(locks !== null && { locks: (locks[index] ?? []).map((lock) => reported(lock, schema)) }),
      },
    ];
  });
}

function excerptOf(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= EXCERPT_LENGTH ? line : `${line.slice(0, wholeCharacter(line, EXCERPT_LENGTH - 1))}…`;
}

function reported({ table, mode, work }: TableLock, schema: string): ReportedLock {
  return { table: displayName(table, schema), mode, work };
}

/** Quoted only where the name would be read as something else. The schema only where it is not the run's own. */
function displayName({ schema, name }: ObjectName, ownSchema: string): string {
  const parts = schema === null || schema === ownSchema ? [name] : [schema, name];
  return parts.map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`)).join(".");
}
