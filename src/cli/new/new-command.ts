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
    ...idleFlags(flags).map((flag) => `--pattern ${flags.pattern} has no use for --${flag}`),
    ...objectionsTo(filling.type),
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

/** What may stand behind a type, and is a change of its own. */
const MORE_THAN_TYPE = /\b(?:not|null|default|unique|primary|references|check|generated|collate|constraint)\b/i;

function objectionsTo(type: string): readonly string[] {
  if (type !== "" && !TYPE.test(type)) return [`--type ${JSON.stringify(type)} is no type`];
  const more = MORE_THAN_TYPE.exec(type)?.[0];
  return more === undefined
    ? []
    : [`--type ${JSON.stringify(type)} is more than a type: write what begins with ${more} into the file`];
}

/** Somebody who gives a column and no pattern does not want an empty file. */
function idleFlags({ dir: _dir, pattern, ...filling }: NewFlags): readonly string[] {
  const used: readonly string[] = needsOf(pattern);
  return Object.keys(filling).filter((flag) => !used.includes(flag));
}

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
