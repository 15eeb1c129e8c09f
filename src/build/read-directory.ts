// Reads a directory of migrations from disk. What the files mean is decided elsewhere.
import { readdir, readFile, stat } from "node:fs/promises";
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
  const files = entries
    .flatMap((entry) => (entry.isDirectory() ? [] : [entry.name]))
    .sort()
    .filter((file) => file.toLowerCase().endsWith(".sql") && isWanted(file));
  for (let from = 0; from < files.length; from += AT_ONCE) {
    const read = files.slice(from, from + AT_ONCE).map((file) => readSource(directory, file));
    for (const source of await Promise.all(read)) {
      if ("sql" in source) sources.push(source);
      else problems.push(source);
    }
  }
  return problems.length > 0 ? { problems } : sources;
}

/** Files read at a time: one by one, ten thousand take a second longer. */
const AT_ONCE = 32;

async function readSource(directory: string, file: string): Promise<SourceFile | Problem> {
  const text = await readText(join(directory, file)).catch((error: NodeJS.ErrnoException) => {
    return { fault: `cannot be read (${error.code})` };
  });
  return "fault" in text ? { code: "INVALID_MIGRATION", file, message: text.fault } : { file, sql: text.sql };
}

/** What is not a file may never come to its end, and of what is too large as much as AT_ONCE would be held at a time. */
async function readText(path: string): Promise<{ readonly sql: string } | { readonly fault: string }> {
  const stats = await stat(path);
  if (!stats.isFile()) return { fault: "is not a file" };
  if (stats.size > MAXIMUM_BYTES) return { fault: `is larger than ${MAXIMUM_BYTES / 1024 / 1024} MB` };
  return decode(await readFile(path));
}

function decode(content: Buffer): { readonly sql: string } | { readonly fault: string } {
  if (content.includes(0)) return { fault: "holds a NUL byte, which PostgreSQL cannot store (is it UTF-16?)" };
  try {
    return { sql: new TextDecoder("utf-8", { fatal: true }).decode(content) };
  } catch {
    return { fault: "is not UTF-8" };
  }
}
