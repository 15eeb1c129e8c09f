// What gives way first in a report that is too long: statements and hazards, before the migrations they belong to. Pure.
import type { MigrationReport, Report } from "./report-schema.ts";

interface Detail {
  readonly migration: number;
  readonly list: "statements" | "hazards";
  readonly index: number;
  readonly bytes: number;
}

/** The comma, and its share of what `omitted` takes where it stands. */
const COMMA = 1;
const COUNTER = ',"omitted":100000'.length;

/**
 * The report with `excess` bytes less, or as many as that brings; null when there is nothing left to take. Statements
 * that lock nothing go first, then those that lock something, allowed hazards, and the rest; of each kind the last.
 */
export function shortenDetails(report: Report, excess: number): Report | null {
  const dropped = new Map<number, Detail[]>();
  let freed = 0;
  for (const detail of inOrder(report)) {
    if (freed >= excess) break;
    const others = dropped.get(detail.migration);
    freed += detail.bytes - (others === undefined ? COUNTER : 0);
    if (others === undefined) dropped.set(detail.migration, [detail]);
    else others.push(detail);
  }
  if (dropped.size === 0) return null;
  const migrations = report.migrations.map((migration, at) => without(migration, dropped.get(at) ?? []));
  return { ...report, migrations };
}

function inOrder({ migrations }: Report): readonly Detail[] {
  const details = migrations.map(({ statements = [], hazards = [] }, migration) => ({
    idle: detailsOf(statements, migration, "statements", ({ locks = [] }) => locks.length === 0),
    locking: detailsOf(statements, migration, "statements", ({ locks = [] }) => locks.length > 0),
    allowed: detailsOf(hazards, migration, "hazards", ({ allowed }) => allowed !== null),
    open: detailsOf(hazards, migration, "hazards", ({ allowed }) => allowed === null),
  }));
  const kinds = ["idle", "locking", "allowed", "open"] as const;
  return kinds.flatMap((kind) => details.flatMap((ofOne) => ofOne[kind]).reverse());
}

function detailsOf<T>(
  entries: readonly T[],
  migration: number,
  list: Detail["list"],
  isOfKind: (entry: T) => boolean,
): readonly Detail[] {
  return entries.flatMap((entry, index) => {
    if (!isOfKind(entry)) return [];
    const bytes = Buffer.byteLength(JSON.stringify(entry)) + COMMA;
    return [{ migration, list, index, bytes }];
  });
}

function without(migration: MigrationReport, dropped: readonly Detail[]): MigrationReport {
  if (dropped.length === 0) return migration;
  const { statements, hazards, omitted = 0, ...rest } = migration;
  const gone = (list: Detail["list"]) => new Set(dropped.filter((d) => d.list === list).map(({ index }) => index));
  const [goneStatements, goneHazards] = [gone("statements"), gone("hazards")];
  const keptHazards = hazards?.filter((_, index) => !goneHazards.has(index)) ?? [];
  return {
    ...rest,
    ...(keptHazards.length > 0 && { hazards: keptHazards }),
    ...(statements !== undefined && { statements: statements.filter((_, index) => !goneStatements.has(index)) }),
    omitted: omitted + dropped.length,
  };
}
