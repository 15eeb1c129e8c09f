// What was found, for the author at the desk. Pure.
import { formatDuration } from "../../duration.ts";
import type { Style } from "../render/style.ts";
import type { CheckedLock, CheckedMigration, CheckFinding, CheckResult } from "./check-result.ts";

/** Each finding with its line and a caret, then each migration with its locks, then the sum. */
export function renderCheck(result: CheckResult, style: Style): string {
  const lines = [
    ...result.findings.flatMap((finding) => [...renderFinding(finding, style), ""]),
    ...result.migrations.flatMap((migration) => renderMigration(migration, style)),
    ...(result.migrations.length > 0 ? [""] : []),
    closing(result, style),
  ];
  return `${lines.join("\n")}\n`;
}

function renderFinding(finding: CheckFinding, style: Style): readonly string[] {
  const { level, rule, file, line, column, message, hint } = finding;
  const place = [file, line, column].filter((part) => part !== null).join(":");
  const mark = style(level === "error" ? "red" : "yellow", level === "error" ? "Error:" : "Warning:");
  return [
    `${mark} ${place === "" ? "" : `${place}  `}${message}${rule === null ? "" : ` (${rule})`}`,
    ...renderLine(finding, style),
    ...(hint === null ? [] : [`  ${hint}`]),
  ];
}

/** What a terminal shows in a line or two: a row of data can be as long as a book. */
const WIDTH = 160;

/** Columns count characters, as the caret does. */
function renderLine({ line, column, excerpt }: CheckFinding, style: Style): readonly string[] {
  if (excerpt === null || line === null) return [];
  const characters = [...excerpt];
  const at = (column ?? 1) - 1;
  const from = at < WIDTH ? 0 : at - WIDTH / 2;
  const shown = characters.slice(from, from + WIDTH).join("");
  const number = `${line} | `;
  // Tabs stay tabs, or the caret stands elsewhere than below its character.
  const indent = characters.slice(from, at).join("").replace(/[^\t]/gu, " ");
  const caret = column === null ? [] : [`  ${" ".repeat(number.length)}${indent}${style("red", "^")}`];
  return [`  ${number}${shown}`, ...caret];
}

function renderMigration(checked: CheckedMigration, style: Style): readonly string[] {
  const { migration, ok, trial, upMs, isReversible, locks, allowed } = checked;
  const mark = !ok ? "❌ " : trial === "not_reached" ? "·  " : "✅ ";
  const way = isReversible === null ? [] : [isReversible ? "down and up again" : "not the same after its down"];
  const time = upMs === null ? [] : [formatDuration(upMs)];
  const facts = [...time, ...(trial === "passed" ? way : [TRIALS[trial]])];
  return [
    `  ${mark} ${migration}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`,
    ...locks.map((lock) => style("dim", `        ${describeLock(lock, trial === "passed")}`)),
    ...allowed.map(({ rule, object, reason }) => style("dim", `        allowed: ${rule} ${object}, ${reason}`)),
  ];
}

const TRIALS = { failed: "failed", not_reached: "not reached", not_tried: "not tried" } as const;

function describeLock({ table, foreseen, foreseenWork, taken, work }: CheckedLock, isTried: boolean): string {
  const [seen, said] = [describe(taken ?? foreseen, work), describe(foreseen, foreseenWork)];
  const what = `${table}: ${seen}`;
  if (!isTried) return what;
  if (taken === null) return `${what} (foreseen; it runs alone, and was not watched)`;
  return seen === said ? what : `${what} (foreseen: ${said})`;
}

function describe(mode: CheckedLock["foreseen"], work: CheckedLock["work"]): string {
  return mode === null ? "nothing" : `${mode}${work === null ? "" : `, ${work}`}`;
}

/** What was checked, of how many, and what came of it. */
export function closing({ ok, checked, of, findings, directory }: CheckResult, style: Style): string {
  const errors = findings.filter(({ level }) => level === "error").length;
  const counts = [plural(errors, "error"), plural(findings.length - errors, "warning")].join(", ");
  if (of === 0) return `${style("red", "❌ Checked")} nothing in ${directory}: ${counts}`;
  const mark = ok ? style("green", "✅ Checked") : style("red", "❌ Checked");
  return `${mark} ${checked} of ${plural(of, "migration")} in ${directory}: ${counts}`;
}

function plural(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
