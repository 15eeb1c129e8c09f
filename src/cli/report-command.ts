// `hj report FILE`: a report that was saved, or that a function answered with, as the command that made it would print it.
import * as z from "zod/mini";
import type { ExitCode } from "./exit-code.ts";
import { alone, complain, misusedPage, type PrintFlags, printAndWrite } from "./print-report.ts";
import { readJson } from "./read-json.ts";
import { readableReport } from "./readable-report.ts";

/** The exit code is that of the report: `aws lambda invoke` has none of its own. */
export async function reportCommand(source: string, flags: PrintFlags): Promise<ExitCode> {
  const misuse = await misusedPage(flags);
  if (misuse !== null) return complain(misuse);
  const value = await readJson(source, "the report");
  const report = readableReport(value);
  if (typeof report === "object" && report !== null)
    return printAndWrite({ report, noReport: null }, flags, null, alone);
  return complain({
    message: `${source === "-" ? "standard input" : source} ${holds(report, value)}`,
    hint: HINT,
    exitCode: 2,
  });
}

function holds(version: number | null, value: unknown): string {
  if (version !== null) return `holds a report of version ${version}, and this hj reads version 1`;
  const { data } = z.safeParse(thrown, value);
  return data === undefined
    ? "holds no report"
    : `holds an error instead of a report: ${data.errorType}: ${data.errorMessage}`;
}

const HINT = "A report is what hj prints with --json, and what the function answers with.";

/** What a function leaves that threw: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
const thrown = z.object({ errorType: z.string(), errorMessage: z.string() });
