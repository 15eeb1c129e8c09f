// What stands below a migration's name in a dry run: its locks, its hazards, and its statements where they are wanted. Pure.
import type { ReportedHazard, ReportedLock, ReportedStatement } from "../../engine/foresight-schema.ts";
import type { MigrationReport, Report } from "../../engine/report-schema.ts";
import { wrap } from "./amounts.ts";
import { describeLocks, sqlMode } from "./describe-locks.ts";
import type { Style } from "./style.ts";

const INDENT = 4;

/** Nothing for a migration that locks nothing that is there, and of which nothing is feared. */
export function renderForesight(
  migration: MigrationReport,
  report: Report,
  style: Style,
  isVerbose: boolean,
): readonly string[] {
  const { hazards = [], statements = [], omitted } = migration;
  return [
    ...describeLocks(migration, report).flatMap((sentence) => wrap(sentence, INDENT)),
    ...hazards.flatMap((hazard) => renderHazard(hazard, style)),
    ...(isVerbose ? statements.flatMap(renderStatement) : []),
    ...(omitted === undefined ? [] : [style("dim", `    and ${omitted} more, left out: a report takes no more`)]),
  ];
}

function renderHazard(hazard: ReportedHazard, style: Style): readonly string[] {
  const { file, line, column, rule, message, allowed } = hazard;
  const place = `    ${file}:${line}:${column}`;
  const title = `${rule}${allowed === null ? "" : ", allowed"}`;
  const colour = allowed !== null ? "dim" : hazard.level === "error" ? "red" : "yellow";
  // On one line where there is room, and never broken: both are looked for with a search.
  const isShort = place.length + 2 + title.length <= 80;
  return [
    ...(isShort ? [`${place}  ${style(colour, title)}`] : [place, `      ${style(colour, title)}`]),
    ...wrap(message, INDENT + 2),
    ...(allowed === null ? [`      hj migrations explain ${rule}`] : wrap(`Allowed: ${allowed}`, INDENT + 2)),
  ];
}

function renderStatement({ line, excerpt, locks = [] }: ReportedStatement): readonly string[] {
  return [...wrap(`${line} | ${excerpt}`, INDENT), ...locks.map((lock) => `      ${describeLock(lock)}`)];
}

/** Such as `hj_user: SHARE, builds an index`. */
export function describeLock({ table, mode, work }: ReportedLock): string {
  return `${table}: ${sqlMode(mode)}${work === null ? "" : `, ${WORK_WORDS[work]}`}`;
}

const WORK_WORDS = { rewrite: "rewrites the table", scan: "reads the table", build: "builds an index" } as const;
