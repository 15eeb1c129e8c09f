// What `hj migrations new` writes: no rule finds anything in it, and on a real PostgreSQL it goes up, down and up again.
import { describe, expect, it } from "vitest";
import { foresee } from "../../src/build/foresee.ts";
import { loadParser } from "../../src/build/parse-sql.ts";
import { PATTERNS, type Pattern } from "../../src/cli/new/pattern-names.ts";
import { draftsOf } from "../../src/cli/new/patterns.ts";
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

function written(pattern: Pattern): Manifest {
  const drafts = draftsOf(pattern, FILLING);
  const versions = drafts.map((_, index) => String(index + 2));
  const files = drafts.flatMap(({ up, down }, index) => [
    [`${versions[index]}_a.up.sql`, up(versions)],
    ...(down === null ? [] : [[`${versions[index]}_a.down.sql`, down]]),
  ]);
  return manifestOf({ "1_base.up.sql": pattern === "column" ? WITHOUT : BASE, ...Object.fromEntries(files) });
}

describe.each(PATTERNS)("the pattern %s", (pattern) => {
  it("has no hazard, and no waiver", () => {
    const { manifest, problems } = foresee(written(pattern));
    expect(problems).toEqual([]);
    expect(manifest.migrations.flatMap(({ foreseen }) => foreseen?.hazards ?? [])).toEqual([]);
  });

  it.each(postgresVersions)("goes up, down and up again on PostgreSQL $version", async ({ url }) => {
    const database = await createTestDatabase(url);
    try {
      const target = { connect: connectTo(database.url), schema: "public", journal: "hj_migration" };
      const trials = await tryMigrations(written(pattern), target, ({ version }) => version !== "1");
      expect(trials).toHaveLength(draftsOf(pattern, FILLING).length);
      for (const { failure, reversal } of trials) {
        expect(failure).toBeNull();
        expect(reversal ?? { afterDown: [], afterUpAgain: [] }).toEqual({ afterDown: [], afterUpAgain: [] });
      }
    } finally {
      await database.drop();
    }
  });
});
