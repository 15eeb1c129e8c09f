// `hj migrations validate`. Pure.
import type { Report, ReportedDrift } from "../../engine/report-schema.ts";
import type { Style } from "./style.ts";

type Validated = Extract<Report, { outcome: "valid" | "drifted" }>;

/** With `isVerbose` also what is nobody's concern, and why each thing is as it is. */
export function renderValidation(report: Validated, isVerbose: boolean, style: Style): readonly string[] {
  const told = report.drift.filter(({ level }) => isVerbose || level === "error");
  const lines = told.flatMap((drift) => [`${titleOf(drift)}${isVerbose ? reasonOf(drift) : ""}`, ...textsOf(drift)]);
  if (report.outcome === "valid")
    return [`✅ ${style("green", "Schema validation passed")}`, ...allOf(report), ...lines];
  const isPending = report.drift.some(({ because }) => because === "pending");
  return [
    `❌ ${style("red", "Schema validation failed")}`,
    ...lines,
    ...(isPending ? ["", "Run hj migrations run to apply missing migrations."] : []),
  ];
}

function allOf({ checked }: Validated): readonly string[] {
  const { tables } = checked;
  return [
    tables === 1 ? "The one table is present" : `All ${tables} tables present`,
    "All indexes present",
    "All constraints valid",
  ];
}

function titleOf({ kind, object }: ReportedDrift): string {
  const title = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)} ${object.kind}`;
  return `${title}: ${object.of === "" || object.kind === "index" ? "" : `${object.of}.`}${object.name}`;
}

function textsOf({ expected, found }: ReportedDrift): readonly string[] {
  if (expected === undefined || found === undefined) return [];
  return [`  expected: ${expected || "nothing more"}`, `  found:    ${found || "nothing more"}`];
}

function reasonOf({ version, because, level }: ReportedDrift): string {
  const parts = [
    version === undefined ? null : `from ${version}`,
    because === undefined ? null : REASONS[because],
    level === "warning" && because === undefined ? "printed differently, perhaps after a dump and restore" : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

const REASONS = {
  pending: "which is pending",
  dropped: "which is applied: somebody removed it",
  unknown: "which is applied: a newer build may have removed it",
} as const;
