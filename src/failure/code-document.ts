// docs/failure-codes.md: every code for people, with what follows from it. Pure; generate.ts writes it. No code of the
// function may import this.
import { EXPLAINED_FAILURES } from "./explained-failures.ts";
import { EXPLAINED_PROBLEMS, type ExplainedProblem } from "./explained-problems.ts";
import { type Explanation, HELPERS } from "./explanation.ts";
import { POLICY } from "./policy.ts";

type Code = keyof typeof POLICY;
type Row = readonly [code: Code, explanation: Explanation, told: string];

const TOLD: Readonly<Record<ExplainedProblem["told"], string>> = {
  refusal: "refused",
  warning: "warning",
  both: "refused, or a warning",
};

/** The whole document. */
export function codeDocument(): string {
  const failures = Object.entries(EXPLAINED_FAILURES).map(([code, row]): Row => [code as Code, row, "failed"]);
  const problems = Object.entries(EXPLAINED_PROBLEMS).map(([code, row]): Row => [code as Code, row, TOLD[row.told]]);
  const parts = [HEAD, FAILURES_HEAD, table(failures), PROBLEMS_HEAD, table(problems), "## Each code"];
  return `${[...parts, ...[...failures, ...problems].map(section)].join("\n\n")}\n`;
}

const HEAD = `# Codes

Every code that a report can hold, and what to do about it. A report has the facts of the one case besides: \`message\`, \`hint\`
and \`details\` of a failure; \`message\`, \`hint\`, \`field\`, \`file\` and \`line\` of a problem. How to get from an alarm to a code:
[operations.md](operations.md). This file is generated from \`src/failure/\` by \`npm run generate\`.

*Again* says that the very same request may succeed later without anybody mending anything. *Exit* is that of \`hj\`.`;

const FAILURES_HEAD = `## Why a run failed

In \`failure.code\` of a report whose outcome is \`failed\`.`;

const PROBLEMS_HEAD = `## Why a request was refused, or warned of

In \`problems[].code\` of a report whose outcome is \`refused\`, when nothing was done at all, and in \`warnings[].code\` of every
report.`;

function table(rows: readonly Row[]): string {
  const lines = rows.map(([code, { who }, told]) => {
    const exit = told === TOLD.warning ? "" : String(POLICY[code].exitCode);
    return `| [${code}](#${code.toLowerCase()}) | ${told} | ${exit} | ${POLICY[code].retryable ? "yes" : ""} | ${HELPERS[who]} |`;
  });
  return ["| code | told as | exit | again | who can help |", "|---|---|---|---|---|", ...lines].join("\n");
}

function section([code, { meaning, cause, remedy, who }]: Row): string {
  return [
    `### ${code}`,
    meaning,
    `**Cause.** ${cause}`,
    `**What to do.** ${remedy}`,
    `**Who can help.** ${HELPERS[who]}.`,
  ].join("\n\n");
}
