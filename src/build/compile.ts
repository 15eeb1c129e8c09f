// Compiles migration files into a manifest, or says everything that is wrong with them. Pure: text in, value out.
import { createHash } from "node:crypto";
import type { Problem, Refusal } from "../failure/problem.ts";
import { checksum } from "../migration/checksum.ts";
import { type Directives, parseDirectives } from "../migration/directives.ts";
import { type FileName, parseFileName } from "../migration/file-name.ts";
import type { Manifest, Migration, Script, Statement } from "../migration/manifest.ts";
import { placesIn } from "../migration/text-place.ts";
import { canonicalVersion, compareVersions } from "../migration/version.ts";
import { classifyStatement, isSetting, objectionTo } from "./classify-statement.ts";
import { contractProblems } from "./contract-problems.ts";
import { effectsOf } from "./discards.ts";
import { keepsSession } from "./keeps-session.ts";
import { parseSql } from "./parse-sql.ts";
import type { SourceFile } from "./read-directory.ts";

interface CompiledFile {
  readonly name: FileName;
  readonly checksum: string;
  readonly directives: Directives;
  readonly script: Script;
}

/** The manifest, or every problem of every file. The parser must be loaded (loadParser). */
export function compile(sources: readonly SourceFile[]): Manifest | Refusal {
  const problems: Problem[] = [];
  const files: CompiledFile[] = [];
  for (const source of sources) {
    const compiled = compileFile(source);
    if (compiled === null) continue;
    if ("problems" in compiled) problems.push(...compiled.problems);
    else files.push(compiled);
  }
  // Files that did not compile count here too, or each would bring a second problem about its missing twin.
  problems.push(...problemsOfTheSet(sources.map((source) => parseFileName(source.file))));
  if (problems.length > 0) return { problems };

  const downs = new Map(
    files.flatMap((file) => (file.name.direction === "down" ? [[file.name.version, file] as const] : [])),
  );
  const migrations = files
    .filter((file) => file.name.direction === "up")
    .map((up): Migration => {
      const down = downs.get(up.name.version);
      return {
        version: up.name.version,
        name: up.name.name,
        checksum: up.checksum,
        up: up.script,
        down: down?.script ?? null,
        irreversible: up.directives.irreversible,
        contractAfter: up.directives.contractAfter,
        change: null,
        foreseen: null,
      };
    })
    .sort((a, b) => compareVersions(a.version, b.version));
  const irreversibleWithDown = migrations.filter((migration) => migration.irreversible !== null && migration.down);
  const contradictions = [...irreversibleWithDown.map(contradiction), ...contractProblems(migrations)];
  if (contradictions.length > 0) return { problems: contradictions };
  return { manifestVersion: 1, hash: hashOf(files), migrations };
}

function compileFile(source: SourceFile): CompiledFile | Refusal | null {
  const name = parseFileName(source.file);
  if (name === null) return null;
  if ("code" in name) return { problems: [name] };
  const directives = parseDirectives(name.file, name.direction, source.sql);
  const script = compileScript(source, name.direction, "problems" in directives ? null : directives);
  if ("problems" in directives || "problems" in script) {
    return { problems: [directives, script].flatMap((part) => ("problems" in part ? part.problems : [])) };
  }
  return {
    name,
    checksum: checksum(source.sql),
    directives,
    script,
  };
}

/** `directives` is null when they are wrong themselves; the statements are judged all the same. */
function compileScript(
  source: SourceFile,
  direction: FileName["direction"],
  directives: Directives | null,
): Script | Refusal {
  const { file, sql } = source;
  let places: ReturnType<typeof placesIn> | null = null;
  const at = (offset: number) => {
    places ??= placesIn(sql);
    const { line, column } = places(offset);
    return { line, column };
  };
  const problem = (offset: number, message: string, hint?: string): Problem => ({
    code: "INVALID_MIGRATION",
    file,
    ...at(offset),
    message,
    ...(hint === undefined ? {} : { hint }),
  });
  const parsed = parseSql(sql);
  if ("offset" in parsed) {
    const { offset, ...told } = parsed;
    if (offset === null) return { problems: [{ code: "INVALID_MIGRATION", file, ...told }] };
    return { problems: [problem(offset, told.message, syntaxHint(sql, offset))] };
  }
  const foreign = FOREIGN_DOWN.exec(sql);
  if (foreign !== null) {
    const hint = "Split the file there: what stands behind that line is the down file. Both halves would be run.";
    return { problems: [problem(foreign.index, "holds both ways in one file, as another tool has them", hint)] };
  }
  const detach = directives?.detach ?? false;
  const statements = parsed.map(({ start, end, tree }): Statement => {
    const kind = classifyStatement(tree);
    return {
      start,
      end,
      ...(direction === "down" && { effects: effectsOf(tree) }),
      ...kind,
      ...(kind.kind === "create_index_concurrently" && { detach }),
    };
  });
  const problems = parsed.flatMap(({ start, tree }) => {
    const objection = objectionTo(tree);
    return objection ? [problem(start, objection.message, objection.hint)] : [];
  });
  const outside = statements.filter((statement) => statement.kind !== "ordinary");
  // Statement by statement means at least one: the last of them completes the entry.
  const isOutside = directives?.transaction === false || outside.length === statements.length;
  const transactional = statements.length === 0 || !isOutside;
  if (directives !== null && transactional) {
    for (const statement of outside) {
      const hint = "Put it into a file of its own, or say -- hj:transaction off in the first line of this one.";
      problems.push(problem(statement.start, "this statement cannot run inside a transaction", hint));
    }
  }
  for (const { start, tree } of transactional ? [] : parsed) {
    if (isSetting(tree)) problems.push(problem(start, "this setting reaches no other statement", SETTING_HINT));
  }
  if (detach)
    problems.push(
      ...detachProblems(statements, directives?.timeoutMs ?? null).map(([message, hint]) => problem(0, message, hint)),
    );
  if (problems.length > 0) return { problems };
  const isKept = parsed.every(({ tree }) => keepsSession(tree));
  return { file, transactional, keepsSession: isKept, timeoutMs: directives?.timeoutMs ?? null, sql, statements };
}

/** Messages and hints. */
function detachProblems(
  statements: readonly Statement[],
  timeoutMs: number | null,
): readonly (readonly [string, string])[] {
  if (!statements.some(({ kind }) => kind === "create_index_concurrently"))
    return [["says -- hj:detach and builds no index concurrently", "Remove the line: it would do nothing."]];
  // The usual five minutes are less than most invocations, which such a build is to outlive.
  return timeoutMs === null
    ? [["says -- hj:detach and not how long the server may build", "Add such a line: -- hj:timeout 2h"]]
    : [];
}

function problemsOfTheSet(names: readonly (FileName | Problem | null)[]): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, FileName>();
  const valid = names.filter((name) => name !== null && !("code" in name)) as readonly FileName[];
  for (const name of valid) {
    // 0001 and 1 are one version, whatever the files are called.
    const key = `${name.direction} ${canonicalVersion(name.version)}`;
    const twin = seen.get(key);
    if (twin) problems.push({ ...about(name), message: `has the same version as ${twin.file}`, hint: TWINS });
    else seen.set(key, name);
  }
  const ups = new Map<string, FileName>();
  for (const name of valid) if (name.direction === "up" && !ups.has(name.version)) ups.set(name.version, name);
  for (const down of valid.filter((name) => name.direction === "down")) {
    const up = ups.get(down.version);
    if (up?.name === down.name) continue;
    const message = up ? `undoes ${up.file}, whose name is different` : "is a down without an up";
    problems.push({ ...about(down), message });
  }
  return problems;
}

const TWINS =
  "Give one of them another version. Files of several dialects or products belong in directories of their own.";

function about(name: FileName): Pick<Problem, "code" | "file" | "version"> & { message: string } {
  return { code: "INVALID_MIGRATION", file: name.file, version: name.version, message: "" };
}

function contradiction(migration: Migration): Problem {
  return {
    code: "INVALID_MIGRATION",
    file: migration.up.file,
    version: migration.version,
    message: "says -- hj:irreversible and has a down file",
    hint: `Remove one of the two: the directive, or ${migration.down?.file}.`,
  };
}

const SETTING_HINT =
  "Behind each statement of a file that is not one transaction the session is reset. Leave it out: time-outs are set by the run, and names can be written with their schema.";

/** How goose, sql-migrate and dbmate mark the second half of a file. */
const FOREIGN_DOWN = /^[ \t]*--[ \t]*(?:\+goose|\+migrate|migrate:)[ \t]*down\b/im;

function syntaxHint(sql: string, offset: number): string | undefined {
  if (sql.startsWith("{", offset)) return "A template has to be filled in first: a migration is SQL and nothing else.";
  if (sql.startsWith("\\", offset)) return "A line that starts with a backslash is a command of psql, not SQL.";
  const isCopy = /\bcopy\b[^;]*\bfrom\s+stdin\b[^;]*;\s*$/i.test(sql.slice(Math.max(0, offset - 2000), offset));
  return isCopy
    ? "What follows COPY ... FROM STDIN is data, and a migration has no input: write it as INSERT."
    : undefined;
}

function hashOf(files: readonly CompiledFile[]): string {
  const hash = createHash("sha256");
  for (const { name, checksum, script, directives } of files) {
    const { irreversible, detach, contractAfter } = directives;
    const said = [script.transactional, script.timeoutMs, irreversible, detach, contractAfter];
    hash.update(JSON.stringify([name.file, checksum, ...said]));
  }
  return hash.digest("hex");
}
