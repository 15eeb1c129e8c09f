// The upgrade of the operations guide, played as it is written: its commands in its order, release by release, with code of both
// versions at work in between.
import { chmod, cp, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../support/built-product.ts";
import { type Finished, hj } from "../support/command-line.ts";
import { postgresVersions } from "../support/database.ts";
import { blocksIn, readDocument } from "../support/documents.ts";
import { freshDatabase } from "../support/workplace.ts";

const BLOCKS = blocksIn(readDocument("docs/operations.md"))
  .filter(({ heading, language }) => heading === "A zero-downtime upgrade" && language === "sh")
  .map(({ text }) => text.trim().split("\n"));

const INITIAL = "20240115_001_initial_schema.up.sql";

test("the guide's upgrade loses nothing and breaks no version", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "hj-upgrade-"));
  onTestFinished(() => rm(cwd, { recursive: true }));
  await chmod(cwd, 0o755);
  const [built, later] = [join(cwd, "migrations"), join(cwd, "later")];
  await mkdir(built);
  // The one that makes the tables is enough: each command looks at all there are.
  await cp(join(ROOT, "migrations", INITIAL), join(built, INITIAL));
  const database = await freshDatabase(postgresVersions.at(-1)?.url ?? "");
  const env = { HELLOJOHN_DATABASE_URL: database.url };
  // A release's build has what is in migrations/ by then.
  const play = async (commands: readonly string[] = []): Promise<readonly Finished[]> => {
    const done: Finished[] = [];
    for (const command of commands) {
      const [program, ...args] = command.split(" ");
      expect(program).toBe("hj");
      const target = /^migrations (?:new|check)\b/.test(args.join(" ")) ? [] : ["--dir", "migrations"];
      done.push(await hj([...args, ...target], { cwd, env }));
    }
    return done;
  };
  const ship = async (part: string) => {
    for (const file of await readdir(later))
      if (file.includes(part)) await rename(join(later, file), join(built, file));
  };

  await play(["hj migrations run"]);
  await database.query("insert into hj_user (id, email, name) values ('old', 'old@example.com', 'Old')");
  const [write, expand, fill, contract] = BLOCKS;

  const before = await readdir(built);
  for (const { exitCode, stderr } of await play(write)) expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const written = (await readdir(built)).filter((file) => !before.includes(file));
  expect(written.map((file) => file.replace(/^\d+_\d+_/, ""))).toEqual([
    "display_name_add.down.sql",
    "display_name_add.up.sql",
    "display_name_fill.down.sql",
    "display_name_fill.up.sql",
    "display_name_drop.up.sql",
  ]);
  await cp(built, later, {
    recursive: true,
    filter: (file) => file === built || written.some((name) => file.endsWith(name)),
  });
  for (const file of written) await rm(join(built, file));

  await ship("_add.");
  const [dryRun, added] = await play(expand);
  expect(dryRun?.stdout).toContain("locks hj_user against everything (ACCESS EXCLUSIVE)");
  expect(added).toMatchObject({ exitCode: 0 });
  // The version before writes the old column alone, this one both.
  await database.query("insert into hj_user (id, email, name) values ('late', 'late@example.com', 'Late')");
  await database.query(
    "insert into hj_user (id, email, name, display_name) values ('new', 'n@example.com', 'New', 'New')",
  );

  await ship("_fill.");
  for (const { exitCode, stderr } of await play(fill)) expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(await database.query("select id, display_name from hj_user order by id")).toEqual([
    { id: "late", display_name: "Late" },
    { id: "new", display_name: "New" },
    { id: "old", display_name: "Old" },
  ]);

  await ship("_drop.");
  const [plain, contracted] = await play(contract);
  expect(plain).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("is a contract migration and waits") });
  expect(contracted?.stdout).toMatch(/✅ {2}\d+_\d+_display_name_drop/);
  await expect(database.query("select name from hj_user")).rejects.toThrow("does not exist");
});
