// What the engine works on: a database it can connect to, and a schema in it. Nothing about where it came from.
import type { Connect } from "../connection/connector.ts";

/** One database and the schema in it. The engine opens further connections to cancel what runs too long. */
export interface Target {
  readonly connect: Connect;
  readonly schema: string;
  readonly journal: string;
}
