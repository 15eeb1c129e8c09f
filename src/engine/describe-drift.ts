// One difference in words. Pure, and without an import but types: the command line loads this for every command.
import type { Drift } from "../schema/drift.ts";

/** Such as `missing column hj_user.email`. */
export function describeDrift({ kind, object }: Pick<Drift, "kind" | "object">): string {
  const { kind: what, of, name } = object;
  return `${kind} ${what} ${of === "" || what === "index" ? "" : `${of}.`}${name}`;
}
