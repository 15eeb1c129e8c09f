// The servers for the tests that depend most on the server's version. Importing this file is what puts a test file into
// the subset that runs on the versions between the oldest and the newest too.
import { inject } from "vitest";
import type { TestServer } from "./postgres-servers.ts";

/**
 * For `describe.each(everyPostgresVersion)`: in order of version. The same as `postgresVersions` in a run that chose its
 * servers itself, because all its tests run on all of them.
 */
export const everyPostgresVersion: readonly TestServer[] = [...inject("postgresServers"), ...serversBetween()].sort(
  (a, b) => a.version - b.version,
);

function serversBetween(): readonly TestServer[] {
  const servers = inject("serversBetween");
  // Without this a subset that nobody started would pass by running nothing.
  if (servers === null)
    throw new Error("The servers between were not started: a test file has to import every-version.ts itself.");
  return servers;
}
