// The validated question. Every trigger's request comes through here, so that one grammar decides what is asked for.
import { isDeepStrictEqual } from "node:util";
import * as z from "zod/mini";
import { DURATION_EXPECTED, parseDuration } from "../duration.ts";
import type { Problem, Refusal } from "../failure/problem.ts";
import { type Continuation, decodeContinuation } from "./continuation.ts";
import { PHASES, type Phase } from "./phases.ts";
import type { ResolveAs } from "./plan-resolve.ts";

/** A request as the engine serves it. `timeoutMs` null leaves it to the files and the default. */
export type Request = { readonly dryRun: boolean } & (
  | { readonly command: "status" }
  | { readonly command: "list" }
  | { readonly command: "validate" }
  | { readonly command: "adopt" }
  | ({ readonly command: "run"; readonly phase: Phase; readonly allowOutOfOrder: readonly string[] } & Extended)
  | ({ readonly command: "rollback"; readonly steps: number; readonly allowDataLoss: readonly string[] } & Extended)
  | { readonly command: "resolve"; readonly version: string; readonly as: ResolveAs }
  | { readonly command: "unlock"; readonly pid: number }
);

interface Extended {
  readonly timeoutMs: number | null;
  readonly continuation: Continuation | null;
  /** True shows the text of the queries of those who block; they can hold secrets. */
  readonly showQueries: boolean;
}

/** What can be asked of the engine. */
export type Command = Request["command"];

const COMMANDS = [
  "status",
  "run",
  "rollback",
  "list",
  "validate",
  "adopt",
  "resolve",
  "unlock",
] as const satisfies Command[];
const RESOLVE_AS = ["applied", "rolled_back", "checksum"] as const satisfies ResolveAs[];

const name = z.string().check(z.minLength(1), z.maxLength(200));

/** Schema, table and column have up to 63 characters each, which double where they are quotes. */
const object = z.string().check(z.minLength(1), z.maxLength(400));

// Strict: with a key too many, a misspelt dryRun would run for real.
const schema = z.strictObject({
  command: z.enum(COMMANDS),
  dryRun: z._default(z.boolean(), false),
  steps: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 1),
  timeout: z._default(z.nullable(z.string().check(z.refine((text) => parseDuration(text) !== null))), null),
  allowOutOfOrder: z._default(z.array(name).check(z.maxLength(1000)), []),
  phase: z._default(z.enum(PHASES), "expand"),
  allowDataLoss: z._default(z.array(object).check(z.maxLength(1000)), []),
  continuation: z._default(z.nullable(z.string().check(z.refine((text) => decodeContinuation(text) !== null))), null),
  showQueries: z._default(z.boolean(), false),
  version: z._default(z.nullable(name), null),
  as: z._default(z.nullable(z.enum(RESOLVE_AS)), null),
  pid: z._default(z.nullable(z.int().check(z.minimum(1), z.maximum(2 ** 31 - 1))), null),
  // How the caller wants its answer: the trigger's to read, and accepted here.
  throwOnFailure: z._default(z.boolean(), false),
});

type Event = z.infer<typeof schema>;
type Field = Exclude<keyof Event, "command" | "throwOnFailure">;

/** Which commands a field means something for, and what it has to be. Elsewhere only its default is accepted. */
const FIELDS: Readonly<Record<Field, { readonly usedBy: readonly Command[]; readonly expected: string }>> = {
  dryRun: { usedBy: ["run", "rollback", "resolve", "adopt"], expected: "true or false" },
  steps: { usedBy: ["rollback"], expected: "a whole number from 1 to 1000" },
  timeout: { usedBy: ["run", "rollback"], expected: DURATION_EXPECTED },
  allowOutOfOrder: { usedBy: ["run"], expected: "a list of versions or names of migrations" },
  phase: { usedBy: ["run"], expected: `one of ${PHASES.join(", ")}` },
  allowDataLoss: { usedBy: ["rollback"], expected: "a list of tables, and of columns as table.column" },
  continuation: { usedBy: ["run", "rollback"], expected: "the continuation of an incomplete report" },
  showQueries: { usedBy: ["run", "rollback"], expected: "true or false" },
  version: { usedBy: ["resolve"], expected: "the version of a migration" },
  as: { usedBy: ["resolve"], expected: `one of ${RESOLVE_AS.join(", ")}` },
  pid: { usedBy: ["unlock"], expected: "the pid of a backend" },
};

/** Fields that a command cannot do without. */
const REQUIRED: Partial<Record<Command, readonly Field[]>> = { resolve: ["version", "as"], unlock: ["pid"] };

/** Reads an event that is meant as a request. Every problem is listed; nothing of the event is repeated but its keys. */
export function parseRequest(event: unknown): Request | Refusal {
  const parsed = schema.safeParse(event);
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(problemsOf);
  const problems = oneEachField([...issues, ...misplaced(event)]);
  return parsed.success && problems.length === 0 ? requestOf(parsed.data) : { problems };
}

function requestOf(event: Event): Request {
  const { command, dryRun, steps, phase, allowOutOfOrder, allowDataLoss, showQueries } = event;
  const timeoutMs = event.timeout === null ? null : parseDuration(event.timeout);
  const continuation = event.continuation === null ? null : decodeContinuation(event.continuation);
  switch (command) {
    case "run":
      return { command, dryRun, timeoutMs, phase, allowOutOfOrder, continuation, showQueries };
    case "rollback":
      return { command, dryRun, timeoutMs, steps, allowDataLoss, continuation, showQueries };
    case "resolve":
      return { command, dryRun, version: event.version ?? "", as: event.as ?? "applied" };
    case "unlock":
      return { command, dryRun, pid: event.pid ?? 0 };
    default:
      return { command, dryRun };
  }
}

/** What is wrong between the fields of an event, whether each of them is right in itself or not. */
function misplaced(event: unknown): readonly Problem[] {
  const command = ownProperty(event, "command");
  if (!isCommand(command)) return [];
  const defaults: Partial<Record<string, unknown>> = schema.parse({ command });
  const given = (field: Field) => {
    const value = ownProperty(event, field);
    return value !== undefined && !isDeepStrictEqual(value, defaults[field]);
  };
  const fields = Object.keys(FIELDS) as Field[];
  const unused = fields.filter((field) => given(field) && !FIELDS[field].usedBy.includes(command));
  const missing = (REQUIRED[command] ?? []).filter((field) => !given(field));
  return [
    ...unused.map((field) => invalid(field, `means nothing for ${command}`, "Leave it out.")),
    ...missing.map((field) => invalid(field, `is missing: expected ${FIELDS[field].expected}`)),
    ...foreignContinuation(ownProperty(event, "continuation"), command),
  ];
}

function foreignContinuation(token: unknown, command: Command): readonly Problem[] {
  const continued = typeof token === "string" ? decodeContinuation(token) : null;
  if (continued === null || continued.command === command) return [];
  return [invalid("continuation", `is of a ${continued.command}, not of a ${command}`)];
}

function ownProperty(event: unknown, key: string): unknown {
  const isObject = typeof event === "object" && event !== null && Object.hasOwn(event, key);
  return isObject ? (event as Record<string, unknown>)[key] : undefined;
}

function isCommand(value: unknown): value is Command {
  return (COMMANDS as readonly unknown[]).includes(value);
}

/** Half a million of them are an event too, and there is no room for them in a report. */
const MOST_KEYS = 100;

function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  if (issue.code === "unrecognized_keys") {
    const known = `Known fields: ${["command", ...Object.keys(FIELDS), "throwOnFailure"].join(", ")}.`;
    const told = issue.keys.slice(0, MOST_KEYS).map((key) => invalid(clip(key), "is no field of a request", known));
    const more = issue.keys.length - told.length;
    return more === 0 ? told : [...told, invalid(undefined, `${more} more fields are none of a request`, known)];
  }
  const [field] = issue.path;
  if (field === undefined) return [invalid(undefined, 'the event is no request: expected { "command": "..." }')];
  return [invalid(String(field), `expected ${expectedOf(String(field))}`)];
}

function expectedOf(field: string): string {
  if (field === "command") return `one of ${COMMANDS.join(", ")}`;
  return Object.hasOwn(FIELDS, field) ? FIELDS[field as Field].expected : "true or false";
}

function invalid(field: string | undefined, message: string, hint?: string): Problem {
  return { code: "INVALID_EVENT", message, ...(field !== undefined && { field }), ...(hint && { hint }) };
}

/** One value can break several rules, and the sentence about it is the same. */
function oneEachField(problems: readonly Problem[]): readonly Problem[] {
  const isFirst = ({ field }: Problem, index: number) => problems.findIndex((other) => other.field === field) === index;
  return problems.length > 100 ? problems : problems.filter(isFirst);
}

function clip(key: string): string {
  const characters = [...key.slice(0, 200)];
  return characters.length > 60 ? `${characters.slice(0, 60).join("")}…` : key;
}
