// What was found, for the author at the desk. Pure.
import { formatDuration } from "../../duration.ts";
import type { Style } from "../render/style.ts";
import type { CheckedLock, CheckedMigration, CheckFinding, CheckResult } from "./check-result.ts";

/** Each finding with its line and a caret, then each migration with its locks, then the sum. */
export function renderCheck(result: CheckResult, style: Style): string {
  const lines = [
    ...result.findings.flatMap((finding) => [...renderFinding(finding, style), ""]),
    ...result.migrations.flatMap((migration) => renderMigration(migration, result, style)),
    ...(result.migrations.length > 0 ? [""] : []),
    closing(result, style),
  ];
  return `${lines.join("\n")}\n`;
}

function renderFinding(finding: CheckFinding, style: Style): readonly string[] {
  const { level, rule, file, line, column, excerpt, message, hint } = finding;
  const place = [file, line, column].filter((part) => part !== null).join(":");
  const mark = style(level === "error" ? "red" : "yellow", level === "error" ? "Error:" : "Warning:");
  const number = `${line} | `;
  // Tabs stay tabs, or the caret stands elsewhere than below its character.
  const indent = (excerpt ?? "").slice(0, (column ?? 1) - 1).replace(/[^\t]/g, " ");
  const caret = column === null ? [] : [`  ${" ".repeat(number.length)}${indent}${style("red", "^")}`];
  return [
    `${mark} ${place === "" ? "" : `${place}  `}${message}${rule === null ? "" : ` (${rule})`}`,
    ...(excerpt === null || line === null ? [] : [`  ${number}${excerpt}`, ...caret]),
    ...(hint === null ? [] : [`  ${hint}`]),
  ];
}

function renderMigration(checked: CheckedMigration, { findings }: CheckResult, style: Style): readonly string[] {
  const { migration, upMs, isReversible, locks, allowed } = checked;
  const isBad = findings.some(({ level, file }) => level === "error" && file?.startsWith(`${migration}.`));
  const way = isReversible === null ? [] : [isReversible ? "down and up again" : "not the same after its down"];
  const facts = [upMs === null ? "not tried" : formatDuration(upMs), ...way];
  return [
    `  ${isBad ? "❌" : "✅"}  ${migration} (${facts.join(", ")})`,
    ...locks.map((lock) => style("dim", `        ${describeLock(lock, upMs !== null)}`)),
    ...allowed.map(({ rule, object, reason }) => style("dim", `        allowed: ${rule} ${object}, ${reason}`)),
  ];
}

function describeLock({ table, foreseen, taken, work }: CheckedLock, isTried: boolean): string {
  const what = `${table}: ${taken ?? foreseen}${work === null ? "" : `, ${work}`}`;
  if (!isTried) return what;
  if (taken === null) return `${what} (foreseen; it runs alone, and was not watched)`;
  return foreseen === taken ? what : `${what} (foreseen: ${foreseen ?? "nothing"})`;
}

function closing({ ok, checked, of, findings, directory }: CheckResult, style: Style): string {
  const errors = findings.filter(({ level }) => level === "error").length;
  const counts = [plural(errors, "error"), plural(findings.length - errors, "warning")].join(", ");
  const mark = ok ? style("green", "✅ Checked") : style("red", "❌ Checked");
  return `${mark} ${checked} of ${plural(of, "migration")} in ${directory}: ${counts}`;
}

function plural(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
