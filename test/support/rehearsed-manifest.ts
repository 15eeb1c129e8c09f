// A manifest that knows what its migrations make of a schema, as the build's does. Uses a server that tests have anyway.
import { expandFirst, withExpandFirst } from "../../src/build/order-problems.ts";
import { connectTo } from "../../src/connection/connect-to.ts";
import { rehearse } from "../../src/engine/rehearse.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { createTestDatabase } from "./database.ts";

/** Runs the migrations in a database of their own, which is gone afterwards; contract ones also behind all others. */
export async function rehearsedManifest(manifest: Manifest, serverUrl: string): Promise<Manifest> {
  const inOrder = await rehearsedOnce(manifest, serverUrl);
  if (manifest.migrations.every(({ contractAfter }) => contractAfter === null)) return inOrder;
  const other = await rehearsedOnce(expandFirst(manifest), serverUrl);
  const changes = other.migrations.flatMap(({ version, change }) => (change ? [[version, change] as const] : []));
  return withExpandFirst(inOrder, new Map(changes));
}

async function rehearsedOnce(manifest: Manifest, serverUrl: string): Promise<Manifest> {
  const database = await createTestDatabase(serverUrl);
  try {
    return await rehearse(manifest, { connect: connectTo(database.url), schema: "public", journal: "hj_migration" });
  } finally {
    await database.drop();
  }
}
