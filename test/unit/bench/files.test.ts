// What each tool finds in its directory. That the tools read it is seen when they are measured: the tables are counted.
import { expect, test } from "vitest";
import { CONTESTANTS } from "../../../bench/side-by-side/contestants.ts";
import { largeMigration, smallMigrations } from "../../../bench/side-by-side/migrations.ts";
import { rotated, SCENARIOS } from "../../../bench/side-by-side/scenarios.ts";

const filesOf = (tool: string, count: number) =>
  CONTESTANTS.find(({ name }) => name === tool)?.files(smallMigrations(count)) ?? {};

test.each(CONTESTANTS.map(({ name }) => name))(
  "%s is given all of the same SQL, in files that sort as they come",
  (tool) => {
    const migrations = smallMigrations(12);
    const files = Object.entries(filesOf(tool, 12)).filter(([path]) => /_step\b|committed/.test(path));
    expect(files).toHaveLength(12);
    expect(files.map(([path]) => path)).toEqual(files.map(([path]) => path).sort());
    for (const [index, [, content]] of files.entries())
      expect(content.replaceAll("\\n", "\n")).toContain(migrations[index]?.sql.trim());
  },
);

test("each committed migration of graphile-migrate names the hash of the one before", () => {
  const files = filesOf("graphile-migrate", 2);
  const first = /^--! Previous: -\n--! Hash: (sha1:[0-9a-f]{40})\n\n/.exec(
    files["migrations/committed/000001.sql"] ?? "",
  );
  expect(first?.[1]).toBeDefined();
  expect(files["migrations/committed/000002.sql"]).toContain(`--! Previous: ${first?.[1]}\n`);
});

test("a migration is three statements, and the large one as many as it says", () => {
  expect(smallMigrations(1)[0]?.sql.match(/;\n/g)).toHaveLength(3);
  expect(largeMigration(5_000)[0]?.sql.match(/;\n/g)).toHaveLength(5_000);
});

test("another tool is first in each round", () => {
  expect([0, 1, 2, 3].map((round) => rotated(["a", "b", "c"], round).join(""))).toEqual(["abc", "bca", "cab", "abc"]);
  expect(rotated([], 1)).toEqual([]);
});

test("names of scenarios are names of directories and arguments", () => {
  for (const { name } of SCENARIOS) expect(name).toMatch(/^[a-z0-9-]+$/);
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
});
