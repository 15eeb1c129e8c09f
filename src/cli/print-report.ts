// Brings a report to the two streams, and to a file where a page is wanted.
import { withoutCredentials } from "../connection/redact.ts";
import type { Report } from "../engine/report-schema.ts";
import type { Manifest } from "../migration/manifest.ts";
import type { Ending } from "./continue-run.ts";
import { type ExitCode, exitCodeOf } from "./exit-code.ts";
import type { Picture } from "./html/picture.ts";
import { incompleteSql } from "./misused-sql.ts";
import type { NoReport } from "./no-report.ts";
import { replaceFile, unwritable } from "./page-file.ts";
import { renderNoReport } from "./render/render-problems.ts";
import { renderReport } from "./render/render-report.ts";
import { renderSql } from "./render/render-sql.ts";
import { styleFor } from "./render/style.ts";

/** What a person wants to see of a report. */
export interface PrintFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly sql?: boolean;
  /** A file for the page. */
  readonly html?: string;
}

/** Why no page could be written where one is wanted. Asked before anything runs; null where it can, or none is. */
export function misusedPage({ html }: PrintFlags): Promise<NoReport | null> {
  return html === undefined ? Promise.resolve(null) : unwritable(html);
}

/** Standard output has nothing but the report, and nothing at all without one. */
export function print(
  { report, noReport }: Ending,
  { json, verbose, sql }: PrintFlags,
  manifest: Manifest | null = null,
): ExitCode {
  if (report !== null && json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (report !== null) {
    const incomplete = sql ? incompleteSql(report) : null;
    if (incomplete !== null) return complain(incomplete);
    const text = renderReport(report, styleFor(process.stdout), styleFor(process.stderr), verbose);
    const { stdout, stderr } = sql && manifest !== null ? renderSql(text, report, manifest) : text;
    process.stdout.write(stdout);
    process.stderr.write(stderr);
  }
  if (noReport !== null) return complain(noReport);
  return report === null ? 1 : exitCodeOf(report);
}

/** On standard error. */
export function complain(noReport: NoReport): ExitCode {
  process.stderr.write(withoutCredentials(renderNoReport(noReport, styleFor(process.stderr))));
  return noReport.exitCode;
}

/**
 * Prints the report, then writes its page where one is wanted, with what `complete` has to say of the same database. A
 * page that cannot be written any more is an error of its own, and takes nothing back.
 */
export async function printAndWrite(
  ending: Ending,
  flags: PrintFlags,
  manifest: Manifest | null,
  complete: (report: Report) => Promise<Picture>,
): Promise<ExitCode> {
  const code = print(ending, flags, manifest);
  if (flags.html === undefined) return code;
  if (ending.report === null) {
    // One of an earlier command may still be there, and be taken for this one's.
    process.stderr.write(`No page was written to ${flags.html}.\n`);
    return code;
  }
  const { renderPage } = await import("./html/page.ts");
  const unwritten = await replaceFile(flags.html, renderPage(await complete(ending.report)));
  if (unwritten === null) return code;
  const missing = complain(unwritten);
  return code === 0 ? missing : code;
}

/** A page of the report and nothing else. */
export function alone(report: Report): Promise<Picture> {
  return Promise.resolve({ report, list: null, validation: null });
}
