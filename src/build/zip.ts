// Zips files so that the same input gives the same bytes: CloudFormation redeploys a function whose zip has changed.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Zippable, zipSync } from "fflate";

/** The earliest time that a zip can hold; the real one would differ with every checkout. */
const MODIFIED_AT = new Date(1980, 0, 1);

/** `files` are relative to `directory`, and called so in the zip. */
export async function zipFiles(directory: string, files: readonly string[]): Promise<Uint8Array> {
  const contents: Zippable = {};
  for (const file of [...files].sort()) {
    // Readable for everybody: Lambda runs the function as another user than the one who unpacks it.
    contents[file] = [
      await readFile(join(directory, file)),
      { mtime: MODIFIED_AT, os: 3, attrs: 0o644 << 16, level: 9 },
    ];
  }
  return zipSync(contents);
}
