import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compileDirectory } from "../../../src/build/compile-directory.ts";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "migrations");
const HINT = expect.stringContaining("<version>_<name>.up.sql");
const lenient = { isStrict: false };
const strict = { isStrict: true };
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "hj-directory-"));
  await cp(join(fixtures, "name-styles"), directory, { recursive: true });
});
afterEach(() => rm(directory, { recursive: true }));

/** The versions that a directory makes, and what is said of its files. */
async function compiled(options: { readonly isStrict: boolean }) {
  const result = await compileDirectory(directory, options);
  if ("problems" in result) throw new TypeError(JSON.stringify(result.problems));
  return {
    versions: result.manifest.migrations.map(({ version }) => version),
    findings: result.findings.map(({ file, message }) => `${file} ${message}`),
  };
}

const VERSIONS = ["1", "0002", "10", "20240601_001", "20240601_002"];

describe("a directory in which every SQL file is a migration", () => {
  test.each([lenient, strict])("has no findings, whatever else is in it, with %j", async (options) => {
    expect(await compiled(options)).toEqual({ versions: VERSIONS, findings: [] });
  });
});

describe("a directory that was not made for this tool", () => {
  test("is compiled without the files that no migration is called like, and each of them is told", async () => {
    expect(await compileDirectory(join(fixtures, "bad-name"), lenient)).toMatchObject({
      manifest: { migrations: [{ version: "0001", name: "account" }] },
      findings: ["0002_add session.up.sql", "2024-06-01_device.up.sql", "V3__token.sql"].map((file) => ({
        code: "FILE_IGNORED",
        file,
        message: "is left out: it is no name of a migration",
        hint: HINT,
      })),
    });
  });

  test("is refused for the same files when it is to be strict", async () => {
    const result = await compileDirectory(join(fixtures, "bad-name"), strict);
    expect("problems" in result && result.problems.map(({ code, file }) => `${code} ${file}`)).toEqual([
      "INVALID_MIGRATION 0002_add session.up.sql",
      "INVALID_MIGRATION 2024-06-01_device.up.sql",
      "INVALID_MIGRATION V3__token.sql",
    ]);
  });

  test("may hold SQL that this tool could not compile, where that is no migration", async () => {
    await writeFile(join(directory, "seed.sql"), "\\copy account from 'account.csv'\n");
    expect(await compiled(lenient)).toEqual({
      versions: VERSIONS,
      findings: ["seed.sql is left out: it is no name of a migration"],
    });
  });

  test("may hold SQL that is not even UTF-8, where that is no migration", async () => {
    await writeFile(join(directory, "dump.sql"), Buffer.from("insert into t values ('\xe4');", "latin1"));
    expect((await compiled(lenient)).findings).toEqual(["dump.sql is left out: it is no name of a migration"]);
  });

  test("tells of a name with control characters without repeating them", async () => {
    await writeFile(join(directory, "seed\u001b[2J.sql"), "select 1;");
    expect(await compiled(lenient)).toEqual({
      versions: VERSIONS,
      findings: ["seed\\u001b[2J.sql is left out: it is no name of a migration"],
    });
  });

  test.each([lenient, strict])("is refused for every fault of a migration in it, with %j", async (options) => {
    await writeFile(join(directory, "3_c.up.sql"), "commit;\nselct 1;");
    await writeFile(join(directory, "4_d.down.sql"), "select 1;");
    const result = await compileDirectory(directory, options);
    expect("problems" in result && result.problems.map(({ file }) => file)).toEqual(["3_c.up.sql", "4_d.down.sql"]);
  });
});

test.each([lenient, strict])("a directory that is not there is a problem, with %j", async (options) => {
  expect(await compileDirectory(join(directory, "nowhere"), options)).toMatchObject({
    problems: [{ code: "INVALID_MIGRATION", message: "cannot be read as a directory (ENOENT)" }],
  });
});

describe("a directory with downs that do not compile", () => {
  const BROKEN = {
    "0003_token.up.sql": "create table token ();",
    "0003_token.down.sql": "drop table token;\nalter table account delete column name;",
    "0099_orphan.down.sql": "drop table orphan;",
  };

  beforeEach(async () => {
    for (const [file, sql] of Object.entries(BROKEN)) await writeFile(join(directory, file), sql);
  });

  test("is compiled without them, and each of them is told with its place", async () => {
    const result = await compileDirectory(directory, lenient);
    if ("problems" in result) throw new TypeError(JSON.stringify(result.problems));
    expect(result.manifest.migrations.find(({ version }) => version === "0003")).toMatchObject({ down: null });
    expect(result.findings).toMatchObject([
      { code: "FILE_IGNORED", file: "0003_token.down.sql", line: 2 },
      { code: "FILE_IGNORED", file: "0099_orphan.down.sql", message: "is a down without an up" },
    ]);
  });

  test("is refused for them when it is to be strict, and for an up that does not compile always", async () => {
    expect(await compileDirectory(directory, strict)).toMatchObject({ problems: [{}, {}] });
    await writeFile(join(directory, "0004_bad.up.sql"), "creat table bad ();");
    expect(await compileDirectory(directory, lenient)).toMatchObject({ problems: [{}, {}, {}] });
  });
});
