// Events for the handler as fast-check makes them up, and which fields of each are wrong: never a valid request.
// Only what JSON can carry, because nothing else ever arrives.
import fc from "fast-check";

/** An event and what is wrong with it; null when it is no request at all. */
export interface WrongEvent {
  readonly event: unknown;
  readonly wrong: readonly string[] | null;
}

type Fields = Record<string, unknown>;

const COMMANDS: readonly Fields[] = [
  { command: "status" },
  { command: "list" },
  { command: "validate" },
  { command: "run", dryRun: true },
  { command: "run", timeout: "5m", allowOutOfOrder: ["0001"] },
  { command: "rollback", steps: 2, timeout: "1h30m", allowDataLoss: ["account", "session.token"] },
  { command: "resolve", version: "0001", as: "applied" },
  { command: "unlock", pid: 4711 },
];

const KNOWN =
  "command dryRun steps timeout allowOutOfOrder allowDataLoss continuation showQueries version as pid throwOnFailure".split(
    " ",
  );

/** Text of every kind that a caller may send: foreign, broken, huge, hostile. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "",
    " ",
    "\0",
    "\uD800",
    "🐎".repeat(50),
    "ﷺ",
    "\u202Erun",
    "'; drop table hj_user; --",
    "{{7*7}}",
    "%s%n",
  ),
  fc.nat({ max: 20_000 }).map((length) => "x".repeat(length)),
);

const nested = fc.integer({ min: 1, max: 2_000 }).map((depth) => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
});

const anything = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 2, arbitrary: text },
  nested,
);

/** Names of no field: those that every object inherits, near misses, and any text. */
const key = fc
  .oneof(
    fc.constantFrom("__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__defineGetter__", "then"),
    fc.constantFrom(
      "dryrun",
      "dry_run",
      "Command",
      "command ",
      "commаnd",
      "step",
      "phase",
      "database",
      "sql",
      "0",
      "\0",
    ),
    fc.string({ unit: "binary", maxLength: 30 }),
  )
  .filter((name) => !KNOWN.includes(name));

/** Values that a field does not take, whatever the command. */
const bad: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  command: anything.filter((value) => !COMMANDS.some(({ command }) => command === value)),
  dryRun: anything.filter((value) => typeof value !== "boolean"),
  steps: fc.oneof(fc.constantFrom(0, -1, 1.5, 1_001, 1e300, "1", null, true, [1]), text),
  timeout: fc.oneof(
    fc.constantFrom("", "5", "5 m", "-5m", "0s", "soon", "25h", "1e9m", "5m; drop", 300, true, ["5m"]),
    nested,
  ),
  allowOutOfOrder: fc.oneof(
    fc.constantFrom("0001", null, {}, [""], [1], [["0001"]], ["x".repeat(201)], Array(1_001).fill("1")),
    nested.filter((value) => !Array.isArray(value)),
  ),
  allowDataLoss: fc.oneof(
    fc.constantFrom("account", null, {}, [""], [1], [["account"]], ["x".repeat(401)], Array(1_001).fill("a")),
    nested.filter((value) => !Array.isArray(value)),
  ),
  continuation: fc.oneof(fc.constantFrom("", "e30=", "bnVsbA==", 1, {}, []), text),
  version: fc.oneof(fc.constantFrom("", 1, [], {}, true), fc.constant("1".repeat(201))),
  as: fc.oneof(fc.constantFrom("", "Applied", "pending", 1, ["applied"]), text),
  pid: fc.oneof(fc.constantFrom(0, -1, 1.5, 2 ** 31, "4711", true, [1]), text),
  showQueries: anything.filter((value) => typeof value !== "boolean"),
  throwOnFailure: anything.filter((value) => typeof value !== "boolean"),
};

const badField = fc
  .constantFrom(...KNOWN)
  .chain((field) => fc.tuple(fc.constant(field), bad[field] ?? fc.constant(null)));

/** A good request that has been given keys too many and values that its fields do not take. */
const spoilt: fc.Arbitrary<WrongEvent> = fc
  .record({
    request: fc.constantFrom(...COMMANDS),
    keys: fc.uniqueArray(fc.tuple(key, anything), { maxLength: 4, selector: ([name]) => name }),
    fields: fc.uniqueArray(badField, { maxLength: 4, selector: ([name]) => name }),
  })
  .filter(({ keys, fields }) => keys.length + fields.length > 0)
  .map(({ request, keys, fields }) => ({
    // Defined, not assigned: __proto__ has to become a field, as JSON.parse makes it one.
    event: [...keys, ...fields].reduce((event, [name, value]) => define(event, name, value), { ...request }),
    wrong: [...keys, ...fields].map(([name]) => name),
  }));

/** A good request for one command, with a field that means something only for others, or without one that it needs. */
const misplaced: fc.Arbitrary<WrongEvent> = fc.constantFrom<WrongEvent>(
  { event: { command: "status", dryRun: true }, wrong: ["dryRun"] },
  { event: { command: "list", timeout: "5m", steps: 2 }, wrong: ["timeout", "steps"] },
  { event: { command: "run", steps: 2 }, wrong: ["steps"] },
  { event: { command: "run", version: "1", as: "applied", pid: 1 }, wrong: ["version", "as", "pid"] },
  { event: { command: "run", allowDataLoss: ["account"] }, wrong: ["allowDataLoss"] },
  { event: { command: "rollback", allowOutOfOrder: ["1"] }, wrong: ["allowOutOfOrder"] },
  { event: { command: "resolve" }, wrong: ["version", "as"] },
  { event: { command: "resolve", version: "1", timeout: "5m" }, wrong: ["as", "timeout"] },
  { event: { command: "unlock", dryRun: true }, wrong: ["pid", "dryRun"] },
  { event: { command: "run", continuation: rollbackToken() }, wrong: ["continuation"] },
);

/** No object, or one without a command. */
const foreign: fc.Arbitrary<WrongEvent> = fc.oneof(
  fc
    .oneof(fc.constantFrom(null, undefined, true, 0, "run", [], ["run"], [{ command: "run" }]), text, nested)
    .map((event) => ({ event, wrong: wrongOf(event) })),
  fc.jsonValue().map((event) => ({ event, wrong: wrongOf(event) })),
  fc
    .constantFrom<unknown>(
      { Records: [{ eventSource: "aws:sqs", body: '{"command":"run"}' }] },
      { body: '{"command":"run"}', httpMethod: "POST" },
      { command: { command: "run" } },
      Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field ${index}`, index])),
    )
    .map((event) => ({ event, wrong: null })),
);

/** Every kind of event that is no valid request. */
export const wrongEvent: fc.Arbitrary<WrongEvent> = fc.oneof({ weight: 6, arbitrary: spoilt }, misplaced, {
  weight: 2,
  arbitrary: foreign,
});

function wrongOf(event: unknown): readonly string[] | null {
  const isObject = typeof event === "object" && event !== null && !Array.isArray(event);
  // A field of ours may be right in it: null is what most of them are when they are left out.
  return isObject ? ["command", ...Object.keys(event).filter((name) => !KNOWN.includes(name))] : null;
}

function define(event: Fields, name: string, value: unknown): Fields {
  return Object.defineProperty(event, name, { value, enumerable: true, configurable: true, writable: true });
}

function rollbackToken(): string {
  const runId = "3f2a91c0-8c5e-4b53-9d2a-6f0f1e2d3c4b";
  return btoa(JSON.stringify({ command: "rollback", runId, batches: [1] }));
}
