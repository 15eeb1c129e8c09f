// Reads a directory of migrations from disk. What the files mean is decided elsewhere.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Problem, Refusal } from "../failure/problem.ts";

/** A file as it was found, its text without a byte-order mark. */
export interface SourceFile {
  readonly file: string;
  readonly sql: string;
}

/** Larger files are data, not schema, and would not fit into one message beside everything else. */
const MAXIMUM_BYTES = 64 * 1024 * 1024;

/** Every SQL file of a directory whose name is wanted, in the order of their names; not its subdirectories. */
export async function readDirectory(
  directory: string,
  isWanted: (file: string) => boolean = () => true,
): Promise<readonly SourceFile[] | Refusal> {
  const problems: Problem[] = [];
  const sources: SourceFile[] = [];
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => error);
  if (entries instanceof Error) {
    const message = `cannot be read as a directory (${entries.code ?? entries.message})`;
    return { problems: [{ code: "INVALID_MIGRATION", file: directory, message }] };
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.name.toLowerCase().endsWith(".sql") || entry.isDirectory() || !isWanted(entry.name)) continue;
    const content = await readFile(join(directory, entry.name)).catch((error: NodeJS.ErrnoException) => error);
    const text = content instanceof Error ? { fault: `cannot be read (${content.code})` } : decode(content);
    if ("fault" in text) problems.push({ code: "INVALID_MIGRATION", file: entry.name, message: text.fault });
    else sources.push({ file: entry.name, sql: text.sql });
  }
  return problems.length > 0 ? { problems } : sources;
}

function decode(content: Buffer): { sql: string } | { fault: string } {
  if (content.length > MAXIMUM_BYTES) return { fault: `is larger than ${MAXIMUM_BYTES / 1024 / 1024} MB` };
  if (content.includes(0)) return { fault: "holds a NUL byte, which PostgreSQL cannot store (is it UTF-16?)" };
  try {
    return { sql: new TextDecoder("utf-8", { fatal: true }).decode(content) };
  } catch {
    return { fault: "is not UTF-8" };
  }
}
