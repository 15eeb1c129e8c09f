// The validated question. Every trigger's request comes through here, so that one grammar decides what is asked for.
import * as z from "zod/mini";
import { DURATION_EXPECTED, parseDuration } from "../duration.ts";
import type { Problem, Refusal } from "../failure/problem.ts";

/** What can be asked of the engine. */
export type Command = "status" | "run" | "rollback" | "list" | "validate";

/** A request as the engine serves it. */
export interface Request {
  readonly command: Command;
  readonly dryRun: boolean;
  /** How many batches a rollback takes back. */
  readonly steps: number;
  /** Per migration; null leaves it to the files and the default. */
  readonly timeoutMs: number | null;
}

const COMMANDS = ["status", "run", "rollback", "list", "validate"] as const satisfies readonly Command[];

// Strict: with a key too many, a misspelt dryRun would run for real.
const schema = z.strictObject({
  command: z.enum(COMMANDS),
  dryRun: z._default(z.boolean(), false),
  steps: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 1),
  timeout: z._default(z.nullable(z.string().check(z.refine((text) => parseDuration(text) !== null))), null),
});

/** The commands that a field means something for. Elsewhere it is accepted at its default and refused otherwise. */
const USED_BY: Readonly<Record<"dryRun" | "steps" | "timeout", readonly Command[]>> = {
  dryRun: ["run", "rollback"],
  steps: ["rollback"],
  timeout: ["run", "rollback"],
};

const EXPECTED: Readonly<Record<string, string>> = {
  command: `expected one of ${COMMANDS.join(", ")}`,
  dryRun: "expected true or false",
  steps: "expected a whole number from 1 to 1000",
  timeout: `expected ${DURATION_EXPECTED}`,
};

/** Reads an event that is meant as a request. Every problem is listed; nothing of the event is repeated but its keys. */
export function parseRequest(event: unknown): Request | Refusal {
  const parsed = schema.safeParse(event);
  if (!parsed.success) return { problems: parsed.error.issues.flatMap(problemsOf) };
  const { command, dryRun, steps, timeout } = parsed.data;
  const given = { dryRun: dryRun !== false, steps: steps !== 1, timeout: timeout !== null };
  const unused = Object.entries(USED_BY).filter(
    ([field, commands]) => given[field as keyof typeof given] && !commands.includes(command),
  );
  if (unused.length > 0) {
    return { problems: unused.map(([field]) => invalid(field, `means nothing for ${command}`, "Leave it out.")) };
  }
  return { command, dryRun, steps, timeoutMs: timeout === null ? null : parseDuration(timeout) };
}

function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  if (issue.code === "unrecognized_keys") {
    const known = `Known fields: ${Object.keys(EXPECTED).join(", ")}.`;
    return issue.keys.map((key) => invalid(clip(key), "is no field of a request", known));
  }
  const [field] = issue.path;
  if (field === undefined) return [invalid(undefined, 'the event is no request: expected { "command": "..." }')];
  return [invalid(String(field), EXPECTED[String(field)] ?? "is not valid")];
}

function invalid(field: string | undefined, message: string, hint?: string): Problem {
  return { code: "INVALID_EVENT", message, ...(field && { field }), ...(hint && { hint }) };
}

function clip(key: string): string {
  return key.length > 60 ? `${key.slice(0, 60)}…` : key;
}
