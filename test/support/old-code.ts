// The old version at work while the schema changes under it: its queries on the connections that it had before and on new
// ones, and what is different afterwards. Knows no query and no migration.
import pg from "pg";
import type { Report } from "../../src/engine/report-schema.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import type { TestDatabase } from "./database.ts";
import { olderBuild, runEvent } from "./engine.ts";
import type { RecordedQuery } from "./recorded-queries.ts";
import { openSession } from "./workplace.ts";

/** What a client sees of an answer, without its rows, or the SQLSTATE instead. */
export type Answer = string;

/** A query of the old version that is not answered as it was before. */
export interface Break {
  /** When, and on which connection. */
  readonly where: string;
  readonly query: string;
  readonly before: Answer;
  readonly after: Answer;
}

/** What became of the old version, and of the migration that came while it served. */
export interface Aftermath {
  readonly applied: Report;
  /** Null when the migration is irreversible or was not applied. */
  readonly rolledBack: Report | null;
  /** In the order of the story: the first one of a `where` is a cause, the next may be its consequences. */
  readonly breaks: readonly Break[];
}

/**
 * Applies the last migration of the manifest, then rolls it back, while servers of the version before have connections
 * open. `queries` are those of the version before: without the migration each of them has to succeed.
 */
export async function oldCodeDuring(
  database: TestDatabase,
  manifest: Manifest,
  queries: readonly RecordedQuery[],
): Promise<Aftermath> {
  const run = { command: "run" };
  const oldBuild = olderBuild(manifest, manifest.migrations.length - 1);
  const made = await runEvent(database.url, oldBuild, run);
  if (made.outcome !== "applied") throw new Error(`The old version's schema was not made: ${JSON.stringify(made)}`);

  const [used, generic] = [await openSession(database.url), await openSession(database.url)];
  // One plan for all values, as PostgreSQL may choose by itself once a statement was executed often.
  await generic.query("set plan_cache_mode = force_generic_plan");
  // The migration is to meet rows.
  await tell(used, queries, { round: "kept", isKept: true });
  const before = await tell(used, queries, { round: "before", isKept: false });
  const refused = [...before].find(([, answer]) => answer.startsWith("SQLSTATE"));
  if (refused !== undefined) throw new Error(`"${refused[0]}" is no query of its version: ${refused[1]}`);
  await tell(generic, queries, { round: "before", isKept: false });

  const breaks: Break[] = [];
  const compare = async (when: string) => {
    const clients = { used, generic, new: await openSession(database.url) };
    for (const [connection, client] of Object.entries(clients)) {
      const after = await tell(client, queries, { round: "after", isKept: false });
      for (const [query, answer] of after) {
        const was = before.get(query) ?? "";
        if (answer !== was) breaks.push({ where: `${when}, ${connection}`, query, before: was, after: answer });
      }
    }
  };
  const applied = await runEvent(database.url, manifest, run);
  await compare("applied");
  if (!applied.ok || manifest.migrations.at(-1)?.down == null) return { applied, rolledBack: null, breaks };
  const rolledBack = await runEvent(database.url, manifest, { command: "rollback", steps: 1 });
  await compare("rolled back");
  return { applied, rolledBack, breaks };
}

/**
 * Executes the story once, each query as a statement that the connection prepares when it first meets it. What is not
 * kept leaves no rows behind, so that the next telling finds what this one found.
 */
export async function tell(
  client: pg.Client,
  queries: readonly RecordedQuery[],
  { round, isKept }: { readonly round: string; readonly isKept: boolean },
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  await client.query("begin");
  for (const { name, sql, values } of queries) {
    await client.query("savepoint query");
    answers.set(name, await ask(client, { name, text: sql, values: values(round) }));
  }
  await client.query(isKept ? "commit" : "rollback");
  return answers;
}

async function ask(client: pg.Client, query: pg.QueryConfig): Promise<Answer> {
  try {
    const { command, rowCount, fields } = await client.query(query);
    return `${command} ${rowCount} (${fields.map((field) => `${field.name} ${field.dataTypeID}`).join(", ")})`;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    await client.query("rollback to savepoint query");
    return `SQLSTATE ${error.code}: ${error.message}`;
  }
}
