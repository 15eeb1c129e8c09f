// Where a program is that tests use and npm does not have.
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** The first of these that is installed, or null: for `describe.runIf(program !== null)`. .ci/install-programs installs them. */
export function installedProgram(...names: readonly string[]): string | null {
  // Debian installs what only root starts where only root's path leads.
  const directories = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin"].filter((entry) => entry !== "");
  return names.flatMap((name) => directories.map((entry) => join(entry, name))).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
