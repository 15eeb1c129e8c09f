// What a run did on the line besides its migrations: locks and changes to tables of the tool's own. Pure.
import { OWN } from "./migrations.ts";
import type { Form } from "./scenarios.ts";

/** What a proxy counted in one run. */
export interface Counts {
  readonly connections: number;
  readonly roundTrips: number;
  readonly queries: readonly string[];
}

/** Per run. `locks` and `ddl` count statements, not what the server takes on its own account. */
export interface WireFigures {
  readonly connections: number;
  readonly roundTrips: number;
  readonly locks: number;
  readonly ddl: number;
}

/** What one run of a tool does on the line. */
export interface Counted extends WireFigures {
  readonly tool: string;
  readonly form: Form;
}

const LOCKS =
  /\bpg_(?:try_)?advisory_(?:xact_)?lock|^\s*lock\b|\bfor\s+(?:no\s+key\s+)?update\b|\bwhere\s+"?is_locked"?\s*=/i;
const DDL = /^\s*(?:create|alter|drop|comment|truncate)\b/i;

/** Leaves the migrations' own statements out: they are the same for every tool. */
export function wireFigures({ connections, roundTrips, queries }: Counts): WireFigures {
  const statements = queries.flatMap((text) => text.split(";")).filter((text) => !text.includes(OWN));
  const count = (pattern: RegExp) => statements.filter((text) => pattern.test(text)).length;
  return { connections, roundTrips, locks: count(LOCKS), ddl: count(DDL) };
}
