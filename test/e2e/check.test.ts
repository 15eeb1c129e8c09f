// `hj migrations check`, as authors and their CI run it: the built command line, a PostgreSQL of its own, a real git.
import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RULES } from "../../src/hazards/rules.ts";
import { ROOT } from "../support/built-product.ts";
import { finished, hj, startHj } from "../support/command-line.ts";

const execute = promisify(execFile);
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "hj-check-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, sql] of Object.entries(files)) await writeFile(join(directory, file), sql);
}

async function commit(): Promise<void> {
  await git("init", "--quiet");
  await git("add", ".");
  await git("-c", "user.name=author", "-c", "user.email=author@example.com", "commit", "--quiet", "-m", "state");
}

async function git(...args: string[]): Promise<void> {
  await execute("git", ["-C", directory, ...args]);
}

const check = (...args: string[]) => hj(["migrations", "check", "--dir", directory, ...args]);
const GOOD = { "0001_a.up.sql": "create table a (id bigint primary key);", "0001_a.down.sql": "drop table a;" };
const HAZARD = { "0002_b.up.sql": "-- Needs a value.\nalter table a add column b text not null;" };

describe("hj migrations check", () => {
  it("finds nothing in HelloJohn's own migrations, and has tried each of them", async () => {
    const { stdout, exitCode } = await hj(["migrations", "check", "--format", "json"], { cwd: ROOT });
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ ok: true, directory: "migrations", checked: 7, of: 7, findings: [] });
    for (const { upMs } of result.migrations) expect(upMs).toBeGreaterThan(0);
    expect(exitCode).toBe(0);
  });

  it("exits 1 for a hazard, and shows it with its line and what to do", async () => {
    await write({ ...GOOD, ...HAZARD });
    const { stdout, stderr, exitCode } = await check();
    expect(stdout).toMatch(
      /^Error: 0002_b\.up\.sql:2:1 {2}a\.b .*\(add-column-not-null\)\n {2}2 \| alter table a .*\n {6}\^\n {2}hj migrations explain add-column-not-null/,
    );
    expect(stdout).toContain("a: AccessExclusiveLock");
    expect([stderr, exitCode]).toEqual(["", 1]);
  });

  it("lets a hazard pass that is allowed with a reason, and refuses a waiver that allows nothing", async () => {
    await write({
      ...GOOD,
      "0002_b.up.sql": `-- hj:allow add-column-not-null a.b a is empty\n${HAZARD["0002_b.up.sql"]}`,
    });
    expect(await check("--no-database")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("allowed: add-column-not-null a.b, a is empty"),
    });
    await write({ "0002_b.up.sql": "-- hj:allow add-column-not-null a.c a is empty\nselect 1;" });
    expect(await check("--no-database")).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining("0002_b.up.sql:1  -- hj:allow add-column-not-null a.c allows nothing"),
    });
  });

  it("annotates a pull request in GitHub's words, with paths from where it runs", async () => {
    await write({ ...GOOD, ...HAZARD });
    const { stdout } = await hj(["migrations", "check", "--dir", "sql", "--format", "github", "--no-database"], {
      cwd: await nested(),
    });
    expect(stdout).toMatch(/^::error file=sql\/0002_b\.up\.sql,line=2,col=1,title=add-column-not-null::a\.b /);
    expect(stdout).toMatch(/\n❌ Checked 2 of 2 migrations in sql: 1 error, 0 warnings\n$/);
  });

  it("is not passed by a directory without migrations", async () => {
    const empty = await check("--format", "github");
    expect(empty.stdout).toMatch(/^::error file=[^,]+,title=hj migrations check::holds no migrations%0A/);
    expect(empty.stdout).not.toContain(`${basename(directory)}/${basename(directory)}`);
    expect(empty.exitCode).toBe(1);
  });

  it("proves that contract migrations make the same of databases that meet them late", async () => {
    await write({
      ...GOOD,
      "0002_b.up.sql": "alter table a add column b text;",
      "0003_c.up.sql": "-- hj:phase contract after 0002\nalter table a drop column b;",
    });
    expect(await check()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Checked 3 of 3") });
    await write({ "0004_d.up.sql": "-- Again.\nalter table a add column b int;" });
    const { stdout, exitCode } = await check();
    expect(stdout).toMatch(
      /^Error: 0004_d\.up\.sql:2 {2}when all expand migrations are applied before all contract ones: .*already exists\n {2}2 \| alter table a add column b int;\n/,
    );
    expect(exitCode).toBe(1);
  });

  it("judges with --since only what is new, and says what databases would refuse", async () => {
    await write({ ...GOOD, "0003_old.up.sql": "alter table a add column c text not null;" });
    await commit();
    await write({ "0004_new.up.sql": "create table d (id int);", "0001_a.up.sql": "create table a (id int);" });
    const { stdout, exitCode } = await check("--since", "HEAD", "--format", "json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      checked: 1,
      of: 3,
      findings: [{ level: "error", file: "0001_a.up.sql", message: "was changed since it was committed" }],
      migrations: [{ migration: "0004_new" }],
    });
  });

  it("tells what was removed since from what has not arrived in this branch yet", async () => {
    await write({ ...GOOD, "0002_b.up.sql": "create table b (id bigint primary key);" });
    await commit();
    await git("checkout", "--quiet", "-b", "topic");
    await git("checkout", "--quiet", "-b", "ahead");
    await write({ "0003_c.up.sql": "-- Ünicode.\ncreate table c (id bigint primary key);" });
    await commit();
    await git("checkout", "--quiet", "topic");
    await write({ "0004_d.up.sql": "create table d (id bigint primary key);" });
    expect(await check("--since", "ahead", "--no-database")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("Checked 1 of 3 migrations"),
    });
    await rm(join(directory, "0002_b.up.sql"));
    expect(await check("--since", "ahead", "--no-database")).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^Error: 0002_b\.up\.sql {2}was removed\n.*\n\n {2}✅/),
    });
    // The very same file is no edit, whatever letters are in it.
    await git("checkout", "--quiet", "ahead");
    expect((await check("--since", "ahead", "--no-database")).stdout).not.toContain("0003_c.up.sql");
  });

  it("says that git is not there, where it is not", async () => {
    await write(GOOD);
    const { stderr, exitCode } = await hj(["migrations", "check", "--dir", directory, "--since", "HEAD"], {
      env: { PATH: "/nowhere" },
    });
    expect(stderr).toBe("Error: --since HEAD: git is not installed\n");
    expect(exitCode).toBe(2);
  });

  it.each([
    ["a commit that is none", ["--since", "nowhere"], "--since nowhere: git knows no such commit"],
    ["an option of git's as a commit", ["--since=--output=x"], "--since --output=x: git knows no such commit"],
    ["a directory that is not there", ["--dir", "/nowhere"], "--dir /nowhere cannot be read"],
    ["a directory that is a file", ["--dir", process.execPath], "cannot be read: ENOTDIR"],
    ["a format that is none", ["--format", "xml"], "Allowed choices are text, json, github"],
  ])("refuses %s as a usage error", async (_what, args, message) => {
    await write(GOOD);
    await commit();
    const { stdout, stderr, exitCode } = await check(...args);
    expect(stderr).toContain(message);
    expect([stdout, exitCode]).toEqual(["", 2]);
  });

  it("tells every problem of files that do not compile, with their lines", async () => {
    await write({ "0001_a.up.sql": "create tabel a;", "0002_b.up.sql": "begin;\nselect 1;" });
    const { stdout, exitCode } = await check();
    expect(stdout).toContain(
      'Error: 0001_a.up.sql:1:8  syntax error at or near "tabel"\n  1 | create tabel a;\n             ^',
    );
    expect(stdout).toContain("Error: 0002_b.up.sql:1:1  BEGIN inside a migration\n  1 | begin;");
    expect(exitCode).toBe(1);
  });

  it("leaves no server and no data behind when it is interrupted", async () => {
    await write({ ...GOOD, "0002_b.up.sql": "select pg_sleep(600);" });
    const temporary = await mkdtemp(join(tmpdir(), "hj-temporary-"));
    await chmod(temporary, 0o755);
    const scratch = async () => (await readdir(temporary)).filter((name) => name.startsWith("hj-rehearsal-"));
    try {
      const child = startHj(["migrations", "check", "--dir", directory], { env: { TMPDIR: temporary } });
      const end = finished(child);
      let pid = 0;
      await expect
        .poll(async () => {
          const [name = ""] = await scratch();
          const lines = await readFile(join(temporary, name, "postgres/data/postmaster.pid"), "utf8").catch(() => "");
          pid = Number(lines.split("\n")[0]);
          return lines;
        })
        .toContain("ready");
      child.kill("SIGINT");
      expect(await end).toEqual({
        stdout: "",
        stderr: "\nStopped: nothing was checked to its end.\n",
        exitCode: 130,
      });
      expect(await scratch()).toEqual([]);
      await expect.poll(() => isAlive(pid)).toBe(false);
    } finally {
      await rm(temporary, { recursive: true });
    }
  });

  it("says what a down leaves behind", async () => {
    await write({ ...GOOD, "0001_a.down.sql": "select 1;", "0001_a.up.sql": "create table if not exists a (id int);" });
    const { stdout, exitCode } = await check();
    expect(stdout).toContain(
      "0001_a.down.sql  does not take back all of 0001_a.up.sql: column a.id is still there; table a is still there",
    );
    expect(exitCode).toBe(1);
  });

  function isAlive(pid: number): boolean {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  }

  async function nested(): Promise<string> {
    const root = await mkdtemp(join(tmpdir(), "hj-check-root-"));
    await execute("mv", [directory, join(root, "sql")]);
    directory = root;
    return root;
  }
});

describe("hj migrations explain", () => {
  it("says what a rule is about, with both examples, and needs no database", async () => {
    const { stdout, stderr, exitCode } = await hj(["migrations", "explain", "set-not-null"]);
    expect(stdout).toContain("Lock: ACCESS EXCLUSIVE on account, while every row is read");
    expect(stdout).toMatch(/Bad:\n {2}alter table account alter column organization_id set not null;\n/);
    expect(stdout).toMatch(/Good:\n {2}alter table account add constraint .* not valid;\n/);
    expect([stderr, exitCode]).toEqual(["", 0]);
  });

  it("lists all rules without an id, and refuses an id that none has with those that are near", async () => {
    const { stdout } = await hj(["migrations", "explain"]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(RULES.length);
    expect(await hj(["migrations", "explain", "not-null"])).toEqual({
      stdout: "",
      stderr: expect.stringMatching(/^Error: no rule is called "not-null": perhaps .*set-not-null/),
      exitCode: 2,
    });
  });
});

describe("hj migrations new", () => {
  const create = (...args: string[]) => hj(["migrations", "new", ...args, "--dir", directory]);

  it("writes what check finds nothing in, with the next versions, one path a line", async () => {
    await write({ "0041_a.up.sql": "create table a (id bigint primary key, b text);" });
    const { stdout, exitCode } = await create("require_b", "--pattern", "not-null", "--table", "a", "--column", "b");
    expect(exitCode).toBe(0);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((path) => path.slice(directory.length + 1)),
    ).toEqual([
      "0042_require_b_check.up.sql",
      "0042_require_b_check.down.sql",
      "0043_require_b_validate.up.sql",
      "0043_require_b_validate.down.sql",
      "0044_require_b.up.sql",
      "0044_require_b.down.sql",
    ]);
    expect(await check()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Checked 4 of 4 migrations") });
  });

  it("says all that is wrong with what was asked, and writes nothing", async () => {
    expect(await create("a b", "--pattern", "column", "--table", "a", "--type", "text; drop table a")).toEqual({
      stdout: "",
      stderr: expect.stringMatching(
        /needs --column; --type "text; drop table a" is no type; "a b" is no name of a migration/,
      ),
      exitCode: 2,
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    ["no pattern that takes what was given", ["a", "--table", "t"], "--pattern empty has no use for --table"],
    [
      "a type with more behind it",
      ["a", "--pattern", "column", "--table", "t", "--column", "c", "--type", "text NOT null"],
      '--type "text NOT null" is more than a type: write what begins with NOT into the file',
    ],
    ["a name that leads elsewhere", ["../a"], "is no name of a migration"],
    ["a pattern that is none", ["a", "--pattern", "drop"], "Allowed choices are empty, column"],
    ["a directory that is not there", ["a", "--dir", "/nowhere"], "--dir /nowhere cannot be read"],
  ])("refuses %s", async (_what, args, message) => {
    const { stderr, exitCode } = await hj(["migrations", "new", "--dir", directory, ...args]);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
    expect(await readdir(directory)).toEqual([]);
  });
});
