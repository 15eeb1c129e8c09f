// `hj report FILE`: a report that was saved, or that a function answered with, as the command that made it would print it.
import * as z from "zod/mini";
import { isReport } from "./continue-run.ts";
import type { ExitCode } from "./exit-code.ts";
import { answered } from "./no-report.ts";
import { alone, complain, misusedPage, type PrintFlags, printAndWrite } from "./print-report.ts";
import { readReport } from "./read-answer.ts";
import { readJson } from "./read-json.ts";

/** The exit code is that of the report: `aws lambda invoke` has none of its own. */
export async function reportCommand(source: string, flags: PrintFlags): Promise<ExitCode> {
  const misuse = await misusedPage(flags);
  if (misuse !== null) return complain(misuse);
  const value = await readJson(source, "the report");
  const report = readReport(answered(value), null);
  if (isReport(report)) return printAndWrite({ report, noReport: null }, flags, null, alone);
  const { errorType, errorMessage } = z.safeParse(thrown, value).data ?? {};
  const holder = source === "-" ? "standard input" : source;
  const what = errorType === undefined ? "something that is no report" : `an error, ${errorType}: ${errorMessage}`;
  return complain({
    message: `${holder} holds ${what}`,
    hint: "A report is what hj prints with --json, and what the function answers with.",
    exitCode: 2,
  });
}

/** What a function leaves that threw: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
const thrown = z.object({ errorType: z.string(), errorMessage: z.string() });
