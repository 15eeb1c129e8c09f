// An invocation whose time runs out: what it answers, and what goes on with it. The time is the tests' own to spend,
// but for statements that are really cut.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { lockKey } from "../../src/engine/lock.ts";
import type { Report } from "../../src/engine/report-schema.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions } from "../support/database.ts";
import { olderBuild, type RunOptions, runEvent } from "../support/engine.ts";
import { implausibleTurns } from "../support/journal-story.ts";
import { manifestOf } from "../support/manifest.ts";
import {
  advisoryLocksOf,
  catalogOf,
  freshDatabase,
  journalOf,
  openSession,
  openTransaction,
  tablesOf,
} from "../support/workplace.ts";

/** Tables that stand on each other: taken back in the wrong order, they fail. */
const CHAIN = {
  "0001_one.up.sql": "create table one (id integer primary key);",
  "0001_one.down.sql": "drop table one;",
  "0002_two.up.sql": "create table two (id integer primary key references one (id));",
  "0002_two.down.sql": "drop table two;",
  "0003_three.up.sql": "create table three (id integer primary key references two (id));",
  "0003_three.down.sql": "drop table three;",
  "0004_four.up.sql": "create table four (id integer primary key references three (id));",
  "0004_four.down.sql": "drop table four;",
};

const BUILD = manifestOf(CHAIN);

/** The second statement of 0002 waits for whoever holds the table `gate`. */
const GATED = manifestOf({
  "0001_gate.up.sql": "create table gate (id integer);",
  "0001_gate.down.sql": "drop table gate;",
  "0002_steps.up.sql":
    "-- hj:transaction off\ncreate table step_one ();\ninsert into gate values (1);\ncreate table step_three ();",
  "0002_steps.down.sql": "-- hj:transaction off\ndrop table step_three;\ndelete from gate;\ndrop table step_one;",
});

/** Long enough for what is quick, and soon over for what waits. A fifth of it is kept back. */
const SHORT_MS = 4_000;

/**
 * As Lambda's own clock: what is left gets less. It runs from the first migration on: connecting may take a busy machine long.
 * So the watchdog, which asks first, once, and counts from the start, is told more: it would answer for a run that is in time.
 */
function countdown(ms: number): Required<Pick<RunOptions, "remainingMs" | "onProgress">> {
  let endsAt: number | null = null;
  let asked = 0;
  return {
    remainingMs: () => {
      if (asked++ === 0) return 3 * ms;
      return endsAt === null ? ms : Math.max(0, endsAt - performance.now());
    },
    onProgress: ({ kind }) => {
      if (kind === "migration_started") endsAt ??= performance.now() + ms;
    },
  };
}

describe.each(postgresVersions)("a deadline on PostgreSQL $version", ({ url: serverUrl }) => {
  async function setup() {
    const database = await freshDatabase(serverUrl);
    const send = (build: Manifest, event: unknown, options?: RunOptions) =>
      runEvent(database.url, build, event, options);
    return {
      database,
      send,
      /** Sends each build its run, so that each has a batch of its own. */
      batches: async (...builds: Manifest[]) => {
        for (const build of builds) expect(await send(build, { command: "run" })).toMatchObject({ outcome: "applied" });
      },
      journal: () => journalOf(database),
      tables: () => tablesOf(database),
      everything: async () => ({ catalog: await catalogOf(database), journal: await journalOf(database) }),
    };
  }

  describe("between two migrations", () => {
    it("is answered with what is done, what is left, and a continuation", async () => {
      const { database, send, tables } = await setup();
      const report = await send(BUILD, { command: "run" }, endingWith("0002"));
      expect(report).toMatchObject({
        ok: false,
        outcome: "incomplete",
        schemaVersion: { before: null, after: "0002" },
        counts: { applied: 2, pending: 2, started: 0 },
        migrations: [
          { version: "0001", status: "applied", batch: 1 },
          { version: "0002", status: "applied", batch: 1 },
          { version: "0003", status: "not_reached" },
          { version: "0004", status: "not_reached" },
        ],
      });
      expect(continuationOf(report)).not.toBe("");
      expect(await tables()).toEqual(["one", "two"]);
      expect(await advisoryLocksOf(database)).toEqual([]);
    });

    it("goes on in the same batch, as the same run, as often as it has to", async () => {
      const { journal, send } = await setup();
      const first = await send(BUILD, { command: "run" }, endingWith("0001"));
      const second = await send(BUILD, continued({ command: "run" }, first), endingWith("0002"));
      expect(second).toMatchObject({ outcome: "incomplete", schemaVersion: { before: "0001", after: "0002" } });
      const third = await send(BUILD, continued({ command: "run" }, second));
      expect(third).toMatchObject({
        ok: true,
        outcome: "applied",
        migrations: [
          { version: "0003", batch: 1 },
          { version: "0004", batch: 1 },
        ],
      });
      const entries = await journal();
      expect(entries.map(({ batch }) => batch)).toEqual([1, 1, 1, 1]);
      expect(new Set([first, second, third].map(({ runId }) => runId))).toEqual(new Set([first.runId]));
      expect(new Set(entries.map(({ run_id }) => run_id))).toEqual(new Set([first.runId]));
      expect(new Set([first, second, third].map(({ invocationId }) => invocationId)).size).toBe(3);
      expect(await send(BUILD, { command: "rollback" })).toMatchObject({ counts: { applied: 0 } });
    });

    it("opens a new batch, as another run, without the continuation", async () => {
      const { journal, send } = await setup();
      const first = await send(BUILD, { command: "run" }, endingWith("0001"));
      const second = await send(BUILD, { command: "run" });
      expect(second).toMatchObject({ outcome: "applied" });
      expect(second.runId).not.toBe(first.runId);
      expect((await journal()).map(({ batch }) => batch)).toEqual([1, 2, 2, 2]);
    });

    it("has nothing to go on with when another run has done the rest", async () => {
      const { send } = await setup();
      const first = await send(BUILD, { command: "run" }, endingWith("0001"));
      await send(BUILD, { command: "run" });
      expect(await send(BUILD, continued({ command: "run" }, first))).toMatchObject({ outcome: "up_to_date" });
    });

    it("does not go on in its batch when that was rolled back", async () => {
      const { journal, send } = await setup();
      const first = await send(BUILD, { command: "run" }, endingWith("0001"));
      await send(BUILD, { command: "rollback" });
      expect(await send(BUILD, continued({ command: "run" }, first))).toMatchObject({ outcome: "applied" });
      expect((await journal()).filter((entry) => entry.is_current).map(({ batch }) => batch)).toEqual([2, 2, 2, 2]);
      expect(implausibleTurns(await journal())).toEqual([]);
    });

    it("does not slip a migration below those of a run that came between", async () => {
      const { send, tables } = await setup();
      const first = await send(BUILD, { command: "run" }, endingWith("0001"));
      await send(BUILD, { command: "run" }, endingWith("0002"));
      expect(await send(BUILD, continued({ command: "run" }, first))).toMatchObject({ outcome: "applied" });
      // Whatever the batches are, the newest of them is taken back without touching what it stands on.
      const report = await send(BUILD, { command: "rollback" });
      expect(report).toMatchObject({ outcome: "rolled_back" });
      expect(report.migrations[0]).toMatchObject({ version: "0004" });
      expect(await tables()).not.toContain("four");
    });

    it("goes on with the same event, also when that allows what has been applied meanwhile", async () => {
      const { batches, send, tables } = await setup();
      const { "0002_two.up.sql": _up, "0002_two.down.sql": _down, ...rest } = CHAIN;
      const late = { ...rest, "0003_three.up.sql": "create table three (id integer primary key);" };
      await batches(olderBuild(manifestOf(late), 2));
      const whole = manifestOf({ ...CHAIN, ...late });
      const event = { command: "run", allowOutOfOrder: ["0002"] };
      const first = await send(whole, event, endingWith("0002"));
      expect(first).toMatchObject({ outcome: "incomplete", migrations: [{ version: "0002", status: "applied" }, {}] });
      expect(await send(whole, continued(event, first))).toMatchObject({
        outcome: "applied",
        migrations: [{ version: "0004", batch: 2 }],
      });
      expect(await tables()).toEqual(["four", "one", "three", "two"]);
    });

    it("does not say that a migration was started which it did not come to", async () => {
      const { journal, send } = await setup();
      const report = await send(GATED, { command: "run" }, endingWith("0001"));
      expect(await journal()).toHaveLength(1);
      expect(report).toMatchObject({
        outcome: "incomplete",
        counts: { applied: 1, pending: 1, started: 0 },
        migrations: [
          { version: "0001", status: "applied" },
          { version: "0002", status: "not_reached" },
        ],
      });
    });
  });

  describe("within a migration", () => {
    const slow = manifestOf({
      "0001_quick.up.sql": "create table quick ();",
      "0002_slow.up.sql": "create table slow ();\nselect pg_sleep(60);",
      "0003_next.up.sql": "create table next ();",
    });

    it("that came first in a fresh invocation is a failure, because trying again would come to the same", async () => {
      const { batches, database, everything, send } = await setup();
      await batches(olderBuild(slow, 1));
      const before = await everything();
      const report = await send(slow, { command: "run" }, countdown(SHORT_MS));
      expect(report).toMatchObject({
        outcome: "failed",
        schemaVersion: { before: "0001", after: "0001" },
        migrations: [
          { version: "0002", status: "failed" },
          { version: "0003", status: "not_reached" },
        ],
        failure: { code: "DEADLINE_TOO_SHORT", details: { version: "0002" } },
      });
      expect(await everything()).toEqual(before);
      expect(await advisoryLocksOf(database)).toEqual([]);
    });

    it("that came second is incomplete, and a failure when it comes first in the next one", async () => {
      const { send, tables } = await setup();
      const first = await send(slow, { command: "run" }, countdown(SHORT_MS));
      expect(first).toMatchObject({
        outcome: "incomplete",
        migrations: [
          { version: "0001", status: "applied" },
          { version: "0002", status: "not_reached" },
          { version: "0003", status: "not_reached" },
        ],
      });
      expect(await tables()).toEqual(["quick"]);
      const second = await send(slow, continued({ command: "run" }, first), countdown(SHORT_MS));
      expect(second).toMatchObject({ outcome: "failed", failure: { code: "DEADLINE_TOO_SHORT" } });
      expect(second.runId).toBe(first.runId);
    });

    it("is no failure of the migration when most of the time went by waiting for another run", async () => {
      const { database, journal, send } = await setup();
      const other = await openSession(database.url);
      await other.query("select pg_advisory_lock($1)", [lockKey("public", "hj_migration")]);
      let left = 60_000;
      const report = await send(
        BUILD,
        { command: "run" },
        {
          remainingMs: () => left,
          onProgress: ({ kind }) => {
            if (kind !== "lock_busy") return;
            left = 5_000;
            void other.query("select pg_advisory_unlock_all()");
          },
        },
      );
      expect(report).toMatchObject({
        outcome: "incomplete",
        counts: { applied: 0, pending: 4 },
        migrations: Array(4).fill({ status: "not_reached" }),
      });
      expect(await send(BUILD, continued({ command: "run" }, report))).toMatchObject({
        outcome: "applied",
        runId: report.runId,
      });
      expect((await journal()).map(({ batch }) => batch)).toEqual([1, 1, 1, 1]);
    });

    it("counts, statement by statement, as progress", async () => {
      const { batches, database, journal, send, tables } = await setup();
      await batches(olderBuild(GATED, 1));
      const keeper = await openTransaction(database.url, "lock table gate in share mode");
      const first = await send(GATED, { command: "run" }, countdown(SHORT_MS));
      expect(first).toMatchObject({
        outcome: "incomplete",
        counts: { applied: 1, started: 1 },
        migrations: [{ version: "0002", status: "started", transactional: false }],
      });
      expect((await journal()).at(-1)).toMatchObject({ state: "started", statements_done: 1, batch: 2 });
      await keeper.query("commit");
      const numbers: number[] = [];
      const second = await send(GATED, continued({ command: "run" }, first), {
        onProgress: (progress) => progress.kind === "statement_started" && numbers.push(progress.number),
      });
      expect(numbers).toEqual([2, 3]);
      expect(second).toMatchObject({
        outcome: "applied",
        migrations: [{ version: "0002", status: "applied", batch: 2 }],
      });
      expect(await tables()).toEqual(["gate", "step_one", "step_three"]);
      expect(await database.query("select id from gate")).toEqual([{ id: 1 }]);
    });

    it("is a failure when a resumed migration does not come one statement further", async () => {
      const { batches, database, journal, send } = await setup();
      await batches(olderBuild(GATED, 1));
      const keeper = await openTransaction(database.url, "lock table gate in share mode");
      const first = await send(GATED, { command: "run" }, countdown(SHORT_MS));
      const second = await send(GATED, continued({ command: "run" }, first), countdown(SHORT_MS));
      expect(second).toMatchObject({
        outcome: "failed",
        counts: { started: 1 },
        failure: { code: "LOCK_TIMEOUT", details: { version: "0002" } },
      });
      expect((await journal()).at(-1)).toMatchObject({ state: "started", statements_done: 1 });
      await keeper.query("commit");
      expect(await send(GATED, { command: "run" })).toMatchObject({ outcome: "applied" });
    });

    it("leaves the time-out of the migration what it is: a failure of its own", async () => {
      const { batches, send } = await setup();
      await batches(olderBuild(slow, 1));
      const report = await send(slow, { command: "run", timeout: "200ms" }, { remainingMs: () => 60_000 });
      expect(report).toMatchObject({ outcome: "failed", failure: { code: "TIMED_OUT", details: { timeoutMs: 200 } } });
    });
  });

  describe("of a rollback", () => {
    const three = [olderBuild(BUILD, 1), olderBuild(BUILD, 3), BUILD] as const;

    it("goes on with exactly the batches that were asked for", async () => {
      const { batches, journal, send, tables } = await setup();
      await batches(...three);
      const event = { command: "rollback", steps: 2 };
      const first = await send(BUILD, event, endingWith("0004"));
      expect(first).toMatchObject({
        outcome: "incomplete",
        schemaVersion: { before: "0004", after: "0003" },
        migrations: [
          { version: "0004", status: "rolled_back" },
          { version: "0003", status: "not_reached" },
          { version: "0002", status: "not_reached" },
        ],
      });
      const second = await send(BUILD, continued(event, first), endingWith("0003"));
      expect(second).toMatchObject({ outcome: "incomplete", runId: first.runId });
      const third = await send(BUILD, continued(event, second));
      expect(third).toMatchObject({
        outcome: "rolled_back",
        runId: first.runId,
        migrations: [{ version: "0002", status: "rolled_back" }],
      });
      expect(await tables()).toEqual(["one"]);
      expect(implausibleTurns(await journal())).toEqual([]);
    });

    it("takes nothing more back when it is sent again", async () => {
      const { batches, everything, send } = await setup();
      await batches(...three);
      const event = { command: "rollback", steps: 2 };
      const first = await send(BUILD, event, endingWith("0004"));
      await send(BUILD, continued(event, first));
      const before = await everything();
      expect(await send(BUILD, continued(event, first))).toMatchObject({ outcome: "nothing_to_roll_back" });
      expect(await everything()).toEqual(before);
    });

    it("does not reach below what another run has applied in the meantime", async () => {
      const { batches, everything, send } = await setup();
      await batches(...three);
      const event = { command: "rollback", steps: 2 };
      const first = await send(BUILD, event, endingWith("0004"));
      await batches(BUILD);
      const before = await everything();
      expect(await send(BUILD, continued(event, first))).toMatchObject({ outcome: "refused" });
      expect(await everything()).toEqual(before);
    });

    it("counts, statement by statement, as progress", async () => {
      const { batches, database, journal, send, tables } = await setup();
      await batches(GATED);
      const keeper = await openTransaction(database.url, "lock table gate in share mode");
      const event = { command: "rollback", allowDataLoss: ["gate"] };
      const first = await send(GATED, event, countdown(SHORT_MS));
      expect(first).toMatchObject({
        outcome: "incomplete",
        counts: { applied: 1, started: 1 },
        migrations: [
          { version: "0002", status: "started" },
          { version: "0001", status: "not_reached" },
        ],
      });
      expect((await journal()).at(-1)).toMatchObject({ state: "rolling_back", statements_done: 1 });
      await keeper.query("commit");
      const second = await send(GATED, continued(event, first));
      expect(second).toMatchObject({ outcome: "rolled_back", migrations: [{ version: "0002" }, { version: "0001" }] });
      expect(await tables()).toEqual([]);
      expect(implausibleTurns(await journal())).toEqual([]);
    });

    it("is a failure when the first of its downs does not fit a fresh invocation", async () => {
      const { batches, database, everything, send } = await setup();
      await batches(BUILD);
      await openTransaction(database.url, "lock table four in access share mode");
      const before = await everything();
      const report = await send(BUILD, { command: "rollback" }, countdown(SHORT_MS));
      expect(report).toMatchObject({
        outcome: "failed",
        failure: { code: "LOCK_TIMEOUT", details: { version: "0004" } },
      });
      expect(await everything()).toEqual(before);
    });
  });

  describe("with a continuation that is none", () => {
    it.each([
      { what: "empty", token: "" },
      { what: "no base64", token: "%%%" },
      { what: "no JSON", token: btoa("batch 1") },
      { what: "null", token: btoa("null") },
      { what: "incomplete", token: btoa('{"command":"run"}') },
      { what: "of an unknown command", token: token({ command: "unlock" }) },
      { what: "without an id", token: token({ runId: "1" }) },
      { what: "of batch 0", token: token({ batches: [0] }) },
      { what: "of half a batch", token: token({ batches: [1.5] }) },
      { what: "of a batch that is SQL", token: token({ batches: ["1) or (1=1"] }) },
      { what: "with a field too many", token: token({ steps: 9 }) },
      { what: "of a rollback", token: token({ command: "rollback" }) },
      { what: "no text", token: 1 },
    ])("refuses one that is $what", async ({ token: continuation }) => {
      const { batches, everything, send } = await setup();
      await batches(olderBuild(BUILD, 1));
      const before = await everything();
      expect(await send(BUILD, { command: "run", continuation })).toMatchObject({
        outcome: "refused",
        problems: [{ code: "INVALID_EVENT", field: "continuation" }],
      });
      expect(await everything()).toEqual(before);
    });

    it("refuses one of a run for a rollback, and any for a command that does not continue", async () => {
      const { batches, everything, send } = await setup();
      await batches(olderBuild(BUILD, 1));
      const before = await everything();
      for (const command of ["rollback", "status", "list"]) {
        expect(await send(BUILD, { command, continuation: token({}) }), command).toMatchObject({
          outcome: "refused",
          problems: expect.arrayContaining([expect.objectContaining({ code: "INVALID_EVENT", field: "continuation" })]),
        });
      }
      expect(await everything()).toEqual(before);
    });

    it("does not let a forged one into the batch of another run", async () => {
      const { batches, journal, send } = await setup();
      await batches(olderBuild(BUILD, 1));
      const [entry] = await journal();
      for (const forged of [
        { runId: randomUUID(), batches: [1] },
        { runId: entry?.run_id, batches: [7] },
      ]) {
        await send(BUILD, { command: "run", continuation: token(forged) });
        await send(BUILD, { command: "rollback" });
      }
      expect((await journal()).map(({ version, batch }) => `${version} ${batch}`).slice(0, 4)).toEqual([
        "0001 1",
        "0002 2",
        "0003 2",
        "0004 2",
      ]);
      expect(implausibleTurns(await journal())).toEqual([]);
    });

    it("does not let a forged one take a batch back from below a newer one", async () => {
      const { batches, everything, send } = await setup();
      const apart = manifestOf({
        "0001_one.up.sql": "create table one ();",
        "0001_one.down.sql": "drop table one;",
        "0002_two.up.sql": "create table two ();",
        "0002_two.down.sql": "drop table two;",
      });
      await batches(olderBuild(apart, 1), apart);
      const before = await everything();
      const forged = token({ command: "rollback", batches: [1] });
      expect(await send(apart, { command: "rollback", continuation: forged })).toMatchObject({ outcome: "refused" });
      expect(await everything()).toEqual(before);
    });

    it("takes nothing back for one that names batches that never were", async () => {
      const { batches, everything, send } = await setup();
      await batches(BUILD);
      const before = await everything();
      for (const forged of [{ batches: [99] }, { batches: [] }]) {
        const report = await send(BUILD, {
          command: "rollback",
          continuation: token({ command: "rollback", ...forged }),
        });
        expect(report.migrations).toEqual([]);
        expect(await everything()).toEqual(before);
      }
    });
  });
});

/** An invocation with a minute left, which is over in the moment in which `version` begins: that one is still done. */
function endingWith(version: string): RunOptions {
  let left = 60_000;
  return {
    remainingMs: () => left,
    onProgress: (progress) => {
      if (progress.kind === "migration_started" && progress.version === version) left = 0;
    },
  };
}

function continued(event: object, report: Report): object {
  return { ...event, continuation: continuationOf(report) };
}

function continuationOf(report: Report): string | null {
  return report.outcome === "incomplete" ? report.continuation : null;
}

/** A continuation as somebody would make it who has seen one. */
function token(differences: object): string {
  return btoa(JSON.stringify({ command: "run", runId: randomUUID(), batches: [1], ...differences }));
}
