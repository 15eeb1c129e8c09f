// What the engine works on: a database it can connect to, and a schema in it. Nothing about where it came from.
import type { Connection } from "../connection/open.ts";

/** One database and the schema in it. The engine opens further connections to cancel what runs too long. */
export interface Target {
  /** A new session each time; throws a MigrationError. Whoever asked ends it. */
  readonly connect: () => Promise<Connection>;
  /** For reports: no password. */
  readonly maskedUrl: string;
  readonly host: string;
  readonly schema: string;
  readonly journal: string;
}
