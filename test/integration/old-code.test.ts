// Zero downtime for HelloJohn's own schema: the version that still serves keeps working while the next one's migration is
// applied, and when it is rolled back. What it asks is in test/fixtures/recorded-queries.
import { describe, expect, it } from "vitest";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions } from "../support/database.ts";
import { helloJohnManifest, olderBuild, runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { oldCodeDuring, tell } from "../support/old-code.ts";
import { helloJohnRecordings, queriesOf, type RecordedQuery } from "../support/recorded-queries.ts";
import { freshDatabase, openSession } from "../support/workplace.ts";

const helloJohn = await helloJohnManifest();
const recordings = helloJohnRecordings();
const versions = helloJohn.migrations.map(({ version }) => version);

/** What a server asks that was built for the first migrations. */
function knownTo(migrations: number): RecordedQuery[] {
  return queriesOf(recordings, versions.slice(0, migrations));
}

/** HelloJohn's migrations and one more, with a way back where it is given. */
function withOneMore(up: string, down?: string): Manifest {
  const last = manifestOf({ "9999_next.up.sql": up, ...(down && { "9999_next.down.sql": down }) }).migrations;
  return { ...helloJohn, migrations: [...helloJohn.migrations, ...last] };
}

const LATER = helloJohn.migrations.map(({ version, name }, index) => ({ version, name, index })).slice(1);

describe.each(postgresVersions)("on PostgreSQL $version", ({ url }) => {
  it.each(LATER)("code from before $version $name works after it, and after its rollback", async ({ version, index }) => {
    const database = await freshDatabase(url);
    const queries = knownTo(index);
    const { applied, rolledBack, breaks } = await oldCodeDuring(database, olderBuild(helloJohn, index + 1), queries);
    expect(applied).toMatchObject({ outcome: "applied", migrations: [{ version }] });
    expect(rolledBack).toMatchObject({ outcome: "rolled_back", migrations: [{ version }] });
    expect(breaks).toEqual([]);
  });
});
