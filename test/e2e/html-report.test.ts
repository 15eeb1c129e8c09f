// `--html` and `hj report`: the page of a report as it is written, and as a real browser shows it.
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { renderPage } from "../../src/cli/html/page.ts";
import { ROOT } from "../support/built-product.ts";
import { chromium, show, startChromium, type View } from "../support/chromium.ts";
import { finished, hj, startHj } from "../support/command-line.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import { EVERY_REPORT } from "../support/every-report.ts";
import { migrationReport } from "../support/report.ts";
import { openTransaction } from "../support/workplace.ts";

const { url: serverUrl } = postgresVersions.at(-1) as { url: string };
let database: TestDatabase;
let env: Record<string, string>;
let directory: string;

beforeAll(async () => {
  database = await createTestDatabase(serverUrl);
  env = { HELLOJOHN_DATABASE_URL: database.url };
});
afterAll(() => database?.drop());

beforeEach(async () => {
  await database.query("drop schema public cascade; create schema public");
  directory = await mkdtemp(join(tmpdir(), "hj-page-"));
  return () => rm(directory, { recursive: true });
});

/** Markup taken out, and what a template escaped put back, as far as these tests look. */
function textOf(page: string): string {
  return page
    .replace(/<style>.*<\/style>/s, "")
    .replace(/<wbr>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
}

async function saved(name: string): Promise<string> {
  return readFile(join(directory, name), "utf8");
}

describe("--html", () => {
  test("writes what a status says, what is applied and how the schema stands, and prints what is printed without it", async () => {
    expect((await hj(["migrations", "run"], { env })).exitCode).toBe(0);
    await database.query("drop table hj_webhook_delivery cascade; create table import_2023 ()");
    const plain = await hj(["migrations", "status"], { env });
    const told = await hj(["migrations", "status", "--html", join(directory, "status.html")], { env });
    expect(told).toEqual(plain);
    const text = textOf(await saved("status.html"));
    expect(text).toContain("Database schema is up to date");
    expect(text).toMatch(/Database postgresql:\/\/postgres:\*\*\*@127\.0\.0\.1:\d+\/test_/);
    expect(text).toContain("Missing table: hj_webhook_delivery");
    expect(text).toContain("Unexpected table: import_2023");
    expect(text).toMatch(/Batch 1 7 migrations, .* 20240115_001_initial_schema 2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d \d+ms/);
    expect(text).toContain("How long each took");
    expect(await readdir(directory)).toEqual(["status.html"]);
  });

  test("writes what stopped a run, and who was in its way", async () => {
    const migrations = join(directory, "migrations");
    await mkdir(migrations);
    await writeFile(join(migrations, "0001_table.up.sql"), "create table busy (id int);\n");
    const run = ["migrations", "run", "--dir", migrations];
    expect((await hj(run, { env })).exitCode).toBe(0);
    expect(
      (await hj(["migrations", "status", "--dir", migrations, "--html", join(directory, "dir.html")], { env }))
        .exitCode,
    ).toBe(0);
    expect(textOf(await saved("dir.html"))).toContain("Run hj migrations validate with the same --dir.");
    await openTransaction(database.url, "select from busy");
    await writeFile(join(migrations, "0002_column.up.sql"), "-- a comment\nalter table busy add column note text;\n");
    const file = join(directory, "run.html");
    const { exitCode, stdout } = await hj([...run, "--timeout", "2s", "--html", file], { env });
    expect(exitCode).toBe(1);
    expect(stdout).toContain("Migration failed.");
    const text = textOf(await saved("run.html"));
    expect(text).toContain("Migration failed Next: Let that session end, or end it");
    expect(text).toMatch(/Who keeps the lock Session pid \d+, bystander State idle in transaction since /);
    expect(text).toMatch(/Lock AccessShareLock on busy /);
    expect(text).toMatch(/0002_column failed · \d/);
  });

  test("writes the page of every other command, with what it printed last", async () => {
    const file = join(directory, "page.html");
    const pages: string[] = [];
    for (const args of [
      ["validate"],
      ["run", "--dry-run"],
      ["run"],
      ["list"],
      ["resolve", "20240601_002", "--as", "rolled_back"],
      ["adopt"],
      ["rollback"],
      ["unlock", "1"],
    ]) {
      await hj(["migrations", ...args, "--html", file], { env });
      pages.push(/<h1>(?<headline>[^<]*)/.exec(await readFile(file, "utf8"))?.groups?.["headline"] ?? "none");
    }
    expect(pages).toEqual([
      "Schema validation failed",
      "Would apply 7 migrations",
      "Migrations complete",
      "7 migrations",
      "Recorded",
      "Refused: nothing was done",
      "Refused: nothing was done",
      "Refused: nothing was done",
    ]);
  });

  test("replaces a file in one step, and what a link leads to, with nothing left beside it", async () => {
    await writeFile(join(directory, "real.html"), "old");
    await symlink("real.html", join(directory, "link.html"));
    expect((await hj(["migrations", "list", "--html", join(directory, "link.html")], { env })).exitCode).toBe(0);
    expect(await saved("real.html")).toContain("<h1>7 migrations</h1>");
    expect((await lstat(join(directory, "link.html"))).isSymbolicLink()).toBe(true);
    expect((await readdir(directory)).toSorted()).toEqual(["link.html", "real.html"]);
  });

  test("leaves what is there where there is no report to show, and says so", async () => {
    await writeFile(join(directory, "page.html"), "old");
    const nowhere = ["--function", "hook", "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9"];
    const credentials = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "none" };
    const told = await hj(["migrations", "status", ...nowhere, "--html", "page.html"], {
      env: credentials,
      cwd: directory,
    });
    expect(told).toMatchObject({ exitCode: 1, stdout: "" });
    expect(told.stderr).toMatch(/\nNo page was written to page\.html\.\n$/);
    expect(await saved("page.html")).toBe("old");
  });

  test("that cannot be written any more is an error, which takes nothing back of what was done", async () => {
    const gone = join(directory, "gone");
    await mkdir(gone);
    // An uncommitted table of the same name makes the first migration wait.
    const blocker = await openTransaction(database.url, "create table hj_user ()");
    const child = startHj(["migrations", "run", "--html", join(gone, "run.html")], { env });
    const waiting =
      "select pid from pg_stat_activity where application_name like 'hellojohn-migrate%' and wait_event_type = 'Lock' and datname = current_database()";
    await expect.poll(() => database.query(waiting)).toHaveLength(1);
    await rm(gone, { recursive: true });
    await blocker.query("rollback");
    const { stdout, stderr, exitCode } = await finished(child);
    expect(stdout).toContain("Migrations complete.");
    expect(stderr).toContain(
      "run.html: ENOENT: no such file or directory\n  What is printed above is done all the same.",
    );
    expect(exitCode).toBe(1);
  });

  test.each([
    ["", "--html is empty"],
    ["-", "--html writes a file, and standard output has the report"],
    [".", "--html . is a directory"],
    ["none/", "--html none/ is a directory"],
    ["none/page.html", "--html none/page.html cannot be written: ENOENT: no such file or directory"],
    ["file/page.html", "--html file/page.html cannot be written: ENOTDIR: not a directory"],
    [`${"x".repeat(300)}.html`, "cannot be written: ENAMETOOLONG: name too long"],
    ["/dev/null", "--html /dev/null is no regular file"],
  ])("refuses %.20j before anything runs", async (file, says) => {
    await writeFile(join(directory, "file"), "");
    for (const command of [["run"], ["resolve", "20240601_002", "--as", "applied"]]) {
      const told = await hj(["migrations", ...command, "--html", file], { env, cwd: directory });
      expect(told).toMatchObject({ exitCode: 2, stdout: "" });
      expect(told.stderr).toContain(says);
      expect(told.stderr).toContain("Nothing was done.");
    }
    expect(await database.query("select from pg_class where relnamespace = 'public'::regnamespace")).toEqual([]);
    expect(await readdir(directory)).toEqual(["file"]);
  });
});

describe("hj report", () => {
  test("prints a report that was saved as the command that made it did, with its exit code, and writes its page", async () => {
    const asJson = await hj(["migrations", "status", "--json"], { env });
    const asText = await hj(["migrations", "status"], { env });
    const file = join(directory, "page.html");
    const told = await hj(["report", "-", "--html", file], { stdin: asJson.stdout });
    expect(told).toEqual(asText);
    expect(await saved("page.html")).toContain("<h1>7 pending migrations</h1>");
    await writeFile(join(directory, "failed.json"), JSON.stringify(EVERY_REPORT.failed));
    const failed = await hj(["report", "failed.json", "--html", "failed.html"], { cwd: directory });
    expect(failed.exitCode).toBe(1);
    expect(failed.stdout).toContain("Migration failed.");
    expect(await saved("failed.html")).toContain("<h1>Migration failed</h1>");
  });

  test.each([
    ["{", "standard input is not JSON"],
    ["{}", "standard input holds no report"],
    ['{"hookStatus":"SUCCEEDED"}', "standard input holds no report"],
    ['{"reportVersion":2}', "holds a report of version 2, and this hj reads version 1"],
    [
      '{"errorType":"RunNotOk","errorMessage":"refused","trace":[]}',
      "holds an error instead of a report: RunNotOk: refused",
    ],
    [JSON.stringify({ ...EVERY_REPORT.drifted, drift: "much" }), "standard input holds no report"],
  ])("takes nothing else for one: %.80s", async (stdin, says) => {
    const told = await hj(["report", "-", "--html", join(directory, "page.html")], { stdin });
    expect(told).toMatchObject({ exitCode: 2, stdout: "" });
    expect(told.stderr).toContain(says);
    expect(await readdir(directory)).toEqual([]);
  });
});

/** To look at: not kept by git, and written anew by each run. */
const SCREENSHOTS = join(ROOT, "node_modules", ".cache", "hellojohn-screenshots");

const VIEWS: readonly (View & { readonly name: string })[] = [
  { name: "phone-light", width: 320, colorScheme: "light" },
  { name: "phone-dark", width: 320, colorScheme: "dark" },
  { name: "desk", width: 1100, colorScheme: "light" },
];

const hostile = `<script>document.title = "owned"</script><img src="x" onerror="alert(1)">"'\u202E${"x".repeat(300)}`;
const { pending, listed, drifted, failed, would_apply } = EVERY_REPORT;

const PAGES = {
  status: renderPage({ report: pending, list: listed, validation: drifted }),
  failed: renderPage({ report: failed, list: null, validation: null }),
  dry: renderPage({ report: would_apply, list: null, validation: null }),
  hostile: renderPage({
    report: {
      ...pending,
      database: { url: hostile, schema: hostile, serverVersion: hostile },
      schemaVersion: { before: null, after: null },
      migrations: [{ ...pending.migrations[1], version: "1", name: hostile, status: "pending" }],
      warnings: [{ code: "X", message: hostile, hint: hostile }],
    },
    list: {
      ...listed,
      migrations: Array.from({ length: 30 }, (_, index) => ({
        ...migrationReport("20240115_001_a", "applied", { batch: 1 + (index % 7), durationMs: index }),
        name: hostile,
      })),
    },
    validation: {
      ...drifted,
      drift: [{ ...drifted.drift[1], object: { kind: "table", of: "", name: hostile } }] as never,
    },
  }),
};

describe.runIf(chromium !== null)("in Chromium (skipped where it is not installed)", () => {
  let browser: Browser;
  let pages: string;

  beforeAll(async () => {
    browser = await startChromium();
    pages = await mkdtemp(join(tmpdir(), "hj-pages-"));
    await mkdir(SCREENSHOTS, { recursive: true });
    for (const [name, page] of Object.entries(PAGES)) await writeFile(join(pages, `${name}.html`), page);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(pages, { recursive: true, force: true });
  });

  const open = (name: keyof typeof PAGES, view: View) =>
    show(browser, pathToFileURL(join(pages, `${name}.html`)), view);

  describe.each(Object.keys(PAGES) as (keyof typeof PAGES)[])("the page %s", (name) => {
    test.each(VIEWS)("fits $name, can be read by everybody, and asks nobody for anything", async (view) => {
      const { page, misdeeds } = await open(name, view);
      await page.screenshot({ path: join(SCREENSHOTS, `${name}-${view.name}.png`), fullPage: true });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(view.width);
      expect(await violationsOn(page)).toEqual([]);
      expect(misdeeds).toEqual([]);
      await page.close();
    });
  });

  test("the style is taken, in the colours that the reader has chosen, and paper is white", async () => {
    const background = "getComputedStyle(document.body).backgroundColor";
    const { page, misdeeds } = await open("status", { width: 1100, colorScheme: "dark" });
    expect(await page.evaluate("document.body.clientWidth")).toBe(736);
    expect(await page.evaluate(background)).toBe("rgb(21, 23, 26)");
    await page.emulateMedia({ colorScheme: "light" });
    expect(await page.evaluate(background)).toBe("rgb(255, 255, 255)");
    await page.emulateMedia({ colorScheme: "dark", media: "print" });
    expect(await page.evaluate(background)).toBe("rgb(255, 255, 255)");
    expect(misdeeds).toEqual([]);
    await page.close();
  });

  test("what a person looks for is there to be seen", async () => {
    const { page } = await open("status", { width: 320, colorScheme: "light" });
    for (const text of [
      "3 pending migrations",
      "20240601_002_session_device",
      "index-not-concurrent",
      "Schema validation failed",
      "Missing table: hj_passkey",
      "Batch 2",
      "20250101_001 is ahead",
    ])
      expect(await page.getByText(text).first().isVisible(), text).toBe(true);
    await page.close();
  });

  test("one who hears the page is told its outline, and the chart in words", async () => {
    const { page } = await open("status", { width: 1100, colorScheme: "light" });
    expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual([
      "Pending",
      "Not in this build",
      "Schema",
      "Warnings",
      "Timeline",
      "Reports",
    ]);
    for (const landmark of ["banner", "main", "contentinfo"] as const)
      expect(await page.getByRole(landmark).count()).toBe(1);
    expect(await page.getByRole("region", { name: "Timeline" }).count()).toBe(1);
    expect(await page.getByRole("table", { name: "Timeline" }).getByRole("columnheader").allTextContents()).toEqual([
      "Migration",
      "Applied at (UTC)",
      "Took",
    ]);
    expect(await page.getByRole("img", { name: "How long each took" }).count()).toBe(1);
    await page.close();
  });

  test("a name that is a script stays a name", async () => {
    const { page, misdeeds } = await open("hostile", { width: 320, colorScheme: "light" });
    expect(await page.title()).toBe("3 pending migrations – HelloJohn migrations");
    expect(await page.locator("script, img").count()).toBe(0);
    expect(await page.getByRole("heading", { level: 3 }).first().textContent()).toContain("[U+202E]");
    expect(misdeeds).toEqual([]);
    await page.close();
  });

  test("a page that does ask for something is seen to: the looks above see", async () => {
    const file = join(pages, "leaky.html");
    await writeFile(
      file,
      `<title>x</title><img src="http://127.0.0.1:9/x.png"><p style="width:2000px;color:#ccc">pale</p>`,
    );
    const { page, misdeeds } = await show(browser, pathToFileURL(file), { width: 320, colorScheme: "light" });
    expect(misdeeds).toContain("request: http://127.0.0.1:9/x.png");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeGreaterThan(320);
    expect(await violationsOn(page)).toEqual(expect.arrayContaining(["color-contrast", "image-alt", "html-has-lang"]));
    await page.close();
  });
});

/** Through the debugger, which no policy of a page stops. https://github.com/dequelabs/axe-core/blob/develop/doc/API.md */
async function violationsOn(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return violations.map(({ id }) => id);
}
