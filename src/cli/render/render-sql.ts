// `hj migrations run --dry-run --sql`: the statements that would run, as SQL that can be read or piped. Pure.
import type { MigrationReport, Report } from "../../engine/report-schema.ts";
import { fullName, type Manifest, type Script } from "../../migration/manifest.ts";
import { describeLocks } from "./describe-locks.ts";
import type { Rendered } from "./render-report.ts";

/**
 * Standard output has nothing but SQL, and nothing at all where none would run: then the text goes to standard error.
 * The bodies come from the manifest, because no report carries them.
 */
export function renderSql(text: Rendered, report: Report, manifest: Manifest): Rendered {
  if (report.outcome !== "would_apply") return { stdout: "", stderr: `${text.stdout}${text.stderr}` };
  // One that waits for another run stands there too, and must not be piped into a database with the others.
  const run = report.migrations.filter(({ status }) => status === "would_apply");
  return { stdout: run.map((each) => sqlOf(each, report, manifest)).join("\n"), stderr: text.stderr };
}

function sqlOf(migration: MigrationReport, report: Report, manifest: Manifest): string {
  const script = manifest.migrations.find(({ version }) => version === migration.version)?.up;
  if (script === undefined) return "";
  const { statementsDone: done } = migration;
  const notes = [
    `${fullName(migration)}, ${script.transactional && done === undefined ? "in one transaction" : "statement by statement"}`,
    ...(done === undefined ? [] : [`goes on after ${done} of its ${script.statements.length} statements`]),
    ...describeLocks(migration, report),
  ];
  const comments = notes.map((note) => `-- ${oneLine(note)}\n`);
  return [...comments, ...statementsOf(script, done ?? 0)].join("");
}

/** A table may be called anything, and a comment ends with its line. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}

function statementsOf({ sql, statements }: Script, done: number): readonly string[] {
  return statements.slice(done).map(({ start, end }) => {
    // The last one may do without a semicolon, and end in a comment.
    const close = sql[end] === ";" ? ";" : "\n;";
    return `${sql.slice(start, end).replace(/^\s+/, "")}${close}\n`;
  });
}
