// Expand and contract through the built command line, and the package that is refused for its order.
import { execFile } from "node:child_process";
import { expect, test } from "vitest";
import { ROOT } from "../support/built-product.ts";
import { hj } from "../support/command-line.ts";
import { postgresVersions } from "../support/database.ts";
import { withDirectory } from "../support/generated-directory.ts";
import { freshDatabase, tablesOf } from "../support/workplace.ts";

const newest = postgresVersions.at(-1);
if (newest === undefined) throw new Error("no PostgreSQL to test on");
const { url: serverUrl } = newest;

const OLD = { "0001_old.sql": "create table old (id int);" };
const NEW = {
  ...OLD,
  "0002_new.sql": "create table new (id int);",
  "0003_no_old.sql": "-- hj:phase contract after 0002\ndrop table old;",
};

test("a deploy leaves the contract migration, status names it, and --phase contract applies it", async () => {
  const database = await freshDatabase(serverUrl);
  const env = { HELLOJOHN_DATABASE_URL: database.url };
  await withDirectory(OLD, (directory) => hj(["migrations", "run", "--dir", directory], { env }));
  await withDirectory(NEW, async (directory) => {
    const migrations = (...args: string[]) => hj(["migrations", ...args, "--dir", directory], { env });
    const tells = expect.stringMatching(
      /^Warning: 0003_no_old .*: when no old code is left, hj migrations run --phase contract\n$/,
    );
    const expand = await migrations("run");
    expect(expand).toMatchObject({ exitCode: 0, stderr: tells });
    expect(expand.stdout).toMatch(
      /^Running 1 pending migration\.\.\.\n\n {2}✅ {2}0002_new \(\d+ms\)\n {2}· {3}0003_no_old \(waits\)\n\nMigrations complete\. Schema version: 0002\n$/,
    );
    expect(await migrations("status")).toEqual({
      exitCode: 0,
      stdout: "✅ Database schema is up to date (version: 0002)\n\n  PENDING  0003_no_old (contract)\n",
      stderr: tells,
    });
    expect(await migrations("validate")).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("passed") });
    expect(await tablesOf(database)).toEqual(["new", "old"]);
    const contract = await migrations("run", "--phase", "contract");
    expect(contract).toMatchObject({ exitCode: 0, stderr: "" });
    expect(contract.stdout).toContain("✅  0003_no_old");
    expect(await tablesOf(database)).toEqual(["new"]);
    expect(await migrations("run", "--phase", "both")).toMatchObject({
      exitCode: 2,
      stderr: "Error: phase expected one of expand, contract, all\n",
    });
  });
});

test("packaging refuses a directory whose schema depends on when contract migrations are applied", async () => {
  const files = {
    ...NEW,
    "0003_no_old.sql": "-- hj:phase contract after 0002\nalter table old alter column id set default 1;",
    "0004_old.sql": "alter table old alter column id set default 2;",
  };
  await withDirectory(files, async (directory) => {
    const { promise, resolve } = Promise.withResolvers<{ code: unknown; stderr: string }>();
    execFile(process.execPath, ["esbuild.config.mjs", "--dir", directory], { cwd: ROOT }, (error, _stdout, stderr) =>
      resolve({ code: error?.code, stderr }),
    );
    expect(await promise).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /cannot be shipped:\n0003_no_old\.sql {2}the schema depends on when 0003_no_old is applied: .*different column old\.id/,
      ),
    });
  });
});
