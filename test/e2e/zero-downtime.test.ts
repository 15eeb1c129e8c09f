// The upgrade of the operations guide, played as it is written: its commands in its order, release by release, with code of both
// versions at work in between.
import { chmod, cp, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../support/built-product.ts";
import { type Finished, hj } from "../support/command-line.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import { blocksIn, readDocument } from "../support/documents.ts";

/** One that makes the tables is enough: each command looks at all there are. */
const INITIAL = "20240115_001_initial_schema.up.sql";

const [WRITE, EXPAND, FILL, CONTRACT] = blocksIn(readDocument("docs/operations.md"))
  .filter(({ heading, language }) => heading === "A zero-downtime upgrade" && language === "sh")
  .map(({ text }) => text.trim().split("\n"));

let database: TestDatabase;
let folder: string;
/** What the author wrote: each release's build takes more of it. */
let written: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hj-upgrade-"));
  // The account of a server that `check` starts has to enter it.
  await chmod(folder, 0o755);
  written = join(folder, "written");
  for (const directory of [written, join(folder, "migrations")]) await mkdir(directory);
  await cp(join(ROOT, "migrations", INITIAL), join(folder, "migrations", INITIAL));
  database = await createTestDatabase(postgresVersions.at(-1)?.url ?? "");
  for (const finished of await play(WRITE)) expect(finished).toMatchObject({ exitCode: 0 });
  for (const file of await readdir(join(folder, "migrations")))
    if (file !== INITIAL) await rename(join(folder, "migrations", file), join(written, file));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

/** Every command of a block. Where the guide means what a build holds, that is the folder. */
async function play(commands: readonly string[] = []): Promise<readonly Finished[]> {
  const done: Finished[] = [];
  for (const command of commands) {
    const [program, ...args] = command.split(" ");
    expect(program).toBe("hj");
    const dir = ["new", "check"].includes(args[1] ?? "") ? [] : ["--dir", "migrations"];
    done.push(await hj([...args, ...dir], { cwd: folder, env: { HELLOJOHN_DATABASE_URL: database.url } }));
  }
  return done;
}

async function ship(part: string): Promise<void> {
  for (const file of await readdir(written))
    if (file.includes(part)) await rename(join(written, file), join(folder, "migrations", file));
}

test("the guide's upgrade loses nothing and breaks no version", async () => {
  const names = (await readdir(written)).map((file) => file.replace(/^\d+_\d+_/, ""));
  expect(names.toSorted()).toEqual([
    "display_name_add.down.sql",
    "display_name_add.up.sql",
    "display_name_drop.up.sql",
    "display_name_fill.down.sql",
    "display_name_fill.up.sql",
  ]);
  await play(["hj migrations run"]);
  await database.query("insert into hj_user (id, email, name) values ('old', 'old@example.com', 'Old')");

  await ship("_add.");
  const [dryRun, added] = await play(EXPAND);
  expect(dryRun?.stdout).toContain("locks hj_user against everything (ACCESS EXCLUSIVE)");
  expect(added).toMatchObject({ exitCode: 0 });
  // The version before writes the old column alone, this one both.
  await database.query(
    "insert into hj_user (id, email, name) values ('late', 'late@example.com', 'Late'); insert into hj_user (id, email, name, display_name) values ('new', 'new@example.com', 'New', 'New')",
  );

  await ship("_fill.");
  expect(await play(FILL)).toMatchObject([{ exitCode: 0 }]);
  expect(await database.query("select id, display_name from hj_user order by id")).toEqual([
    { id: "late", display_name: "Late" },
    { id: "new", display_name: "New" },
    { id: "old", display_name: "Old" },
  ]);

  await ship("_drop.");
  const [plain, contracted] = await play(CONTRACT);
  expect(plain).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("is a contract migration and waits") });
  expect(contracted?.stdout).toMatch(/✅ {2}\d+_\d+_display_name_drop/);
  await expect(database.query("select name from hj_user")).rejects.toThrow("does not exist");
});
