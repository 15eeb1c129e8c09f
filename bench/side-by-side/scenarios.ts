// What is measured: which migrations there are, how many of them are applied before, and how often. Pure.
import type { Action } from "./contestants.ts";
import { largeMigration, OWN, rowMigrations, type SmallMigration, smallMigrations } from "./migrations.ts";

/** As a call inside a process that runs already, or as a process that somebody starts. */
export const FORMS = ["call", "process"] as const;
export type Form = (typeof FORMS)[number];

/** Added to the line, one way, in milliseconds. */
export const LATENCIES = [0, 2] as const;
export type Latency = (typeof LATENCIES)[number];

/** One table of results, for each form and latency. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly action: Action;
  readonly migrations: readonly SmallMigration[];
  /** The name of a database in which all of them are applied before; those of one name share it. Null: a fresh one each time. */
  readonly appliedIn: string | null;
  /** How often each form is run with each latency; 0 leaves a slow combination out. */
  readonly rounds: Readonly<Record<Form, Readonly<Record<Latency, number>>>>;
  /** Asked of the database after each run, which has to answer with this number. */
  readonly check: { readonly sql: string; readonly expected: number };
}

const ALL = { 0: 5, 2: 5 };
/** What is over in milliseconds: more of them, or the noise is more than what is to be told apart. */
const SHORT = { 0: 15, 2: 15 };

/** In the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "nothing",
    title: "Nothing to do, 50 applied",
    action: "up",
    migrations: smallMigrations(50),
    appliedIn: "applied_50",
    rounds: { call: SHORT, process: ALL },
    check: tables(50),
  },
  small(1, { call: ALL, process: ALL }),
  small(50, { call: { 0: 5, 2: 3 }, process: { 0: 5, 2: 3 } }),
  small(200, { call: { 0: 5, 2: 3 }, process: { 0: 3, 2: 0 } }),
  small(1_000, { call: { 0: 3, 2: 1 }, process: { 0: 1, 2: 0 } }),
  {
    name: "5000-statements",
    title: "One file of 5,000 statements",
    action: "up",
    migrations: largeMigration(5_000),
    appliedIn: null,
    rounds: { call: { 0: 5, 2: 5 }, process: { 0: 3, 2: 0 } },
    check: rows(4_999),
  },
  many("nothing-10000", "Nothing to do, 10,000 applied", "up", 10_000),
  many("status-10000", "Status or list, 10,000 applied", "status", 10_000),
  many("status-10", "Status or list, 10 applied", "status", 10),
];

/** Another one is first in each round. */
export function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function small(count: number, rounds: Scenario["rounds"]): Scenario {
  const title = count === 1 ? "One small migration" : `${count.toLocaleString("en")} small migrations`;
  const migrations = smallMigrations(count);
  return { name: String(count), title, action: "up", migrations, appliedIn: null, rounds, check: tables(count) };
}

function many(name: string, title: string, action: Action, count: number): Scenario {
  const rounds = { call: { 0: 5, 2: 5 }, process: { 0: 3, 2: 0 } };
  const migrations = rowMigrations(count);
  return { name, title, action, migrations, appliedIn: `applied_${count}`, rounds, check: rows(count - 1) };
}

function tables(expected: number): Scenario["check"] {
  const sql = `select count(*)::int as found from pg_class where relkind = 'r' and relname like '${OWN}%'`;
  return { sql, expected };
}

function rows(expected: number): Scenario["check"] {
  return { sql: `select count(*)::int as found from ${OWN}_row`, expected };
}
