// Prints problems of migration files as compilers do, one a line. Pure.
import type { Problem } from "../failure/problem.ts";

/** `file:line:column  message`, each followed by its hint. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join("\n");
}

function formatProblem({ file, line, column, message, hint }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  return `${place}  ${message}${hint === undefined ? "" : `\n    ${hint}`}`;
}
