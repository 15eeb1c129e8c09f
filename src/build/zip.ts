// Zips files so that the same input gives the same bytes: CloudFormation redeploys a function whose zip has changed.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Zippable, zipSync } from "fflate";

/** The earliest time that a zip can hold; the real one would differ with every checkout. */
const MODIFIED_AT = new Date(1980, 0, 1);

/** `files`: where each is, relative to `directory`, and what it is called in the zip. */
export async function zipFiles(
  directory: string,
  files: readonly (readonly [path: string, name: string])[],
): Promise<Uint8Array> {
  const contents: Zippable = {};
  for (const [path, name] of files) {
    // Readable for everybody: Lambda runs the function as another user than the one who unpacks it.
    contents[name] = [
      await readFile(join(directory, path)),
      { mtime: MODIFIED_AT, os: 3, attrs: 0o644 << 16, level: 9 },
    ];
  }
  return zipSync(contents);
}
