// What an auth server of each version asks its database, read from test/fixtures/recorded-queries. Executes nothing.
//
// A file is named after the version that brought its queries, and holds only what a server of that version asks besides
// what the one before it asks. They tell one story in order: who signs in has signed up before.
//   -- query: <name>            unlike any other; the SQL follows, one statement with named columns
//   -- values: [<JSON>, ...]    its parameters, where it has some
//   -- nothing new: <reason>    all that is in the file of a version that asks what the one before it asks
// In a value `{round}` is another word each time the story is told, and "sha256:<text>" stands for the text's hash.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { compareVersions } from "../../src/migration/version.ts";

/** One query of the story. */
export interface RecordedQuery {
  /** The version that brought it. */
  readonly version: string;
  readonly name: string;
  readonly sql: string;
  /** As they are sent in a round. */
  readonly values: (round: string) => unknown[];
}

/** A recording: its version and its text. */
export interface Recording {
  readonly version: string;
  readonly text: string;
}

const FOLDER = new URL("../fixtures/recorded-queries/", import.meta.url);
const NOTHING_NEW = /^-- nothing new: .+$/;
const VALUES_LINE = /^-- values: (?<values>.+)$/;

/** PostgreSQL tells prepared statements apart by the first 63 bytes of their names. */
const NAME_LIMIT_BYTES = 63;

/** Those of HelloJohn, oldest first. */
export function helloJohnRecordings(): Recording[] {
  return readdirSync(FOLDER)
    .map((file) => ({ version: file.replace(/\.sql$/, ""), text: readFileSync(new URL(file, FOLDER), "utf8") }))
    .sort((a, b) => compareVersions(a.version, b.version));
}

/**
 * What a server knows that is as new as the last of `versions`, in order. Throws when one of them has no recording: old
 * code that nobody wrote down would pass every test.
 */
export function queriesOf(recordings: readonly Recording[], versions: readonly string[]): RecordedQuery[] {
  const queries = versions.flatMap((version) => {
    const recording = recordings.find((candidate) => candidate.version === version);
    if (recording === undefined)
      throw new Error(
        `Nobody wrote down what a server of version ${version} asks its database. Do it in test/fixtures/recorded-queries/${version}.sql.`,
      );
    return parseRecording(recording);
  });
  const names = queries.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new Error(`Two recorded queries are called "${twice}".`);
  return queries;
}

function parseRecording({ version, text }: Recording): RecordedQuery[] {
  const [preamble = "", ...parts] = text.split(/^-- query: /m);
  const problem = (message: string) => new Error(`test/fixtures/recorded-queries/${version}.sql: ${message}`);
  if (parts.length === 0 && NOTHING_NEW.test(preamble.trim())) return [];
  if (preamble.trim() !== "" || parts.length === 0) throw problem("it has to begin with -- query: <name>.");
  return parts.map((part) => {
    const [name = "", ...lines] = part.trim().split("\n");
    if (Buffer.byteLength(name) > NAME_LIMIT_BYTES)
      throw problem(`a name has at most ${NAME_LIMIT_BYTES} bytes: ${name}`);
    const json = VALUES_LINE.exec(lines[0] ?? "")?.groups?.["values"];
    const sql = lines.slice(json === undefined ? 0 : 1).join("\n");
    if (sql.trim() === "") throw problem(`"${name}" has no SQL.`);
    const values: unknown = JSON.parse(json ?? "[]");
    if (!Array.isArray(values)) throw problem(`the values of "${name}" are no list.`);
    return { version, name, sql, values: (round) => values.map((value) => inRound(value, round)) };
  });
}

function inRound(value: unknown, round: string): unknown {
  if (Array.isArray(value)) return value.map((element) => inRound(element, round));
  if (typeof value !== "string") return value;
  const text = value.replaceAll("{round}", round);
  return text.startsWith("sha256:") ? createHash("sha256").update(text).digest() : text;
}
