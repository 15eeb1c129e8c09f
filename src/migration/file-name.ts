// What a migration file may be called. Knows nothing of what is in it.
import type { Problem } from "../failure/problem.ts";

export type Direction = "up" | "down";

/** A file name taken apart. */
export interface FileName {
  readonly file: string;
  readonly version: string;
  readonly name: string;
  readonly direction: Direction;
}

// A date and three digits, or just digits. The longer form is tried first, so that 20240601_001_add has the version
// 20240601_001 and not 20240601.
const FILE_NAME = /^(?<version>\d{8}_\d{3}|\d{1,32})_(?<name>.+?)(?:[._](?<direction>up|down))?\.sql$/i;

// What every file system, shell and report can carry; names end up in a terminal. A lone direction or three lone digits
// are no name but what is left of a version without one.
const NAME = /^(?!(?:up|down)$|\d{3}$)[\p{L}\p{N}][\p{L}\p{N}_.-]{0,119}$/iu;

/**
 * Takes a name apart: `V_name.up.sql`, `V_name_up.sql`, or a plain `V_name.sql`, which is an up.
 *
 * Null for a file that is no SQL at all, such as a README beside the migrations.
 */
export function parseFileName(file: string): FileName | Problem | null {
  if (!file.toLowerCase().endsWith(".sql")) return null;
  const { version, name, direction } = FILE_NAME.exec(file)?.groups ?? {};
  if (version === undefined || name === undefined || !NAME.test(name)) {
    return {
      code: "INVALID_MIGRATION",
      file: JSON.stringify(file).slice(1, -1),
      message: "is no name of a migration",
      hint: "Expected <version>_<name>.up.sql, where the version is digits (0042) or a date and three digits (20240601_001) and the name is letters, digits, '_', '-' or '.'.",
    };
  }
  return { file, version, name, direction: direction?.toLowerCase() === "down" ? "down" : "up" };
}
