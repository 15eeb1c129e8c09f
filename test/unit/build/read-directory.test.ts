import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readDirectory } from "../../../src/build/read-directory.ts";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "migrations");

async function read(name: string): Promise<readonly { file: string; sql: string }[]> {
  const sources = await readDirectory(join(fixtures, name));
  if ("problems" in sources) throw new TypeError(JSON.stringify(sources.problems));
  return sources;
}

describe("readDirectory", () => {
  test("reads every SQL file in the order of their names, and nothing else", async () => {
    expect((await read("name-styles")).map(({ file }) => file)).toEqual([
      "0002_session_down.sql",
      "0002_session_up.sql",
      "10_device.sql",
      "1_account.down.sql",
      "1_account.up.sql",
      "20240601_001_token-v1.2.up.sql",
      "20240601_002_last.sql",
    ]);
  });

  test("takes the byte-order mark away and leaves line endings as they are", async () => {
    const [down, up] = await read("crlf-and-bom");
    expect(down?.sql).toBe("drop table account;");
    expect(up?.sql.slice(0, 40)).toBe("-- hj:timeout 1m\r\ncreate table account (");
  });

  test("reads any number of files, and tells every one that cannot be read, in the order of their names", async () => {
    const directory = await mkdtemp(join(tmpdir(), "hj-many-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const files = Array.from({ length: 100 }, (_, index) => `${String(index).padStart(4, "0")}_step.sql`);
    for (const file of files) await writeFile(join(directory, file), `select '${file}';`);
    expect(await readDirectory(directory)).toEqual(files.map((file) => ({ file, sql: `select '${file}';` })));
    for (const file of ["0099_step.sql", "0003_step.sql"]) await writeFile(join(directory, file), "\xff", "latin1");
    const problem = { code: "INVALID_MIGRATION", message: "is not UTF-8" };
    expect(await readDirectory(directory)).toEqual({
      problems: [
        { ...problem, file: "0003_step.sql" },
        { ...problem, file: "0099_step.sql" },
      ],
    });
  });

  test("tells of what is not a file, such as a device, which may have no end", async () => {
    const directory = await mkdtemp(join(tmpdir(), "hj-device-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    await symlink("/dev/null", join(directory, "0001_device.sql"));
    expect(await readDirectory(directory)).toEqual({
      problems: [{ code: "INVALID_MIGRATION", file: "0001_device.sql", message: "is not a file" }],
    });
  });

  test("does not go into subdirectories", async () => {
    expect(await read(".")).toEqual([]);
  });

  test("tells of a directory that is not there", async () => {
    expect(await readDirectory(join(fixtures, "nowhere"))).toEqual({
      problems: [
        {
          code: "INVALID_MIGRATION",
          file: join(fixtures, "nowhere"),
          message: "cannot be read as a directory (ENOENT)",
        },
      ],
    });
  });

  test("tells of a directory that is a file", async () => {
    expect(await readDirectory(import.meta.filename)).toMatchObject({
      problems: [{ message: "cannot be read as a directory (ENOTDIR)" }],
    });
  });
});
