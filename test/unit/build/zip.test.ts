import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { zipFiles } from "../../../src/build/zip.ts";

const CONTENT = "exports.handler = () => 'ü';\n";
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hj-zip-"));
  await writeFile(join(directory, "built.cjs"), CONTENT, { mode: 0o600 });
});
afterAll(() => rm(directory, { recursive: true }));

describe("zipFiles", () => {
  test("holds the files under the names that were asked for", async () => {
    const zip = unzipSync(await zipFiles(directory, [["built.cjs", "index.cjs"]]));
    expect(Object.keys(zip)).toEqual(["index.cjs"]);
    expect(Buffer.from(zip["index.cjs"] ?? []).toString()).toBe(CONTENT);
  });

  test("says of every file that it is as old as a zip can say, so that no clock gets into it", async () => {
    const zip = Buffer.from(await zipFiles(directory, [["built.cjs", "index.cjs"]]));
    // Time and date, 10 bytes into the local header (APPNOTE 4.4.6): midnight, and the first day of 1980.
    expect([zip.readUInt16LE(10), zip.readUInt16LE(12)]).toEqual([0, (1 << 5) | 1]);
  });

  test("gives the same bytes for the same content, whenever it was written", async () => {
    const first = await zipFiles(directory, [["built.cjs", "index.cjs"]]);
    await utimes(join(directory, "built.cjs"), new Date("2001-02-03"), new Date("2001-02-03"));
    expect(Buffer.compare(await zipFiles(directory, [["built.cjs", "index.cjs"]]), first)).toBe(0);
  });

  test("lets every user read a file, whoever may read it here", async () => {
    const zip = Buffer.from(await zipFiles(directory, [["built.cjs", "index.cjs"]]));
    // External attributes, 38 bytes into the entry of the central directory (APPNOTE 4.3.12); the mode is their upper half.
    const entry = zip.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
    expect((zip.readUInt32LE(entry + 38) >>> 16) & 0o777).toBe(0o644);
  });
});
