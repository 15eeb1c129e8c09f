// Holds what crosses the wire of AWS's JSON 1.1 protocol against the SDK's own description of it. Knows no service.

/**
 * A shape as the SDK's clients export it, with a `$` behind its name: nested tuples that start with a kind. Read here
 * and not through the SDK's own reader, which converts instead of complaining.
 */
export type Schema = unknown;

/** An operation as the SDK exports it: `[9, namespace, name, traits, input, output]`. */
export type OperationSchema = readonly [kind: 9, namespace: string, name: string, traits: unknown, Schema, Schema];

/** First elements of the tuples, and the bits of a list or map of simple values. */
const SIMPLE = 0;
const LIST = 1;
const MAP = 2;
const STRUCTURES: readonly unknown[] = [3, 4, -3];
const LIST_BIT = 64;
const MAP_BIT = 128;

/** https://github.com/smithy-lang/smithy-typescript, packages/types/src/schema/sentinels.ts */
const SIMPLE_VALUES: ReadonlyMap<number, (value: unknown) => boolean> = new Map([
  [0, (value) => typeof value === "string"],
  [1, Number.isFinite],
  [2, (value) => typeof value === "boolean"],
  // Seconds since 1970: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
  [4, Number.isFinite],
  [15, () => true],
  [21, isBase64],
]);

/** What is wrong with a parsed body, each with the path of the member; empty when it is what the shape describes. */
export function findModelProblems(schema: Schema, value: unknown, path = ""): string[] {
  const known = resolve(schema);
  if (known === "unit") return isRecord(value) ? unknownMembers(value, [], path) : [mismatch(path, "an empty object")];
  if (typeof known === "number") return checkSimple(known, value, path);
  const [kind, , name, , ...rest] = known as readonly unknown[];
  if (kind === SIMPLE) return findModelProblems(rest[0], value, path);
  if (kind === LIST) return checkList(rest[0], value, path);
  if (kind === MAP) return checkMap(rest[1], value, path);
  if (STRUCTURES.includes(kind)) return checkStructure(rest, value, path);
  throw new Error(`the SDK's schema ${name} is of the unknown kind ${kind}`);
}

/** A reference may be a function, because shapes refer to each other, and a member may come with its own traits. */
function resolve(schema: Schema): Schema {
  if (typeof schema === "function") return resolve(schema());
  if (Array.isArray(schema) && typeof schema[1] !== "string") return resolve(schema[0]);
  return schema;
}

function checkSimple(code: number, value: unknown, path: string): string[] {
  if ((code & MAP_BIT) !== 0) return checkMap(code & ~MAP_BIT, value, path);
  if ((code & LIST_BIT) !== 0) return checkList(code & ~LIST_BIT, value, path);
  const isOfKind = SIMPLE_VALUES.get(code);
  if (isOfKind === undefined) throw new Error(`the SDK's schema of ${path} has the unknown code ${code}`);
  return isOfKind(value) ? [] : [mismatch(path, `a value of kind ${code}`)];
}

function checkList(element: Schema, value: unknown, path: string): string[] {
  if (!Array.isArray(value)) return [mismatch(path, "a list")];
  return value.flatMap((entry, index) => findModelProblems(element, entry, `${path}[${index}]`));
}

function checkMap(entry: Schema, value: unknown, path: string): string[] {
  if (!isRecord(value)) return [mismatch(path, "a map")];
  return Object.entries(value).flatMap(([key, held]) => findModelProblems(entry, held, memberPath(path, key)));
}

/** The first `required` members are the required ones. */
function checkStructure([names, schemas, required = 0]: readonly unknown[], value: unknown, path: string): string[] {
  if (!isRecord(value)) return [mismatch(path, "a structure")];
  const members = names as readonly string[];
  return [
    ...unknownMembers(value, members, path),
    ...members.flatMap((name, index) => {
      const held = value[name];
      // Null is the same as not there.
      if (held === undefined || held === null) {
        return index < (required as number) ? [`${memberPath(path, name)} is missing`] : [];
      }
      return findModelProblems((schemas as readonly Schema[])[index], held, memberPath(path, name));
    }),
  ];
}

function unknownMembers(value: Record<string, unknown>, members: readonly string[], path: string): string[] {
  return Object.keys(value)
    .filter((name) => !members.includes(name))
    .map((name) => `${memberPath(path, name)} is no member`);
}

function memberPath(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function mismatch(path: string, wanted: string): string {
  return `${path || "the body"} is not ${wanted}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isBase64(value: unknown): boolean {
  return typeof value === "string" && Buffer.from(value, "base64").toString("base64") === value;
}
