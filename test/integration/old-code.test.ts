// Zero downtime for HelloJohn's own schema: the version that still serves keeps working while the next one's migration is
// applied, and when it is rolled back. What it asks is in test/fixtures/recorded-queries.
import { describe, expect, it } from "vitest";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { helloJohnManifest, olderBuild, runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { type Break, oldCodeDuring, tell } from "../support/old-code.ts";
import { helloJohnRecordings, queriesOf, type RecordedQuery } from "../support/recorded-queries.ts";
import { freshDatabase, openSession } from "../support/workplace.ts";

const helloJohn = await helloJohnManifest();
const recordings = helloJohnRecordings();
const versions = helloJohn.migrations.map(({ version }) => version);

/** They find the rows that they would insert, and that is all of it. */
const REPEATS: ReadonlySet<string> = new Set(["sign up with an address that is taken", "fan an event out once more"]);

/** What a server asks that was built for the first migrations. */
function knownTo(migrations: number): RecordedQuery[] {
  return queriesOf(recordings, versions.slice(0, migrations));
}

/** HelloJohn's migrations and one more, with a way back where it is given. */
function withOneMore(up: string, down?: string): Manifest {
  const last = manifestOf({
    "20990101_001_next.up.sql": up,
    ...(down && { "20990101_001_next.down.sql": down }),
  }).migrations;
  return { ...helloJohn, migrations: [...helloJohn.migrations, ...last] };
}

const LATER = helloJohn.migrations.map(({ version, name, down }, index) => ({ version, name, down, index })).slice(1);

describe.each(postgresVersions)("on PostgreSQL $version", ({ url }) => {
  it.each(LATER)(
    "code from before $version $name works after it, and after its rollback where it has one",
    async ({ version, down, index }) => {
      const database = await freshDatabase(url);
      const queries = knownTo(index);
      const { applied, rolledBack, breaks } = await oldCodeDuring(database, olderBuild(helloJohn, index + 1), queries);
      expect(applied).toMatchObject({ outcome: "applied", migrations: [{ version }] });
      if (down === null) expect(rolledBack).toBeNull();
      else expect(rolledBack).toMatchObject({ outcome: "rolled_back", migrations: [{ version }] });
      expect(breaks).toEqual([]);
    },
  );

  it("code of every version works on the schema of its version, and each of its queries finds rows", async () => {
    const database = await freshDatabase(url);
    const client = await openSession(database.url);
    for (const index of versions.keys()) {
      await runEvent(database.url, olderBuild(helloJohn, index + 1), { command: "run" });
      await tell(client, knownTo(index + 1), { round: `kept-${index}`, isKept: true });
      const answers = await tell(client, knownTo(index + 1), { round: "next", isKept: false });
      const empty = [...answers].filter(([name, answer]) => /^SQLSTATE|^\w+ 0 /.test(answer) && !REPEATS.has(name));
      expect(empty).toEqual([]);
    }
  });

  it("no table and no column can be renamed without a recorded query that notices", async () => {
    const database = await freshDatabase(url);
    const client = await openSession(database.url);
    const unnoticed: string[] = [];
    let tried = 0;
    for (const index of versions.keys()) {
      await runEvent(database.url, olderBuild(helloJohn, index + 1), { command: "run" });
      const queries = knownTo(index + 1).map(({ sql }) => sql);
      await client.query(preparing(queries));
      await client.query("deallocate all");
      for (const { table, rename } of await renamesIn(database)) {
        tried++;
        await client.query(`begin; ${rename}`);
        // No other query can notice.
        const noticed = await client.query(preparing(queries.filter((sql) => sql.includes(table)))).then(
          () => "not at all",
          (error) => error.code,
        );
        if (noticed !== "42703" && noticed !== "42P01") unnoticed.push(`${rename}: ${noticed}`);
        await client.query("rollback; deallocate all");
      }
    }
    expect(unnoticed).toEqual([]);
    expect(tried).toBeGreaterThan(1000);
  });

  it.each([
    {
      fault: "a column is renamed",
      up: "alter table hj_session rename column user_agent to agent",
      refused: {
        "open a session": "42703",
        "list a user's sessions": "42703",
        "open a session on a device": "42703",
      },
    },
    {
      fault: "a column is dropped",
      up: "alter table hj_oauth_client drop column first_party",
      refused: { "register a client": "42703", "authenticate a client": "42703" },
    },
    {
      fault: "a column is added that old code does not know and has to fill",
      up: `alter table hj_user add column locale text not null default 'en';
        alter table hj_user alter column locale drop default`,
      refused: {
        "sign up": "23502",
        "sign up with an address that is taken": "23502",
        "add an administrator": "23502",
        "add a user who leaves again": "23502",
      },
    },
    {
      fault: "a column loses its default",
      up: "alter table hj_mfa_challenge alter column failed_attempts drop default",
      refused: { "ask for a second factor": "23502" },
    },
    {
      fault: "a column has to be filled from now on",
      up: `update hj_session set device_fingerprint = '' where device_fingerprint is null;
        alter table hj_session alter column device_fingerprint set not null`,
      refused: {
        "open a session": "23502",
        "open a second session": "23502",
        "open a session that nobody uses": "23502",
      },
    },
    {
      fault: "a table is renamed",
      up: "alter table hj_webhook rename to hj_hook",
      refused: {
        "add a webhook": "42P01",
        "fan an event out": "42P01",
        "fan an event out once more": "42P01",
        "take deliveries that are due": "42P01",
        "change a webhook": "42P01",
        "disable a webhook": "42P01",
      },
    },
    {
      fault: "a table is dropped",
      up: "drop table hj_password_history",
      refused: {
        "keep the password that is replaced": "42P01",
        "list the last passwords": "42P01",
        "forget passwords that are too old": "42P01",
      },
    },
    {
      fault: "the unique index is dropped that an on conflict names",
      up: "drop index idx_hj_organization_invitation_organization_id_email_pending",
      refused: { "invite to an organization": "42P10", "invite the same person again": "42P10" },
    },
    {
      fault: "a check is added that old code does not keep",
      up: "alter table hj_mfa_factor add constraint hj_mfa_factor_sha256_check check (algorithm <> 'SHA1') not valid",
      refused: { "enrol a factor": "23514" },
    },
    {
      fault: "a column changes its type under prepared statements",
      up: "alter table hj_passkey_credential alter column sign_count type numeric",
      refused: { "sign in with a passkey": "0A000" },
    },
  ])("it is caught when $fault", async ({ up, refused }) => {
    const database = await freshDatabase(url);
    const { applied, breaks } = await oldCodeDuring(database, withOneMore(up), knownTo(versions.length));
    expect(applied).toMatchObject({ outcome: "applied", migrations: [{ version: "20990101_001" }] });
    expect(refusalsIn(breaks, "applied, used")).toEqual(refused);
    expect(refusalsIn(breaks, "applied, generic")).toEqual(refused);
    // Only what was prepared before minds a new type.
    const isAboutPlans = Object.values(refused).includes("0A000");
    expect(refusalsIn(breaks, "applied, new")).toEqual(isAboutPlans ? {} : refused);
    expect(breaks.filter(({ where }) => where === "applied, new")).not.toEqual([]);
  });

  it("it is caught when old code is answered, but finds less than before", async () => {
    const database = await freshDatabase(url);
    const next = withOneMore("update hj_signing_key set status = 'retired', retired_at = now()");
    const { breaks } = await oldCodeDuring(database, next, knownTo(versions.length));
    const query = "retire the current signing key";
    const difference = { query, before: "UPDATE 1 ()", after: "UPDATE 0 ()" };
    expect(breaks).toEqual(["used", "generic", "new"].map((on) => ({ where: `applied, ${on}`, ...difference })));
  });

  it("it is caught when old code does not survive the way back", async () => {
    const database = await freshDatabase(url);
    const next = withOneMore(
      "create index i on hj_user (name)",
      "alter table hj_user rename column avatar_url to picture",
    );
    const { rolledBack, breaks } = await oldCodeDuring(database, next, knownTo(versions.length));
    expect(rolledBack).toMatchObject({ outcome: "rolled_back" });
    expect(breaks.filter(({ where }) => where.startsWith("applied"))).toEqual([]);
    expect(refusalsIn(breaks, "rolled back, used")).toMatchObject({ "sign in": "42703", "save the profile": "42703" });
  });
});

/** The SQLSTATE of each query, without those that only miss a row that a query before them did not make (23503). */
function refusalsIn(breaks: readonly Break[], where: string): Record<string, string> {
  const refusals = breaks
    .filter((one) => one.where === where)
    .map(({ query, after }) => [query, /^SQLSTATE (?<code>\w{5})/.exec(after)?.groups?.["code"] ?? "23503"] as const);
  return Object.fromEntries(refusals.filter(([, code]) => code !== "23503"));
}

/** One message: the first that the server refuses is enough. */
function preparing(queries: readonly string[]): string {
  return queries.map((sql, number) => `prepare q${number} as ${sql}`).join("\n");
}

/** A statement for every table but the journal, and for every column of it. */
async function renamesIn(database: TestDatabase): Promise<{ table: string; rename: string }[]> {
  return database.query(`
    select c.relname as table, format('alter table %s rename to renamed', c.oid::regclass) as rename
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'hj_migration'
    union all
    select c.relname, format('alter table %s rename column %I to renamed', c.oid::regclass, a.attname)
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'hj_migration'
    order by rename`);
}
