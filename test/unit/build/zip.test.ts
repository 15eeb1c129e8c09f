import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { zipFiles } from "../../../src/build/zip.ts";

const CONTENT = "exports.handler = () => 'ü';\n";
const FILES = ["parts/a.cjs", "index.cjs"];
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hj-zip-"));
  await mkdir(join(directory, "parts"));
  for (const file of FILES) await writeFile(join(directory, file), CONTENT, { mode: 0o600 });
});
afterAll(() => rm(directory, { recursive: true }));

describe("zipFiles", () => {
  test("holds the files under their names, in an order that is always the same", async () => {
    const zip = unzipSync(await zipFiles(directory, FILES));
    expect(Object.keys(zip)).toEqual(["index.cjs", "parts/a.cjs"]);
    expect(Buffer.from(zip["index.cjs"] ?? []).toString()).toBe(CONTENT);
  });

  test("says of every file that it is as old as a zip can say, so that no clock gets into it", async () => {
    const zip = Buffer.from(await zipFiles(directory, FILES));
    // Time and date, 10 bytes into the local header (APPNOTE 4.4.6): midnight, and the first day of 1980.
    expect([zip.readUInt16LE(10), zip.readUInt16LE(12)]).toEqual([0, (1 << 5) | 1]);
  });

  test("gives the same bytes for the same content, whenever it was written", async () => {
    const first = await zipFiles(directory, FILES);
    await utimes(join(directory, "index.cjs"), new Date("2001-02-03"), new Date("2001-02-03"));
    expect(Buffer.compare(await zipFiles(directory, FILES), first)).toBe(0);
  });

  test("lets every user read a file, whoever may read it here", async () => {
    const zip = Buffer.from(await zipFiles(directory, FILES));
    // External attributes, 38 bytes into the entry of the central directory (APPNOTE 4.3.12); the mode is their upper half.
    const entry = zip.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
    expect((zip.readUInt32LE(entry + 38) >>> 16) & 0o777).toBe(0o644);
  });
});
