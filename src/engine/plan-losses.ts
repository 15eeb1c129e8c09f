// Decides whether a rollback may lose what it would lose, and puts it into words. Pure.
import type { Problem } from "../failure/problem.ts";
import { canonicalVersion } from "../migration/version.ts";
import { COUNTED_UP_TO, type FoundColumn, type FoundTable } from "./loss-statements.ts";
import type { Origin, Sweep } from "./sweep.ts";

/** A table that is dropped or emptied, or a column that is dropped; it is there. */
export interface Doomed extends Origin {
  readonly verb: "drop" | "empty";
  readonly schema: string;
  readonly table: string;
  /** Null for the whole table. */
  readonly column: string | null;
  /** Of the table. */
  readonly oid: string;
  /** Rows of the table, of the server's statistics; 0 where there are none. */
  readonly estimate: number;
}

/** What it holds: rows, or values that are not null; not counted beyond COUNTED_UP_TO + 1. */
export interface Loss extends Doomed {
  readonly held: { readonly count: number } | { readonly uncounted: string };
}

/** What was read about a sweep; `foreignCalls` are numbers of calls that lead to functions not PostgreSQL's own. */
export interface Counted {
  readonly losses: readonly Loss[];
  readonly foreignCalls: readonly number[];
}

/** `lost` is what will be gone, allowed or not. */
export interface Judgement {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly lost: readonly Loss[];
}

/**
 * Each thing once: a column not beside its table, a partition not beside the table that it is a part of, because the
 * rows of the one are counted with the other.
 */
export function chosen(
  sweep: Sweep,
  found: { readonly tables: readonly FoundTable[]; readonly columns: readonly FoundColumn[] },
): readonly Doomed[] {
  const isSpared = ({ number, name }: FoundTable) => sweep.tables[number]?.spared.includes(name) ?? false;
  const tables = found.tables.filter((table) => !isSpared(table));
  const oids = new Set(tables.map(({ oid }) => oid));
  const whole = new Map<string, Doomed>();
  for (const { number, oid, schema, name, estimate, ancestors } of tables) {
    const swept = sweep.tables[number];
    if (swept === undefined || ancestors.some((ancestor) => oids.has(ancestor))) continue;
    const { version, migration, verb } = swept;
    const known = whole.get(oid);
    // First emptied and then dropped is dropped.
    if (known !== undefined && (known.verb === "drop" || verb === "empty")) continue;
    whole.set(oid, { version, migration, verb, schema, table: name, column: null, oid, estimate });
  }
  const parts = new Map<string, Doomed>();
  for (const { number, oid } of found.columns) {
    const swept = sweep.columns[number];
    if (swept === undefined || oids.has(oid)) continue;
    const key = JSON.stringify([oid, swept.column]);
    if (!parts.has(key)) parts.set(key, { ...swept, verb: "drop", oid, estimate: 0 });
  }
  return [...whole.values(), ...parts.values()];
}

/**
 * `schema` is the target's. `isIdleFine` where a name of which nothing is lost is no slip: in a rollback that goes on it
 * may be gone by now.
 */
export function judgeLosses(
  sweep: Sweep,
  { losses, foreignCalls }: Counted,
  allowed: readonly string[],
  { schema, isIdleFine }: { readonly schema: string; readonly isIdleFine: boolean },
): Judgement {
  const lost = losses.filter(({ held }) => "uncounted" in held || held.count > 0);
  const unnamed = lost.filter((loss) => !allowed.includes(nameOf(loss, schema)));
  const unexplained = sweep.unknown.filter((origin) => !allowed.some((name) => isNamed(origin, name)));
  const isIdle = (name: string) =>
    !lost.some((loss) => nameOf(loss, schema) === name) && !sweep.unknown.some((origin) => isNamed(origin, name));
  return {
    problems: [
      ...unexplained.map(unknown),
      ...unnamed.map((loss) => ({ ...describeLoss(loss, schema, "would"), hint: wayOut(nameOf(loss, schema)) })),
      ...(isIdleFine ? [] : allowed.filter(isIdle).map(allowedForNothing)),
    ],
    warnings: unseenWarnings(sweep, foreignCalls),
    lost,
  };
}

/**
 * How a permission names it: `session`, `session.token`, with its schema where that is not the target's, and in double
 * quotes what SQL wants in them.
 */
export function nameOf({ schema, table, column }: Pick<Loss, "schema" | "table" | "column">, target: string): string {
  const parts = [...(schema === target ? [] : [schema]), table, ...(column === null ? [] : [column])];
  return parts.map((part) => (PLAIN.test(part) ? part : `"${part.replaceAll('"', '""')}"`)).join(".");
}

const PLAIN = /^[a-z_][a-z0-9_$]*$/;

const VERBS = {
  would: { drop: "would drop", empty: "would empty", hold: "holds" },
  did: { drop: "dropped", empty: "emptied", hold: "held" },
  may: { drop: "may have dropped", empty: "may have emptied", hold: "held" },
} as const;

/** `schema` is the target's; `mood` whether it is still to come, was done, or is not known to be. */
export function describeLoss(loss: Loss, schema: string, mood: keyof typeof VERBS): Problem {
  const { version, migration, verb, column, held } = loss;
  const words = VERBS[mood];
  const what = `the ${column === null ? "table" : "column"} ${shown(nameOf(loss, schema))}`;
  const amount =
    "uncounted" in held
      ? `and what it ${words.hold} could not be counted: ${held.uncounted}`
      : `which ${words.hold} ${amountOf(held.count, loss)}`;
  return { code: "DATA_LOSS", version, message: `rolling back ${migration} ${words[verb]} ${what}, ${amount}` };
}

function amountOf(count: number, { column, estimate }: Loss): string {
  const [one, many] = column === null ? ["row", "rows"] : ["value", "values"];
  if (count <= COUNTED_UP_TO) return `${grouped(count)} ${count === 1 ? one : many}`;
  const about = estimate > COUNTED_UP_TO ? ` (about ${grouped(estimate)} by the server's last estimate)` : "";
  return `more than ${grouped(COUNTED_UP_TO)} ${many}${about}`;
}

function unknown({ version, migration }: Origin): Problem {
  return {
    code: "DATA_LOSS",
    version,
    message: `what rolling back ${migration} would lose is not known: it was applied by a build that did not record that`,
    hint: `Read its down script. ${wayOut(migration)}`,
  };
}

function wayOut(name: string): string {
  // What a terminal or a shell would take for something else is named in JSON alone.
  const flag = CONTROL.test(name) ? "" : `--allow-data-loss ${/^[\w.]+$/.test(name) ? name : quoted(name)}, or `;
  return `If it may be lost, name it: ${flag}in an event "allowDataLoss": [${JSON.stringify(name)}]. Else roll the code back and leave the schema.`;
}

/** For a POSIX shell. */
function quoted(name: string): string {
  return `'${name.replaceAll("'", "'\\''")}'`;
}

function shown(name: string): string {
  return CONTROL.test(name) ? JSON.stringify(name) : name;
}

const CONTROL = /\p{Cc}/u;

function allowedForNothing(name: string): Problem {
  const message = `names ${JSON.stringify(name)}, of which this rollback loses nothing`;
  return { code: "INVALID_EVENT", field: "allowDataLoss", message, hint: "Remove it, or correct the name." };
}

function isNamed({ version, migration }: Origin, name: string): boolean {
  return name === migration || canonicalVersion(name) === canonicalVersion(version);
}

/** One for each migration. */
function unseenWarnings({ calls, unseen, unknown }: Sweep, foreignCalls: readonly number[]): readonly Problem[] {
  const called = foreignCalls.flatMap((number) => {
    const call = calls[number];
    return call === undefined ? [] : [{ ...call, what: `${call.function.name}()` }];
  });
  const byMigration = new Map<string, Origin & { readonly whats: string[] }>();
  for (const { version, migration, what } of [...unseen, ...called]) {
    const entry = byMigration.get(migration) ?? { version, migration, whats: [] };
    if (!entry.whats.includes(what)) entry.whats.push(what);
    byMigration.set(migration, entry);
  }
  return [
    ...unknown.map(({ version, migration }) => ({
      version,
      migration,
      whats: ["a script that nobody has looked into"],
    })),
    ...byMigration.values(),
  ].map(({ version, migration, whats }) => ({
    code: "DATA_LOSS_UNSEEN",
    version,
    message: `what else rolling back ${migration} loses cannot be foreseen: ${whats.map(shown).join(", ")}`,
  }));
}

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}
