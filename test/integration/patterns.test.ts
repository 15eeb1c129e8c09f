// What `hj migrations new` writes: no rule finds anything in it, and on a real PostgreSQL it goes up, down and up again.
import { describe, expect, it } from "vitest";
import { foresee } from "../../src/build/foresee.ts";
import { loadParser } from "../../src/build/parse-sql.ts";
import { PATTERNS, type Pattern } from "../../src/cli/new/pattern-names.ts";
import { draftsOf, type Filling } from "../../src/cli/new/patterns.ts";
import { connectTo } from "../../src/connection/connect-to.ts";
import { tryMigrations } from "../../src/engine/trial.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { createTestDatabase, postgresVersions } from "../support/database.ts";
import { manifestOf } from "../support/manifest.ts";

await loadParser();

// Names that only quotes can hold.
const FILLING = { table: 'User "x"', column: "order", type: "varchar(40)", references: "Plan;", to: "Sort order" };
const BASE =
  'create table "Plan;" (id bigint primary key); create table "User ""x""" (id bigint primary key, "order" bigint);';
const WITHOUT = 'create table "User ""x""" (id bigint primary key);';

// As long as PostgreSQL keeps them, in letters of several bytes, and in another schema.
const LONG = { ...FILLING, table: `billing.${"ä".repeat(31)}`, column: "ö".repeat(31), references: "billing.plan" };
const LONG_BASE = `create schema billing; create table billing.plan (id bigint primary key);
  create table billing."${"ä".repeat(31)}" (id bigint primary key, "${"ö".repeat(31)}" bigint);`;
const LONG_WITHOUT = `create schema billing; create table billing."${"ä".repeat(31)}" (id bigint primary key);`;

function written(pattern: Pattern, filling: Filling = FILLING, base = BASE, without = WITHOUT): Manifest {
  const drafts = draftsOf(pattern, filling);
  const versions = drafts.map((_, index) => String(index + 2));
  const files = drafts.flatMap(({ up, down }, index) => [
    [`${versions[index]}_a.up.sql`, up(versions)],
    ...(down === null ? [] : [[`${versions[index]}_a.down.sql`, down]]),
  ]);
  return manifestOf({ "1_base.up.sql": pattern === "column" ? without : base, ...Object.fromEntries(files) });
}

const long = (pattern: Pattern) => written(pattern, LONG, LONG_BASE, LONG_WITHOUT);

describe.each(PATTERNS)("the pattern %s", (pattern) => {
  it.each([
    ["names that only quotes can hold", written],
    ["the longest names of another schema", long],
  ])("has no hazard, and no waiver, with %s", (_what, write) => {
    const { manifest, problems } = foresee(write(pattern));
    expect(problems).toEqual([]);
    expect(manifest.migrations.flatMap(({ foreseen }) => foreseen?.hazards ?? [])).toEqual([]);
  });

  it.each(postgresVersions)("goes up, down and up again on PostgreSQL $version", async ({ url }) => {
    await goesBothWays(url, written(pattern));
    await goesBothWays(url, long(pattern));
  });

  async function goesBothWays(url: string, manifest: Manifest): Promise<void> {
    const database = await createTestDatabase(url);
    try {
      const target = { connect: connectTo(database.url), schema: "public", journal: "hj_migration" };
      const trials = await tryMigrations(manifest, target, ({ version }) => version !== "1");
      expect(trials).toHaveLength(draftsOf(pattern, FILLING).length);
      for (const { failure, reversal } of trials) {
        expect(failure).toBeNull();
        expect(reversal ?? { afterDown: [], afterUpAgain: [] }).toEqual({ afterDown: [], afterUpAgain: [] });
      }
    } finally {
      await database.drop();
    }
  }
});

it("the pattern rename says which release each of its migrations is for, because the rows of older code would be lost", () => {
  const [add, fill, drop] = draftsOf("rename", FILLING).map(({ up }) => up(["2", "3", "4"]));
  expect(add).toMatch(
    /^-- Goes with the first of three releases, whose code writes both columns and reads "order"\.\n/,
  );
  expect(fill).toMatch(/^-- hj:transaction off\n\n-- Goes with the second release, .* Not with the first:/);
  expect(drop).toMatch(/^-- hj:phase contract after 3\n.*\n\n-- Goes with the third release, /);
});
