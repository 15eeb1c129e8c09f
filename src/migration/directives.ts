// The `-- hj:` lines at the head of a migration file: their grammar, and nothing of what they lead to.

import { DURATION_EXPECTED, parseDuration } from "../duration.ts";
import type { Problem, Refusal } from "../failure/problem.ts";
import type { Direction } from "./file-name.ts";
import type { Waiver } from "./foreseen.ts";
import { LINE_END } from "./text-place.ts";

/** What a file says about itself. */
export interface Directives {
  /** False after `-- hj:transaction off`: statement by statement, each recorded when done. */
  readonly transaction: boolean;
  /** True after `-- hj:detach`: its index builds may outlive the invocation. */
  readonly detach: boolean;
  /** From `-- hj:timeout 20m`; null leaves it to the request and the default. */
  readonly timeoutMs: number | null;
  /** The reason given with `-- hj:irreversible REASON`; null when a down file is expected to undo this. */
  readonly irreversible: string | null;
  /** From `-- hj:phase contract after VERSION`; null for an expand migration. */
  readonly contractAfter: string | null;
  /** From `-- hj:allow RULE OBJECT REASON`, as often as it is given. */
  readonly waivers: readonly Waiver[];
}

const DIRECTIVE_LINE = /^\s*--\s*hj:/i;
const DIRECTIVE = /^\s*--\s*hj:(?<name>\S*)(?<value>.*)$/;
const CONTRACT = /^contract\s+after\s+(?<version>\d{8}_\d{3}|\d{1,32})$/;
// A name with a space or a dot in it stands in double quotes, as in SQL.
const WAIVER = /^(?<rule>[a-z][a-z0-9-]*)\s+(?<object>(?:"[^"]+"|[^\s"])+)\s+(?<reason>\S.*)$/;

/** True for a line that is a directive or tries to be one. */
export function isDirectiveLine(line: string): boolean {
  return DIRECTIVE_LINE.test(line);
}

/**
 * Reads the directives of one file. Unknown, malformed, repeated and misplaced ones are problems: a directive that
 * is silently ignored runs a migration in a way that its author did not mean.
 */
export function parseDirectives(file: string, direction: Direction, sql: string): Directives | Refusal {
  const problems: Problem[] = [];
  const found = new Map<string, string>();
  const waivers: Waiver[] = [];
  let inHead = true;
  for (const [index, line] of sql
    .replace(/^\uFEFF/, "")
    .split(LINE_END)
    .entries()) {
    if (!isDirectiveLine(line)) {
      inHead &&= /^\s*(?:--.*)?$/.test(line);
      continue;
    }
    const { name = "", value: rest = "" } = DIRECTIVE.exec(line)?.groups ?? {};
    const value = rest.trim();
    const refuse = (message: string, hint: string) =>
      problems.push({ code: "INVALID_MIGRATION", file, line: index + 1, message, hint });
    if (!inHead) refuse(`-- hj:${name} stands behind the first statement`, "Move it to the first lines of the file.");
    else if (found.has(name) && name !== "allow")
      refuse(`-- hj:${name} is given twice`, "Remove one of the two lines.");
    else {
      const expected = expectation(name, value, direction);
      if (expected) refuse(`-- hj:${name} ${value}`.trimEnd() + expected.fault, expected.hint);
      found.set(name, value);
      const { rule, object, reason } = (name === "allow" ? WAIVER.exec(value)?.groups : undefined) ?? {};
      if (rule && object && reason) waivers.push({ rule, object, reason, line: index + 1 });
    }
  }
  if (problems.length > 0) return { problems };
  return {
    transaction: found.get("transaction") !== "off",
    detach: found.has("detach"),
    timeoutMs: parseDuration(found.get("timeout") ?? ""),
    irreversible: found.get("irreversible") ?? null,
    contractAfter: CONTRACT.exec(found.get("phase") ?? "")?.groups?.["version"] ?? null,
    waivers,
  };
}

/** What is wrong with one directive, or null. */
function expectation(name: string, value: string, direction: Direction): { fault: string; hint: string } | null {
  switch (name) {
    case "transaction":
      return value === "off" ? null : { fault: " is malformed", hint: "Expected: -- hj:transaction off" };
    case "detach":
      if (direction === "down")
        return { fault: " stands in a down file", hint: "Only an up file can be left to the server." };
      return value === "" ? null : { fault: " is malformed", hint: "Expected: -- hj:detach" };
    case "timeout":
      return parseDuration(value) === null
        ? { fault: " is malformed", hint: `Expected: -- hj:timeout followed by ${DURATION_EXPECTED}.` }
        : null;
    case "irreversible":
      if (direction === "down") return { fault: " stands in a down file", hint: "It belongs into the up file." };
      return value === "" ? { fault: " lacks its reason", hint: "Expected: -- hj:irreversible REASON" } : null;
    case "phase":
      if (direction === "down") return { fault: " stands in a down file", hint: "It belongs into the up file." };
      return CONTRACT.test(value) ? null : { fault: " is malformed", hint: PHASE_EXPECTED };
    case "allow":
      if (direction === "down") return { fault: " stands in a down file", hint: "Only up files are judged." };
      return WAIVER.test(value) ? null : { fault: " is malformed", hint: ALLOW_EXPECTED };
    default:
      return {
        fault: " is unknown",
        hint: "Known directives: transaction, timeout, detach, irreversible, phase, allow.",
      };
  }
}

const PHASE_EXPECTED =
  "Expected: -- hj:phase contract after VERSION, the version that brought what old code uses no more. A migration that says nothing is expand.";

const ALLOW_EXPECTED =
  "Expected: -- hj:allow RULE OBJECT REASON, each as the finding names it, and why it does no harm here.";
