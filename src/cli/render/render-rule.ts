// `hj migrations explain`: one rule, or the list of all. Pure.
import { describeClaim } from "../../hazards/hazard-document.ts";
import type { Rule } from "../../hazards/rule.ts";
import type { Style } from "./style.ts";

/** Everything there is to say of a rule. */
export function renderRule(rule: Rule, style: Style): string {
  const { id, level, title, why, instead, since, breaksOldCode, locks, bad, good, isFineInContract } = rule;
  const lines = [
    `${style("bold", id)} (${level})`,
    `${title}.`,
    "",
    why,
    "",
    `Instead: ${instead}${since === null ? "" : ` ${since}`}`,
    ...(breaksOldCode === null ? [] : [`Old code: ${breaksOldCode}`]),
    ...locks.map((lock) => `Lock: ${describeClaim(lock)}`),
    ...(isFineInContract ? ["Silent in a contract migration: -- hj:phase contract after VERSION"] : []),
    "",
    style("red", "Bad:"),
    ...examples(bad),
    style("green", "Good:"),
    ...examples(good),
    `Where it does no harm, in the head of the file: -- hj:allow ${id} OBJECT REASON`,
  ];
  return `${lines.join("\n")}\n`;
}

/** One line for each. */
export function renderRules(rules: readonly Rule[], style: Style): string {
  const width = Math.max(...rules.map(({ id }) => id.length));
  return rules.map(({ id, level, title }) => `${id.padEnd(width)}  ${mark(level, style)}  ${title}\n`).join("");
}

function mark(level: Rule["level"], style: Style): string {
  return level === "error" ? style("red", "error  ") : style("yellow", "warning");
}

/** Files apart by an empty line. */
function examples(files: readonly string[]): readonly string[] {
  return files.flatMap((sql) => [...sql.split("\n").map((line) => `  ${line}`), ""]);
}
