// What must be true after any fault: of what the faulted run reported, and of the database when a new run has followed.
import type { TestContext } from "vitest";
import type { Report } from "../../src/engine/report-schema.ts";
import type { TestDatabase } from "./database.ts";
import { runEvent } from "./engine.ts";
import { MANIFEST, TABLES, VERSIONS } from "./fault-stage.ts";
import { implausibleTurns, versionsAtTheEnd } from "./journal-story.ts";
import { advisoryLocksOf, journalOf, tablesOf } from "./workplace.ts";

/** What an operator does: what was begun is continued; a rollback that did not come to its end is repeated first. */
export async function recover(
  expect: TestContext["expect"],
  database: TestDatabase,
  command: "run" | "rollback",
  faulted: Report | null,
): Promise<void> {
  const continuation = faulted?.outcome === "incomplete" ? { continuation: faulted.continuation } : {};
  const options = { lockWait: "120s" };
  const again = (event: object) => runEvent(database.url, MANIFEST, event, options);
  if (command === "rollback" && (await appliedIn(database)).length > 1) {
    expect(await again({ command, ...continuation })).toMatchObject({ ok: true, outcome: "rolled_back" });
    expect(await tablesOf(database)).toEqual(["a"]);
  }
  const report = await again({ command: "run", ...(command === "run" && continuation) });
  expect(report, JSON.stringify(report)).toMatchObject({ ok: true, schemaVersion: { after: "0005" } });
}

async function appliedIn(database: TestDatabase): Promise<readonly string[]> {
  return versionsAtTheEnd(await journalOf(database));
}

/** Neither more nor less than the database holds at this moment. */
export async function expectTruth(
  expect: TestContext["expect"],
  report: Report,
  database: TestDatabase,
): Promise<void> {
  const journal = await journalOf(database);
  const applied = versionsAtTheEnd(journal);
  const unfinished = journal.filter(({ finished_at }) => finished_at === null).map(({ version }) => version);
  const isRun = report.command === "run";
  const claims = report.migrations.map(({ version, status }) => `${version} ${status}`);
  const facts = report.migrations.map(({ version, status }) => {
    const isApplied = applied.includes(version);
    const isUnfinished = unfinished.includes(version);
    const untouched = isApplied === isRun || isUnfinished ? "touched" : status;
    const truth: Readonly<Record<string, string>> = {
      applied: isApplied ? status : "not applied",
      rolled_back: isApplied || isUnfinished ? "not rolled back" : status,
      started: isUnfinished ? status : "not started",
      failed: isApplied === isRun && !isUnfinished ? "not failed" : status,
      in_doubt: status,
    };
    return `${version} ${truth[status] ?? untouched}`;
  });
  expect(claims, JSON.stringify(report)).toEqual(facts);
  const isKnown = claims.length > 0 && !claims.some((claim) => claim.endsWith("in_doubt"));
  if (isKnown) expect(report.schemaVersion.after, JSON.stringify(report)).toBe(applied.at(-1) ?? null);
  if (!report.ok) return;
  expect(applied).toEqual(isRun ? VERSIONS : ["0001"]);
  // Whoever reached the end knows what became of each, also of those that were in doubt on the way.
  const all = VERSIONS.slice(1).map((version) => `${version} ${isRun ? "applied" : "rolled_back"}`);
  expect([...claims].sort(), JSON.stringify(report)).toEqual(all);
}

/** Each migration applied by one entry that is current, the schema that they make, and nothing left over. */
export async function expectEverythingOnce(expect: TestContext["expect"], database: TestDatabase): Promise<void> {
  const journal = await journalOf(database);
  expect(implausibleTurns(journal)).toEqual([]);
  expect(versionsAtTheEnd(journal)).toEqual(VERSIONS);
  expect(await tablesOf(database)).toEqual(Object.values(TABLES));
  const indexes =
    "select relname, indisvalid and indisready and indislive as is_valid from pg_index join pg_class on oid = indexrelid where indrelid = 'a'::regclass";
  expect(await database.query(indexes)).toEqual([{ relname: "a_id", is_valid: true }]);
  expect(await advisoryLocksOf(database)).toEqual([]);
}
