// Reads what a function returned: an exception, a report, or neither. Pure.
import * as z from "zod/mini";
import type { Report } from "../engine/report-schema.ts";
import { mayGoOn } from "./explain-call.ts";
import { type FunctionTarget, labelOf, statusCommandOf } from "./function-target.ts";
import type { Answer, NoReport } from "./no-report.ts";
import { readableReport } from "./readable-report.ts";

/** `functionError` is Lambda's header: set when the function threw, was cut or could not start. */
export function readAnswer(payload: string, functionError: string | undefined, target: FunctionTarget): Answer {
  const value = parsed(payload);
  const shown = value === undefined ? payload : JSON.stringify(value, null, 2);
  const noReport = functionError === undefined ? notJson(value, target) : explainFunctionError(value, target);
  return { text: shown, value, noReport };
}

/** The report in an answer, or why there is none. */
export function readReport({ value, noReport }: Answer, target: FunctionTarget | null): Report | NoReport {
  if (noReport !== null) return noReport;
  const read = readableReport(value);
  if (typeof read === "object" && read !== null) return read;
  const label = target === null ? "the handler" : labelOf(target);
  if (read !== null) {
    const message = `${label} answers with reports of version ${read}, and this hj reads version 1`;
    return { message, hint: `Use the hj of the function's own release. ${stateOf(target)}`, exitCode: 1 };
  }
  return {
    message: `${label} answered with something that is no report`,
    hint: `Is it the migration hook? hj invoke shows its raw answer. ${stateOf(target)}`,
    exitCode: 1,
  };
}

/** What the shell is told about an answer that no report says it for: a caller's own protocol is taken as it is. */
export function isRefusal(value: unknown): boolean {
  return z.safeParse(z.looseObject({ ok: z.literal(false) }), value).success;
}

function stateOf(target: FunctionTarget | null): string {
  return target === null ? "" : `What was done is told by: ${statusCommandOf(target)}`;
}

function notJson(value: unknown, target: FunctionTarget): NoReport | null {
  if (value !== undefined) return null;
  return {
    message: `what came back from ${labelOf(target)} is not JSON, so it is not from Lambda`,
    hint: `Check --endpoint-url and what is between here and AWS. ${mayGoOn(target)}`,
    exitCode: 1,
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html; Lambda's own types have a dot in them. */
function explainFunctionError(value: unknown, target: FunctionTarget): NoReport {
  const { errorType = "", errorMessage: whole = "" } = z.safeParse(thrown, value).data ?? {};
  // The rest, such as the stack of a require, is for the function's log.
  const [errorMessage = ""] = whole.split("\n");
  const label = labelOf(target);
  const status = statusCommandOf(target);
  if (errorType === "RunNotOk") {
    return {
      message: `${label} threw, as throwOnFailure asks: ${errorMessage}`,
      hint: "Without throwOnFailure the same event is answered with the whole report.",
      exitCode: 1,
    };
  }
  const told = [errorType, errorMessage].filter((part) => part !== "").join(": ") || "it did not say why";
  if (errorType === "Sandbox.Timedout" || / timed out after \d/.test(errorMessage)) {
    return {
      message: `${label} was ended by Lambda at its time-out: ${told}`,
      hint: `What it was doing was cut, or still goes on in the database. ${status} tells; then run again, or give the function more time.`,
      exitCode: 1,
    };
  }
  if (/^Runtime\.(?!ExitError)/.test(errorType)) {
    return {
      message: `${label} could not start: ${told}`,
      hint: "Nothing was run. Deploy function.zip again, with the handler index.handler.",
      exitCode: 1,
    };
  }
  return {
    message: `${label} crashed: ${told}`,
    hint: `The run may have been cut, or go on in the database. ${status} tells; the function's log in CloudWatch says more.`,
    exitCode: 1,
  };
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

const thrown = z.looseObject({ errorType: z.optional(z.string()), errorMessage: z.optional(z.string()) });
