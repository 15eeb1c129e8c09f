// How findings and waivers name things: as one word, so that a directive line can be taken apart.
import type { ObjectName } from "../migration/manifest.ts";

/** `session`, `session.token`, `billing.invoice`, `"My table".id`: quoted as in SQL where it has to be. */
export function objectText({ schema, name }: ObjectName, part?: string | null): string {
  const parts = [...(schema === null || schema === "public" ? [] : [schema]), name, ...(part ? [part] : [])];
  return parts.map((word) => (PLAIN.test(word) ? word : `"${word.replaceAll('"', "")}"`)).join(".");
}

const PLAIN = /^[a-z_][a-z0-9_$]*$/;
