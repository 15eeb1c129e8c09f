// `hj migrations new NAME`: writes the files of a migration, or of the several that a safe change takes. Never overwrites.
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FileName, parseFileName } from "../../migration/file-name.ts";
import { nextVersions, suffixesOf } from "./next-version.ts";
import type { Pattern } from "./pattern-names.ts";
import { draftsOf, type Filling, needsOf } from "./patterns.ts";

/** The flags of the command, as commander hands them over. */
export interface NewFlags extends Partial<Filling> {
  readonly dir: string;
  readonly pattern: Pattern;
}

/** Prints the path of each file. Throws a SyntaxError with all that is wrong with what was asked, having written nothing. */
export async function newCommand(name: string, flags: NewFlags): Promise<void> {
  const names = await namesIn(flags.dir);
  const filling = { table: "", column: "", type: "", references: "", to: "", ...flags };
  const drafts = draftsOf(flags.pattern, filling);
  const today = new Date().toISOString().slice(0, 10).replaceAll("-", "");
  const versions = nextVersions(names, today, drafts.length);
  const suffixes = suffixesOf(names);
  const files = drafts.flatMap(({ suffix, up, down }, index) => {
    const stem = `${versions?.[index]}_${name}${suffix}`;
    const ups = [{ file: `${stem}${suffixes.up}`, sql: up(versions ?? []) }];
    return down === null ? ups : [...ups, { file: `${stem}${suffixes.down}`, sql: down }];
  });
  const problems = [
    ...needsOf(flags.pattern)
      .filter((flag) => !filling[flag])
      .map((flag) => `--pattern ${flags.pattern} needs --${flag}`),
    ...(filling.type === "" || TYPE.test(filling.type) ? [] : [`--type ${JSON.stringify(filling.type)} is no type`]),
    ...(versions === null ? ["the newest day has no number left: 999 is taken"] : []),
    ...(versions === null || files.every(({ file }) => isMigration(file))
      ? []
      : [`${JSON.stringify(name)} is no name of a migration: letters, digits, '_', '-' and '.'`]),
  ];
  if (problems.length > 0) throw new SyntaxError(problems.join("; "));
  for (const { file, sql } of files) {
    const path = join(flags.dir, file);
    // wx: another author, or this one in another window, may have taken the version meanwhile.
    await writeFile(path, sql, { flag: "wx" });
    process.stdout.write(`${path}\n`);
  }
}

/** As SQL has them: words, lengths, arrays, a schema. No quotes around text, and nothing that ends a statement. */
const TYPE = /^[a-z_][\w ]*(?:\.\w+)?(?:\(\d+(?:, ?\d+)?\))?[\w ]*(?:\[\])*$/i;

async function namesIn(directory: string): Promise<readonly FileName[]> {
  const files = await readdir(directory).catch((cause: Error) => {
    throw new SyntaxError(`--dir ${directory} cannot be read: ${cause.message}`, { cause });
  });
  return files.map(parseFileName).filter((name): name is FileName => name !== null && "direction" in name);
}

function isMigration(file: string): boolean {
  const name = parseFileName(file);
  return name !== null && "direction" in name && !/[/\\]/.test(file);
}
