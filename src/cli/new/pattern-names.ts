// What `hj migrations new` can write. Apart from the patterns, because the command line loads this for every command.

/** What an author can pick. */
export const PATTERNS = ["empty", "column", "index", "foreign-key", "not-null", "rename"] as const;
export type Pattern = (typeof PATTERNS)[number];
