// Applies all migrations to an empty database, one after the other, to find out what each makes of the schema. For the
// build and for authors: nothing is recorded, and whatever is in the schema is theirs.
import type { Manifest, Migration } from "../migration/manifest.ts";
import { changeBetween, type Snapshot } from "../schema/snapshot.ts";
import { applyUnrecorded, freshUp, onScratch } from "./apply-unrecorded.ts";
import { readSchema } from "./read-schema.ts";
import type { Target } from "./target.ts";

/** The manifest with what each migration makes of an empty schema. Throws a MigrationError where one of them fails. */
export async function rehearse(manifest: Manifest, target: Target): Promise<Manifest> {
  return onScratch(target, "rehearsal", async (session) => {
    let before: Snapshot = await readSchema(session, target, Number.POSITIVE_INFINITY);
    const migrations: Migration[] = [];
    for (const migration of manifest.migrations) {
      await applyUnrecorded(session, target, freshUp(migration));
      const after = await readSchema(session, target, Number.POSITIVE_INFINITY);
      migrations.push({ ...migration, change: changeBetween(before, after) });
      before = after;
    }
    return { ...manifest, migrations };
  });
}
