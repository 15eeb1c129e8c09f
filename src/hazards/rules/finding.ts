// How rules put what they found: the object, as a waiver names it, and a sentence that begins with it.
import type { ObjectName } from "../../migration/manifest.ts";
import { objectText } from "../object-text.ts";
import type { Finding } from "../rule.ts";

/** `found(table, column, "is dropped")`: "session.token is dropped". */
export function found(name: ObjectName, part: string | null, predicate: string): readonly Finding[] {
  const object = objectText(name, part);
  return [{ object, message: `${object} ${predicate}` }];
}

export const NOTHING: readonly Finding[] = [];
