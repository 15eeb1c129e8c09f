// Reads CloudFormation templates as CloudFormation does: YAML 1.1 with its own tags, and none of YAML's aliases.
// Knows nothing of what a template means; resolve-template.ts evaluates one.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, parseDocument } from "yaml";

/** A template, or part of one, in the long form: `!Ref X` is `{ Ref: "X" }`. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

const INFRA = join(import.meta.dirname, "..", "..", "infra");

/** The function's own template. */
export const FUNCTION_TEMPLATE = join(INFRA, "template.yaml");

/** All templates: the function's and the examples that use it. */
export const TEMPLATES = [
  FUNCTION_TEMPLATE,
  ...readdirSync(join(INFRA, "examples"))
    .filter((name) => name.endsWith(".yaml") && name !== "appspec.yaml")
    .map((name) => join(INFRA, "examples", name)),
].map((path) => ({ path, name: basename(path) }));

/** Throws where CloudFormation would not take the file. */
export function readTemplate(path: string): JsonObject {
  return parseTemplate(readFileSync(path, "utf8"));
}

/** As `readTemplate`, of text. */
export function parseTemplate(text: string): JsonObject {
  // Unknown tags are warned of, and a short form is one; toJson refuses those that are no short form.
  const document = parseDocument(text, { version: "1.1", logLevel: "error" });
  if (document.errors.length > 0) throw new Error(document.errors.map(({ message }) => message).join("\n"));
  return asObject(toJson(document.contents));
}

/** Throws unless it is an object. */
export function asObject(value: Json | undefined): JsonObject {
  if (typeof value === "object" && value !== null && !isList(value)) return value;
  throw new Error(`expected an object, not ${JSON.stringify(value)}`);
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function toJson(node: ParsedNode | null): Json {
  if (node === null) return null;
  if (isAlias(node)) {
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    throw new Error(`CloudFormation takes no YAML alias: *${node.source}`);
  }
  const value = isMap(node)
    ? Object.fromEntries(node.items.map(({ key, value }) => [String(toJson(key)), toJson(value)]))
    : isSeq(node)
      ? node.items.map((item) => toJson(item as ParsedNode))
      : isScalar(node)
        ? (node.value as Json)
        : null;
  return node.tag?.startsWith("!") ? longForm(node.tag.slice(1), value) : value;
}

const SHORT_FORMS = ["And", "Equals", "GetAtt", "If", "Not", "Or", "Split", "Sub"];

function longForm(name: string, value: Json): Json {
  if (name === "Ref" || name === "Condition") return { [name]: value };
  if (!SHORT_FORMS.includes(name)) throw new Error(`no short form of CloudFormation: !${name}`);
  if (name !== "GetAtt" || typeof value !== "string") return { [`Fn::${name}`]: value };
  const dot = value.indexOf(".");
  return { "Fn::GetAtt": [value.slice(0, dot), value.slice(dot + 1)] };
}
