// `hj migrations validate`. Pure.
import type { Report, ReportedDrift } from "../../engine/report-schema.ts";
import type { Style } from "./style.ts";
import { styleTitle, verdictOf } from "./verdict.ts";

type Validated = Extract<Report, { outcome: "valid" | "drifted" }>;

/** With `isVerbose` also what is nobody's concern, and why each thing is as it is. */
export function renderValidation(report: Validated, isVerbose: boolean, style: Style): readonly string[] {
  const told = report.drift.filter(({ level }) => isVerbose || level === "error");
  const lines = told.flatMap((drift) => [
    `${titleOf(drift)}${isVerbose ? inBrackets(reasonOf(drift)) : ""}`,
    ...textsOf(drift),
  ]);
  const verdict = verdictOf(report);
  if (report.outcome === "valid") return [`✅ ${styleTitle(verdict, style)}`, ...allOf(report), ...lines];
  return [`❌ ${styleTitle(verdict, style)}`, ...lines, ...(verdict.next === null ? [] : ["", verdict.next])];
}

/** What a validation that passed has looked at. */
export function allOf({ checked }: Validated): readonly string[] {
  const { tables } = checked;
  return [
    tables === 1 ? "The one table is present" : `All ${tables} tables present`,
    "All indexes present",
    "All constraints valid",
  ];
}

/** Such as `Missing column: hj_user.email`. */
export function titleOf({ kind, object }: ReportedDrift): string {
  const title = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)} ${object.kind}`;
  return `${title}: ${object.of === "" || object.kind === "index" ? "" : `${object.of}.`}${object.name}`;
}

function textsOf({ expected, found }: ReportedDrift): readonly string[] {
  if (expected === undefined || found === undefined) return [];
  return [`  expected: ${expected || "nothing more"}`, `  found:    ${found || "nothing more"}`];
}

/** Such as `from 20240601_001, which is pending`; empty where nothing is known. */
export function reasonOf({ version, because, level }: ReportedDrift): string {
  const parts = [
    version === undefined ? null : `from ${version}`,
    because === undefined ? null : REASONS[because],
    level === "warning" && because === undefined ? "printed differently, perhaps after a dump and restore" : null,
  ].filter((part) => part !== null);
  return parts.join(", ");
}

function inBrackets(reason: string): string {
  return reason === "" ? "" : ` (${reason})`;
}

const REASONS = {
  pending: "which is pending",
  dropped: "which is applied: somebody removed it",
  unknown: "which is applied: a newer build may have removed it",
} as const;
