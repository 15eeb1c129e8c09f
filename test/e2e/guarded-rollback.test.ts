// A rollback that would lose data, as a person meets it: refused with the words that allow it, which are then typed.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { reportSchema } from "../../src/engine/report-schema.ts";
import { type Finished, hj } from "../support/command-line.ts";
import { postgresVersions } from "../support/database.ts";
import { withDirectory } from "../support/generated-directory.ts";
import { freshDatabase, tablesOf } from "../support/workplace.ts";

const newest = postgresVersions.at(-1);
if (newest === undefined) throw new Error("no PostgreSQL to test on");
const { url: serverUrl } = newest;

const FILES = {
  "0001_account.up.sql": 'create table account (id int, name text); create table "It\'s here" (id int);',
  "0001_account.down.sql": 'drop table "It\'s here"; drop table account;',
};

test("is refused with exit code 1, dry or not, and done with the words of its hint", async () => {
  const database = await freshDatabase(serverUrl);
  await withDirectory(FILES, async (directory) => {
    const migrations = (...args: string[]): Promise<Finished> =>
      hj(["migrations", ...args, "--dir", directory], { env: { HELLOJOHN_DATABASE_URL: database.url } });
    expect((await migrations("run")).exitCode).toBe(0);
    await database.query(`insert into account values (1), (2); insert into "It's here" values (1)`);

    for (const flags of [["--dry-run"], []]) {
      const refused = await migrations("rollback", ...flags);
      expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
      expect(refused.stderr).toContain(
        `Error: rolling back 0001_account would drop the table "It's here", which holds 1 row\n`,
      );
      expect(refused.stderr).toContain(
        "Error: rolling back 0001_account would drop the table account, which holds 2 rows\n" +
          "  If it may be lost, name it: --allow-data-loss account, or in an event",
      );
    }
    const misspelt = await migrations("rollback", "--allow-data-loss", "acount");
    expect(misspelt).toMatchObject({ exitCode: 2 });
    expect(misspelt.stderr).toContain('allowDataLoss names "acount", of which this rollback loses nothing');

    const { stderr } = await migrations("rollback");
    const typed = /All of it: (--allow-data-loss .*), or in an event/.exec(stderr)?.[1] ?? "";
    const allowed = await asShellReads(typed);
    expect(allowed).toEqual(["--allow-data-loss", `"It's here"`, "account"]);

    const dry = await migrations("rollback", "--dry-run", "--json", ...allowed);
    expect(dry.exitCode).toBe(0);
    expect(reportSchema.parse(JSON.parse(dry.stdout))).toMatchObject({
      outcome: "would_roll_back",
      warnings: [{ code: "DATA_LOSS" }, { code: "DATA_LOSS" }],
    });
    const done = await migrations("rollback", ...allowed);
    expect(done.exitCode).toBe(0);
    expect(done.stdout).toContain("Rollback complete. Schema version: none");
    expect(done.stderr).toBe(
      `Warning: rolling back 0001_account dropped the table "It's here", which held 1 row\n` +
        "Warning: rolling back 0001_account dropped the table account, which held 2 rows\n",
    );
    expect(await tablesOf(database)).toEqual([]);
  });
});

/** The words of a line, as a shell takes them apart. */
async function asShellReads(line: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)("sh", ["-c", `printf '%s\\n' ${line}`]);
  return stdout.trimEnd().split("\n");
}
