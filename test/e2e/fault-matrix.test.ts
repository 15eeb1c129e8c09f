// Every fault at every place of a run: a new run ends with everything applied once, and nobody claimed what was not so.
// Restarts of the server are in fault-matrix-restarts.test.ts.
import { describe, test } from "vitest";
import { postgresVersions } from "../support/database.ts";
import { FAULTS, playCell } from "../support/fault-cell.ts";
import { PLACES } from "../support/fault-stage.ts";

const CELLS = FAULTS.flatMap((fault) =>
  PLACES.filter((place) => fault.notAt?.[place] === undefined).map((place) => ({ fault, place, name: fault.name })),
);

describe.concurrent.each(postgresVersions)("on PostgreSQL $version", ({ url }) => {
  test.for(CELLS)("$name $place: a new run applies everything once", ({ fault, place }, context) =>
    playCell(context, url, fault, place),
  );
});
