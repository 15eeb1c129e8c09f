// What makes two migration files the same.
import { createHash } from "node:crypto";
import { isDirectiveLine } from "./directives.ts";
import { LINE_END } from "./text-place.ts";

/**
 * SHA-256, in hex, of what the file does: directive lines, line endings, a byte-order mark and trailing blank lines
 * are left out, so that a waiver added later or a checkout on Windows changes nothing.
 */
export function checksum(sql: string): string {
  return createHash("sha256").update(normalise(sql), "utf8").digest("hex");
}

function normalise(sql: string): string {
  const lines = sql.replace(/^\uFEFF/, "").split(LINE_END);
  const kept = lines.filter((line) => !isDirectiveLine(line));
  return kept.slice(0, kept.findLastIndex((line) => line.trim() !== "") + 1).join("\n");
}
