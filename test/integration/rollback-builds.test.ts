// Rolling back with another build than the one that applied: what the journal stored is what runs.
import { describe, expect, it } from "vitest";
import type { Manifest } from "../../src/migration/manifest.ts";
import { olderBuild, type RunOptions, runEvent, statuses } from "../support/engine.ts";
import { everyPostgresVersion } from "../support/every-version.ts";
import { implausibleTurns } from "../support/journal-story.ts";
import { manifestOf } from "../support/manifest.ts";
import { freshDatabase, journalOf, tablesOf } from "../support/workplace.ts";

const BASE = { "0001_base.up.sql": "create table base ();", "0001_base.down.sql": "drop table base;" };

/** Each down leaves a witness of which text of it ran. */
const RELEASED = {
  ...BASE,
  "0002_orders.up.sql": "create table orders ();",
  "0002_orders.down.sql": "drop table orders;\ncreate table orders_undone_as_released ();",
  "0003_lookup.up.sql":
    "-- hj:transaction off\ncreate table lookup (id integer);\ncreate index concurrently lookup_idx on lookup (id);",
  "0003_lookup.down.sql":
    "-- hj:transaction off\ndrop index concurrently lookup_idx;\ndrop table lookup;\ncreate table lookup_undone_as_released ();",
};

const NEWER = {
  ...RELEASED,
  "0002_orders.down.sql": "drop table orders;\ncreate table orders_undone_as_rewritten ();",
  "0003_lookup.down.sql": "drop table lookup;\ncreate table lookup_undone_as_rewritten ();",
  "0004_later.up.sql": "create table later ();",
  "0004_later.down.sql": "drop table later;",
};

const UNDONE_AS_RELEASED = ["base", "lookup_undone_as_released", "orders_undone_as_released"];

describe.each(everyPostgresVersion)(
  "rolling back with another build, on PostgreSQL $version,",
  ({ url: serverUrl }) => {
    async function setup() {
      const database = await freshDatabase(serverUrl);
      const released = manifestOf(RELEASED);
      const send = (build: Manifest, event: unknown, options?: RunOptions) =>
        runEvent(database.url, build, event, options);
      await send(olderBuild(released, 1), { command: "run" });
      await send(released, { command: "run" });
      return { database, released, send, journal: () => journalOf(database), tables: () => tablesOf(database) };
    }

    it("an older one runs the stored scripts of migrations that it does not ship", async () => {
      const { journal, released, send, tables } = await setup();
      const older = olderBuild(released, 1);
      expect(await send(older, { command: "status" })).toMatchObject({ counts: { applied: 1, unknown: 2 } });
      const report = await send(older, { command: "rollback" });
      expect(report).toMatchObject({
        ok: true,
        outcome: "rolled_back",
        schemaVersion: { before: "0003", after: "0001" },
        counts: { applied: 1, pending: 0, started: 0, unknown: 0 },
        migrations: [
          { version: "0003", name: "lookup", status: "rolled_back", transactional: false },
          { version: "0002", name: "orders", status: "rolled_back", transactional: true },
        ],
      });
      expect(await tables()).toEqual(UNDONE_AS_RELEASED);
      expect(implausibleTurns(await journal())).toEqual([]);
    });

    it("an older one knows nothing of them any more afterwards, and the newer one has them pending", async () => {
      const { database, released, send } = await setup();
      const older = olderBuild(released, 1);
      await send(older, { command: "rollback" });
      expect(await send(older, { command: "status" })).toMatchObject({
        outcome: "up_to_date",
        migrations: [],
        warnings: [],
      });
      expect(statuses(await send(older, { command: "list" }))).toEqual({ "0001": "applied" });
      expect(await send(older, { command: "run" })).toMatchObject({ outcome: "up_to_date", warnings: [] });
      await database.query("drop table orders_undone_as_released, lookup_undone_as_released");
      const again = await send(released, { command: "run" });
      expect(again).toMatchObject({
        outcome: "applied",
        migrations: [{ version: "0002", batch: 3 }, { version: "0003" }],
      });
    });

    it("an older one says in a dry run what it would take back", async () => {
      const { released, send } = await setup();
      const report = await send(olderBuild(released, 1), { command: "rollback", dryRun: true });
      expect(report).toMatchObject({ outcome: "would_roll_back" });
      expect(report.migrations.map(({ version, name, status }) => [version, name, status])).toEqual([
        ["0003", "lookup", "would_roll_back"],
        ["0002", "orders", "would_roll_back"],
      ]);
    });

    it("a newer one runs the stored scripts and not those that it ships for the same versions", async () => {
      const { journal, send, tables } = await setup();
      expect(await send(manifestOf(NEWER), { command: "rollback" })).toMatchObject({ outcome: "rolled_back" });
      expect(await tables()).toEqual(UNDONE_AS_RELEASED);
      expect(implausibleTurns(await journal())).toEqual([]);
    });

    it("a newer one stores its own scripts once it applies them itself", async () => {
      const { database, send, tables } = await setup();
      const newer = manifestOf(NEWER);
      await send(newer, { command: "rollback" });
      await database.query("drop table orders_undone_as_released, lookup_undone_as_released");
      await send(newer, { command: "run" });
      expect(await send(newer, { command: "rollback" })).toMatchObject({ outcome: "rolled_back" });
      expect(await tables()).toEqual(["base", "lookup_undone_as_rewritten", "orders_undone_as_rewritten"]);
    });

    it("one that ships no down at all still rolls back", async () => {
      const { send, tables } = await setup();
      const ups = Object.entries(RELEASED).filter(([file]) => file.endsWith(".up.sql"));
      const report = await send(manifestOf(Object.fromEntries(ups)), { command: "rollback" });
      expect(report).toMatchObject({ outcome: "rolled_back" });
      expect(await tables()).toEqual(UNDONE_AS_RELEASED);
    });

    it("one that ships no migration at all takes everything back", async () => {
      const { send, tables } = await setup();
      const report = await send(manifestOf({}), { command: "rollback", steps: 2 });
      expect(report).toMatchObject({ outcome: "rolled_back", schemaVersion: { after: null }, counts: { unknown: 0 } });
      expect(await tables()).toEqual(["lookup_undone_as_released", "orders_undone_as_released"]);
    });

    it("one that ships a down now does not make a migration reversible that was applied without", async () => {
      const { send, tables } = await setup();
      const later = { ...RELEASED, "0004_later.up.sql": "create table later ();" };
      await send(manifestOf(later), { command: "run" });
      const report = await send(manifestOf({ ...later, "0004_later.down.sql": "drop table later;" }), {
        command: "rollback",
      });
      expect(report).toMatchObject({ outcome: "refused", problems: [{ code: "DOWN_MISSING", version: "0004" }] });
      expect(await tables()).toContain("later");
    });

    it("one that forgot the reason still cannot roll back what was applied as irreversible", async () => {
      const { send, tables } = await setup();
      const later = "create table later ();";
      await send(manifestOf({ ...RELEASED, "0004_later.up.sql": `-- hj:irreversible it burns bridges\n${later}` }), {
        command: "run",
      });
      const forgetful = { ...RELEASED, "0004_later.up.sql": later, "0004_later.down.sql": "drop table later;" };
      const report = await send(manifestOf(forgetful), { command: "rollback" });
      expect(report).toMatchObject({
        outcome: "refused",
        problems: [{ code: "IRREVERSIBLE", version: "0004", message: expect.stringContaining("it burns bridges") }],
      });
      expect(await tables()).toContain("later");
    });

    it("one finishes what another one began, with the script that was begun", async () => {
      const { database, journal, released, send, tables } = await setup();
      await database.query("create view guard as select id from lookup");
      const failed = await send(manifestOf(NEWER), { command: "rollback" });
      expect(failed).toMatchObject({ failure: { details: { file: "0003_lookup.down.sql", line: 3 } } });
      await database.query("drop view guard");
      const report = await send(olderBuild(released, 1), { command: "rollback" });
      expect(report).toMatchObject({ outcome: "rolled_back", migrations: [{ version: "0003" }, { version: "0002" }] });
      expect(await tables()).toEqual(UNDONE_AS_RELEASED);
      expect(implausibleTurns(await journal())).toEqual([]);
    });

    it("an older one is told of what is half rolled back and not in it", async () => {
      const { database, released, send } = await setup();
      await database.query("create view guard as select id from lookup");
      await send(released, { command: "rollback" });
      const older = olderBuild(released, 1);
      expect((await send(older, { command: "status" })).warnings).toMatchObject([
        { code: "DATABASE_AHEAD", version: "0002" },
        { code: "DATABASE_AHEAD", version: "0003" },
        { code: "ROLLBACK_UNFINISHED", version: "0003" },
      ]);
      expect(await send(older, { command: "run" })).toMatchObject({
        outcome: "refused",
        problems: [{ code: "ROLLBACK_UNFINISHED", version: "0003" }],
      });
    });

    it("the stored script keeps what the file held: quotes, bodies, backslashes and every alphabet", async () => {
      const { database, send } = await setup();
      const text = String.raw`it''s \ "quoted" 你好 👋 $1 \n %s`;
      const later = {
        ...RELEASED,
        "0004_later.up.sql": "create table later (what text);",
        "0004_later.down.sql": [
          "drop table later;\r",
          "do $do$\r",
          "begin\r",
          `  execute $$ create table kept as select '${text}'::text as what, E'tab\\there' as escaped $$;\r`,
          "end $do$;\r",
          "create function kept_body() returns text language sql begin atomic select 'a'; select 'b;c'; end;",
        ].join("\n"),
      };
      await send(manifestOf(later), { command: "run" });
      expect(await send(manifestOf(BASE), { command: "rollback" })).toMatchObject({ outcome: "rolled_back" });
      expect(await database.query("select what, escaped, kept_body() as body from kept")).toEqual([
        { what: text.replaceAll("''", "'"), escaped: "tab\there", body: "b;c" },
      ]);
    });

    it("a newer one that renamed a migration takes it back under the name that it was applied with", async () => {
      const { send, tables } = await setup();
      const { "0003_lookup.up.sql": up, "0003_lookup.down.sql": down, ...rest } = RELEASED;
      const renamed = manifestOf({ ...rest, "0003_search.up.sql": up, "0003_search.down.sql": down });
      expect(await send(renamed, { command: "rollback" })).toMatchObject({ outcome: "rolled_back" });
      expect(await tables()).toEqual(UNDONE_AS_RELEASED);
    });
  },
);
