// Every fault at every place of a run: a new run ends with everything applied once, and nobody claimed what was not so.
// Restarts of the server are in fault-matrix-restarts.test.ts.
import { afterAll, describe, test } from "vitest";
import { postgresVersions } from "../support/database.ts";
import { FAULTS, PLACES, playCell } from "../support/fault-cell.ts";

const CELLS = FAULTS.flatMap((fault) =>
  PLACES.filter((place) => fault.notAt?.[place] === undefined).map((place) => ({ fault, place, name: fault.name })),
);
const observed: string[] = [];

afterAll(() => {
  process.stdout.write(`${observed.sort().join("\n")}\n`);
});

describe.concurrent.each(postgresVersions)("on PostgreSQL $version", ({ url, version }) => {
  test.for(CELLS)("$name $place: a new run applies everything once", async ({ fault, place }, context) => {
    const reported = await playCell(context, url, fault, place);
    observed.push(`PostgreSQL ${version}, ${fault.name} ${place}: ${reported}`);
  });
});
