// The page of every report: what is on it, what is not, and that nothing in a report gets out of its place.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { renderPage } from "../../../../src/cli/html/page.ts";
import type { Picture } from "../../../../src/cli/html/picture.ts";
import type { MigrationReport, Report } from "../../../../src/engine/report-schema.ts";
import { EVERY_REPORT } from "../../../support/every-report.ts";
import { baseOf, failedReport, migrationReport } from "../../../support/report.ts";

const REPORTS: readonly Report[] = Object.values(EVERY_REPORT);

function pageOf(report: Report, beside: Partial<Picture> = {}): string {
  return renderPage({ report, list: null, validation: null, ...beside });
}

/** What a person reads: no markup, no style, and white space as a browser has it. */
function textOf(page: string): string {
  return page
    .replace(/<style>.*<\/style>/s, "")
    .replace(/<wbr>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&gt;/g, ">")
    .replace(/&lt;/g, "<")
    .replace(/&amp;/g, "&")
    .replace(/\s+/g, " ");
}

function headingsOf(page: string): readonly string[] {
  return [...page.matchAll(/<h2[^>]*>([^<]*)<\/h2>/g)].map(([, heading = ""]) => heading);
}

describe.each(REPORTS)("the page of $outcome", (report) => {
  const page = pageOf(report);

  test("is one document with a language, a title, one headline and the landmarks", () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">\n/);
    expect(page).toMatch(/<title>[^<]+ – HelloJohn migrations<\/title>/);
    for (const element of ["h1", "header", "main", "footer"])
      expect(page.match(new RegExp(`<${element}[ >]`, "g"))).toHaveLength(1);
  });

  test("names no resource, and allows itself nothing but its own style", () => {
    expect(page).not.toMatch(
      /<(?:script|link|img|iframe|object|embed|form|base|a)\b|\b(?:src|href|style|on\w+)="|url\(|@import/,
    );
    const style = /<style>(?<text>.*)<\/style>/s.exec(page)?.groups?.["text"] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(page).toContain(
      `http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;;`,
    );
  });

  test("closes every element that it opens, in order, and names each id once", () => {
    const open: string[] = [];
    for (const [, slash, element = ""] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(?<!\/)>/g)) {
      if (["meta", "br", "wbr"].includes(element)) continue;
      if (slash === "") open.push(element);
      else expect(open.pop()).toBe(element);
    }
    expect(open).toEqual([]);
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, labels = ""] of page.matchAll(/ aria-labelledby="([^"]*)"/g)) {
      for (const label of labels.split(" ")) expect(ids).toContain(label);
    }
  });

  test("names the run and its invocation", () => {
    expect(textOf(page)).toContain(`run ${report.runId} , invocation ${report.invocationId}`);
  });

  test("takes whatever a report says for text", () => {
    const hostile = `<script>alert(1)</script>"'\u202E&<style>`;
    const said = withTexts(report, (text, key) => (FIXED.has(key) ? text : hostile));
    const { length: tags } = page.match(/<[a-z]/g) ?? [];
    const hostilePage = pageOf(said as Report);
    expect(hostilePage).toContain("&lt;script&gt;");
    expect(hostilePage).not.toContain("\u202E");
    // What breaks a name between its words, and nothing else, depends on what the name is.
    expect(hostilePage.replace(/<wbr>/g, "").match(/<[a-z]/g)?.length).toBeLessThanOrEqual(tags);
  });
});

/** What the page goes by, which a report of another release may change but not fill with text. */
const FIXED: ReadonlySet<string> = new Set([
  "outcome",
  "command",
  "status",
  "level",
  "because",
  "phase",
  "kind",
  "work",
  "mode",
]);

function withTexts(value: unknown, change: (text: string, key: string) => string, key = ""): unknown {
  if (typeof value === "string") return change(value, key);
  if (Array.isArray(value)) return value.map((entry) => withTexts(entry, change, key));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withTexts(entry, change, name)]));
}

describe("the headline", () => {
  test.each([
    ["up_to_date", "Database schema is up to date"],
    ["pending", "3 pending migrations"],
    ["listed", "6 migrations"],
    ["applied", "Migrations complete"],
    ["would_apply", "Would apply 2 migrations"],
    ["rolled_back", "Rollback complete"],
    ["would_roll_back", "Would roll back 2 migrations"],
    ["nothing_to_roll_back", "Nothing to roll back"],
    ["adopted", "Recorded 2 of 2 migrations as applied"],
    ["would_adopt", "The schema is what 2 of 2 migrations make"],
    ["resolved", "Recorded"],
    ["would_resolve", "Records 20240601_001 as applied, without running it"],
    ["unlocked", "Ended pid 42 (hellojohn-migrate 3f2a91c0/0), which held the run lock"],
    ["valid", "Schema validation passed"],
    ["drifted", "Schema validation failed"],
    ["incomplete", "Time ran out"],
    ["refused", "Refused: nothing was done"],
    ["failed", "Migration failed"],
  ] as const)("of %s is: %s", (outcome, headline) => {
    expect(pageOf(EVERY_REPORT[outcome])).toContain(`<h1>${headline}</h1>`);
  });

  test.each([
    ["pending", "Next: Run hj migrations run to apply what is pending."],
    ["would_adopt", "Next: Nothing was recorded. Run hj migrations adopt --yes to record them as applied."],
    ["drifted", "Next: Run hj migrations run to apply missing migrations."],
    ["incomplete", "Next: Run hj migrations run again to go on."],
    ["failed", "Next: Let that session end, and run again."],
  ] as const)("of %s says what to do next", (outcome, next) => {
    expect(textOf(pageOf(EVERY_REPORT[outcome])).replace(/ (?=[.,:])/g, "")).toContain(next);
  });

  test("says of an outcome of a newer function that it is not known", () => {
    const polished = { ...baseOf(), ok: true, outcome: "polished" } as unknown as Report;
    expect(textOf(pageOf(polished))).toContain('The function answers "polished", which this hj does not know.');
  });

  test("of a schema that is up to date has a word below it where no run will mend the schema", () => {
    const { up_to_date: report, drifted, valid } = EVERY_REPORT;
    const headOf = (validation: Report) => textOf(pageOf(report, { validation })).split("Database postgresql")[0];
    expect(headOf(drifted)).toContain("Database schema is up to date Schema validation failed");
    expect(headOf({ ...drifted, drift: drifted.drift.slice(0, 1) })).not.toContain("validation");
    expect(headOf(valid)).not.toContain("validation");
  });

  test("does not call a schema invalid that could not be looked at", () => {
    const failure = { code: "CANCELLED", message: "stopped", hint: "Again.", details: { version: null } } as const;
    expect(pageOf(failedReport(failure, { command: "validate" }))).toContain("<h1>hj migrations validate failed</h1>");
  });
});

describe("a section", () => {
  test("is there only for what a report says", () => {
    expect(headingsOf(pageOf(EVERY_REPORT.up_to_date))).toEqual(["Reports"]);
    expect(headingsOf(pageOf(EVERY_REPORT.pending))).toEqual(["Pending", "Not in this build", "Warnings", "Reports"]);
    expect(headingsOf(pageOf(EVERY_REPORT.valid))).toEqual(["Schema", "Reports"]);
    expect(headingsOf(pageOf(EVERY_REPORT.refused))).toEqual(["Problems", "Warnings", "Reports"]);
    expect(headingsOf(pageOf(EVERY_REPORT.failed))).toEqual(["What happened", "Migrations", "Reports"]);
  });

  test("of a status shows what is applied and how the schema stands, and each warning once", () => {
    const { pending: report, listed: list, drifted: validation } = EVERY_REPORT;
    const page = pageOf(report, { list, validation });
    expect(headingsOf(page)).toEqual(["Pending", "Not in this build", "Schema", "Warnings", "Timeline", "Reports"]);
    expect(page.match(/is ahead/g)).toHaveLength(1);
    expect(textOf(page)).toContain("Deploy the newer build.");
    expect(page.match(/<footer>.*$/s)?.[0].match(/<dt>/g)).toHaveLength(3);
  });

  test("says why it has nothing to show where it was asked for and not answered", () => {
    const { refused, failed, up_to_date: report } = EVERY_REPORT;
    const crashed = { message: "hook crashed: 137", hint: "Look at its log.", exitCode: 1 } as const;
    const page = textOf(pageOf(report, { list: crashed, validation: refused }));
    expect(page).toContain("Schema This could not be looked at: HELLOJOHN_DATABASE_URL is not set Set it.");
    expect(page).toContain("Timeline This could not be looked at: hook crashed: 137 Look at its log.");
    expect(textOf(pageOf(report, { validation: failed }))).toContain(
      "Schema This could not be looked at: a lock was not",
    );
  });

  test("about the database is left out where there was no connection, and about versions where none was read", () => {
    expect(textOf(pageOf(EVERY_REPORT.refused))).not.toMatch(/Database|Schema version/);
    const counts = { applied: 0, pending: 0, started: 0, unknown: 0 };
    const failure = { code: "CANCELLED", message: "stopped", hint: "Again.", details: { version: null } } as const;
    const page = textOf(pageOf(failedReport(failure, { counts })));
    expect(page).toContain("Database postgresql://user:***@host:5432/hellojohn");
    expect(page).not.toContain("Schema version");
  });
});

describe("the facts", () => {
  test("name no version where nothing is applied, and both where it has changed", () => {
    const schemaVersion = { before: null, after: null };
    expect(textOf(pageOf({ ...EVERY_REPORT.up_to_date, schemaVersion }))).toContain("Schema version none");
    expect(textOf(pageOf(EVERY_REPORT.applied))).toContain("Schema version 20240601_002 , was 20240115_001");
  });

  test("count what is not simply applied only where there is some", () => {
    expect(textOf(pageOf(EVERY_REPORT.applied))).toContain("Migrations 3 applied, 0 pending As of");
    expect(textOf(pageOf(EVERY_REPORT.pending))).toContain(
      "Migrations 2 applied, 3 pending, 1 not in this build As of",
    );
  });
});

describe("a failure", () => {
  const page = pageOf(EVERY_REPORT.failed);

  test("is told with its place, and a caret below the character", () => {
    expect(textOf(page)).toContain("20240601_002_session_device.up.sql:4:13 · LOCK_TIMEOUT");
    expect(page).toContain(">4 | alter table hj_session add column device text;\n                ^</pre>");
  });

  test("names everybody who is in the way, with no more than was seen", () => {
    const text = textOf(page);
    expect(text).toContain(
      "Session pid 4711, web State idle in transaction since 2024-06-01 08:12:05 UTC Lock AccessShareLock on hj_session",
    );
    expect(text).toContain(
      "Session pid 4999, unnamed Last query vacuum full hj_session Waits itself, for another session Autovacuum",
    );
  });

  test("names the session that holds the run lock", () => {
    const { holder } = EVERY_REPORT.unlocked;
    const busy = { ...holder, build: { phase: "building index", percent: 43 } };
    const failure = {
      code: "LOCK_NOT_ACQUIRED",
      message: "another run is at work",
      hint: "Wait for it.",
      details: { waitedMs: 60_000, holder: busy },
    } as const;
    expect(textOf(pageOf(failedReport(failure)))).toMatch(
      /Who holds the run lock Session pid 42, hellojohn-migrate 3f2a91c0\/0 State active since .* At building index, 43 %/,
    );
  });

  test("whose details are of another shape is told without them", () => {
    const { failed } = EVERY_REPORT;
    for (const details of [
      { blockers: "many", holder: 4 },
      { blockers: [{ pid: "x" }] },
      { statement: {}, line: "4" },
    ]) {
      const text = textOf(pageOf({ ...failed, failure: { ...failed.failure, details } }));
      expect(text).toContain("a lock was not free within 5m and 34 attempts");
      expect(text).not.toContain("Who keeps");
    }
  });
});

describe("a migration", () => {
  test("tells what became of it in the words of the terminal", () => {
    const text = textOf(pageOf(EVERY_REPORT.failed));
    expect(text).toContain("20240601_001_add_passkeys applied · 234ms");
    expect(text).toContain("20240601_002_session_device failed · 5m, rolled back");
    expect(text).toContain("20240701_001_drop_legacy not reached");
    expect(textOf(pageOf(EVERY_REPORT.incomplete))).toContain("in doubt · 0ms, not known whether it took effect");
  });

  test("that waits tells its hazards, and why one of them is allowed", () => {
    const text = textOf(pageOf(EVERY_REPORT.pending));
    expect(text).toContain(
      "20240601_002_session_device not in a transaction error index-not-concurrent CREATE INDEX locks",
    );
    expect(text).toContain("20240601_002_session_device.up.sql:3:1 · hj migrations explain index-not-concurrent");
    expect(text).toContain("Allowed: the table is empty");
    expect(text).toContain("20240701_001_drop_legacy contract · no way back");
  });

  test("of a dry run tells its locks with the tables as they are, and its statements", () => {
    const text = textOf(pageOf(EVERY_REPORT.would_apply));
    expect(text).toContain("DRY RUN — No changes will be made");
    expect(text).toContain("locks hj_session against writing (SHARE), indexes 1.2 million rows, 340 MB; a transaction");
    expect(text).toContain("1 statement 3 | create index idx_session_device on hj_session (device) hj_session: SHARE");
  });
});

describe("the schema", () => {
  test("that is as it should be says what was looked at", () => {
    expect(textOf(pageOf(EVERY_REPORT.valid))).toContain(
      "Schema validation passed All 34 tables present. All indexes present. All constraints valid.",
    );
  });

  test("that is not tells each difference with its reason and both texts, and apart what is no error", () => {
    const text = textOf(pageOf(EVERY_REPORT.drifted));
    expect(text).toContain("Missing table: hj_passkey from 20240601_001, which is pending");
    expect(text).toContain(
      "Different column: hj_user.email from 20240115_001 expected character varying(320) not null found text",
    );
    expect(text).toContain("1 other difference, no error Unexpected table: import_2023");
  });
});

describe("the timeline", () => {
  test("has the batches, the newest first, with when and how long", () => {
    const text = textOf(pageOf(EVERY_REPORT.listed));
    expect(text).toMatch(/Batch 3 1 migration, 12ms .* Batch 2 1 migration, 8\.4s .* Batch 1 1 migration, 61ms /);
    expect(text).toContain("20240301_001_mfa_totp 2024-03-01 09:00:00 8.4s");
    expect(text).toContain("20250101_001_of_a_newer_build not in this build 2025-01-01 08:00:00 12ms");
  });

  test("says of what was adopted no time that nobody took", () => {
    const adopted = migrationReport("20240115_001_a", "applied", { batch: 1, appliedAt: "2024-01-15T09:00:00.000Z" });
    const list = { ...EVERY_REPORT.listed, migrations: [adopted] };
    expect(textOf(pageOf(list))).toContain("Batch 1 1 migration 20240115_001_a 2024-01-15 09:00:00 — ");
  });

  test("says how many a report has left out", () => {
    expect(textOf(pageOf({ ...EVERY_REPORT.listed, omitted: 1_200 }))).toContain(
      "and 1,200 more, left out: a report takes no more",
    );
  });
});

describe("a page", () => {
  const many = (count: number, differences: (index: number) => Partial<MigrationReport>) =>
    Array.from({ length: count }, (_, index) =>
      migrationReport(`20240101_${String(index).padStart(5, "0")}_migration`, "applied", differences(index)),
    );

  test("of ten thousand migrations stays one that a browser shows, with the newest and how many there are more", () => {
    const migrations = many(10_000, (index) => ({
      batch: index + 1,
      appliedAt: "2024-01-15T09:00:00.000Z",
      durationMs: index,
    }));
    const page = pageOf({ ...EVERY_REPORT.listed, migrations });
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
    const text = textOf(page);
    expect(text).toContain("20240101_09999_migration");
    expect(text).toContain("and 9,500 more, left out: a page takes no more");
    expect(text).toContain("The 12 slowest of 9,999");
  });

  test("of texts that are too long, in every place, keeps below a megabyte, and says what it leaves out", () => {
    const long = "é".repeat(10_000);
    const hazard = { ...EVERY_REPORT.pending.migrations[1]?.hazards?.[0], message: long, file: long } as never;
    const migrations = many(60, () => ({ status: "pending", hazards: Array.from({ length: 8 }, () => hazard) }));
    const warnings = Array.from({ length: 60 }, () => ({ code: long, message: long, hint: long }));
    const page = pageOf({ ...EVERY_REPORT.pending, migrations, warnings });
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
    expect(textOf(page)).toMatch(/and \d+ more, left out: a page takes no more/);
  });
});
