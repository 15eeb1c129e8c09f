// Expand and contract where a run stands between two things: between the two orders that the build has proven, and
// between two invocations.
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/engine/report-schema.ts";
import { postgresVersions } from "../support/database.ts";
import { olderBuild, type RunOptions, runEvent, statuses } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { rehearsedManifest } from "../support/rehearsed-manifest.ts";
import { freshDatabase, journalOf } from "../support/workplace.ts";

const RUN = { command: "run" };
const CONTRACT = { command: "run", phase: "contract" };
const ALL = { command: "run", phase: "all" };

describe.each(postgresVersions)("half way, on PostgreSQL $version", ({ url }) => {
  it("a contract run before the expand run finds what its own migrations make, while another one waits", async () => {
    // 0004 changes what 0003 changes too, and is not there yet.
    const build = await rehearsedManifest(
      manifestOf({
        "0001_a.up.sql": "create table a (id int primary key, mail text);",
        "0002_name.up.sql": "alter table a add column name text;",
        "0003_mail.up.sql": "-- hj:phase contract after 0002\nalter table a alter column mail set not null;",
        "0004_default.up.sql": "alter table a alter column mail set default 'none';",
        "0005_no_name.up.sql": "-- hj:phase contract after 0004\nalter table a drop column name;",
      }),
      url,
    );
    const database = await freshDatabase(url);
    const send = (event: object) => runEvent(database.url, build, event);
    await runEvent(database.url, olderBuild(build, 1), RUN);
    await runEvent(database.url, olderBuild(build, 2), RUN);
    const contract = await send(CONTRACT);
    expect(contract).toMatchObject({ outcome: "applied" });
    expect(statuses(contract)).toEqual({ "0003": "applied", "0004": "pending", "0005": "pending" });
    expect(await send({ command: "validate" })).toMatchObject({ outcome: "valid", drift: [] });
    expect(await send(RUN)).toMatchObject({ outcome: "applied" });
    expect(await send({ command: "validate" })).toMatchObject({ outcome: "valid", drift: [] });
    expect(await send(CONTRACT)).toMatchObject({ outcome: "applied" });
    expect(await send({ command: "validate" })).toMatchObject({ outcome: "valid", drift: [] });
  });

  it("a run does not take for older what an earlier run began and it has finished itself, also after a deadline", async () => {
    const build = manifestOf({
      "0001_a.up.sql": "create table a (id int, name text); create table b (id int);",
      "0002_b.up.sql": "-- hj:transaction off\nalter table a add column full_name text;\nselect 1 / count(*) from b;",
      "0003_no_name.up.sql": "-- hj:phase contract after 0002\nalter table a drop column name;",
      "0004_d.up.sql": "create table d (id int);",
      "0005_e.up.sql": "create table e (id int);",
      "0006_f.up.sql": "create table f (id int);",
    });
    const database = await freshDatabase(url);
    const send = (event: object, options?: RunOptions) => runEvent(database.url, build, event, options);
    await runEvent(database.url, olderBuild(build, 1), RUN);
    expect(await send(ALL)).toMatchObject({ outcome: "failed", counts: { started: 1 } });
    await database.query("insert into b values (1)");
    const first = await send(ALL, endingWith("0004"));
    expect(statuses(first)).toMatchObject({ "0002": "applied", "0004": "applied", "0003": "pending" });
    const second = await send({ ...ALL, continuation: continuationOf(first) }, endingWith("0005"));
    expect(statuses(second)).toMatchObject({ "0005": "applied", "0003": "pending" });
    const third = await send({ ...ALL, continuation: continuationOf(second) });
    expect(statuses(third)).toEqual({ "0006": "applied", "0003": "pending" });
    expect((await journalOf(database)).map(({ version, batch }) => [version, batch])).toEqual([
      ["0001", 1],
      ["0002", 2],
      ["0004", 3],
      ["0005", 3],
      ["0006", 3],
    ]);
    expect(statuses(await send(CONTRACT))).toEqual({ "0003": "applied" });
  });

  it("a run that finishes a contract migration goes on with the others after a deadline", async () => {
    const build = manifestOf({
      "0001_a.up.sql": "create table a (id int, name text, mail text); create table b (id int);",
      "0002_b.up.sql": "create table c (id int);",
      "0003_no_name.up.sql":
        "-- hj:phase contract after 0001\n-- hj:transaction off\nalter table a drop column name;\nselect 1 / count(*) from b;",
      "0004_no_mail.up.sql": "-- hj:phase contract after 0002\nalter table a drop column mail;",
    });
    const database = await freshDatabase(url);
    const send = (event: object, options?: RunOptions) => runEvent(database.url, build, event, options);
    await runEvent(database.url, olderBuild(build, 1), RUN);
    expect(await send(ALL)).toMatchObject({ outcome: "failed", counts: { started: 1 } });
    await database.query("insert into b values (1)");
    // 0002 is of the batch that 0003 was begun in, and of an earlier run all the same.
    const first = await send(ALL, endingWith("0003"));
    expect(statuses(first)).toMatchObject({ "0003": "applied", "0004": "not_reached" });
    expect(statuses(await send({ ...ALL, continuation: continuationOf(first) }))).toEqual({ "0004": "applied" });
  });
});

/** An invocation whose time is over behind this migration. */
function endingWith(version: string): RunOptions {
  let left = 60_000;
  return {
    remainingMs: () => left,
    onProgress: (progress) => {
      if (progress.kind === "migration_started" && progress.version === version) left = 0;
    },
  };
}

function continuationOf(report: Report): string {
  if (report.outcome !== "incomplete") throw new Error(`not incomplete: ${JSON.stringify(report)}`);
  return report.continuation;
}
