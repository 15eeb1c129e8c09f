// Which migrations are new since an earlier state of the directory, and what that state forbids. Pure.
import type { Problem } from "../../failure/problem.ts";
import { checksum } from "../../migration/checksum.ts";
import { type FileName, parseFileName } from "../../migration/file-name.ts";
import { fullName, type Migration } from "../../migration/manifest.ts";
import { canonicalVersion, compareVersions } from "../../migration/version.ts";
import type { EarlierFile } from "./git-history.ts";

/** The new ones, and what a database that has the old ones will refuse. */
export interface Since {
  readonly fresh: readonly Migration[];
  readonly problems: readonly Problem[];
}

/** `before` are the SQL files of the earlier state. */
export function since(migrations: readonly Migration[], before: readonly EarlierFile[]): Since {
  const old = new Map(before.flatMap((source) => upOf(source)));
  const fresh = migrations.filter(({ version }) => !old.has(canonicalVersion(version)));
  const newest = [...old.values()].map(({ name }) => name.version).reduce(newer, "0");
  const gone = [...old.values()].filter(
    ({ name, isShared }) => isShared && !migrations.some(({ version }) => isSame(version, name.version)),
  );
  return {
    fresh,
    problems: [
      ...migrations.flatMap((migration) => edited(migration, old.get(canonicalVersion(migration.version)))),
      ...gone.map(({ name }) => removed(name)),
      ...fresh
        .filter(({ version, contractAfter }) => contractAfter === null && compareVersions(version, newest) < 0)
        .map((migration) => late(migration, newest)),
    ],
  };
}

interface OldUp {
  readonly name: FileName;
  readonly checksum: string;
  readonly isShared: boolean;
}

function upOf({ file, sql, isShared }: EarlierFile): readonly (readonly [string, OldUp])[] {
  const name = parseFileName(file);
  if (name === null || "code" in name || name.direction === "down") return [];
  return [[canonicalVersion(name.version), { name, checksum: checksum(sql), isShared }]];
}

function edited({ version, up, checksum }: Migration, old: OldUp | undefined): readonly Problem[] {
  if (old === undefined || old.checksum === checksum) return [];
  const hint =
    "Databases that have applied it refuse the next run: put it back, and make the change in a new migration.";
  return [{ code: "CHECKSUM_CHANGED", file: up.file, version, message: "was changed since it was committed", hint }];
}

function removed({ file, version }: FileName): Problem {
  const hint = "Databases that have applied it refuse the next run: put it back.";
  return { code: "MIGRATION_MISSING", file, version, message: "was removed", hint };
}

function late(migration: Migration, newest: string): Problem {
  const message = `is older than ${newest}, which was there before it: ${fullName(migration)} would be out of order`;
  const hint = `Give it a version newer than ${newest}.`;
  return { code: "OUT_OF_ORDER", file: migration.up.file, version: migration.version, message, hint };
}

function newer(a: string, b: string): string {
  return compareVersions(a, b) < 0 ? b : a;
}

function isSame(a: string, b: string): boolean {
  return compareVersions(a, b) === 0;
}
