// Decides from flags and environment where a command runs. Pure.
import type { Environment } from "../connection/environment.ts";
import type { Refusal } from "../failure/problem.ts";

/** The flags that name a target. */
export interface TargetFlags {
  readonly databaseUrl?: string;
  readonly embedded?: boolean;
}

/** Where a command runs. `field` is what a problem with the URL is blamed on. */
export type CliTarget =
  | { readonly kind: "database"; readonly url: string; readonly field: string }
  | { readonly kind: "embedded" };

/** A flag beats a variable; two flags are one too many. */
export function chooseTarget(flags: TargetFlags, environment: Environment): CliTarget | Refusal {
  if (flags.databaseUrl !== undefined && flags.embedded) {
    const message = "--database-url and --embedded both name a database";
    return { problems: [{ code: "INVALID_ARGUMENT", message, hint: "Give one of them." }] };
  }
  if (flags.embedded) return { kind: "embedded" };
  if (flags.databaseUrl !== undefined) return { kind: "database", url: flags.databaseUrl, field: "--database-url" };
  return { kind: "database", url: environment["HELLOJOHN_DATABASE_URL"] ?? "", field: "HELLOJOHN_DATABASE_URL" };
}
