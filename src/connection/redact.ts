// Takes secrets out of whatever leaves this process. The one place that does; everything that leaves passes through it.

/** Learns secrets as they become known, and takes them out of values. */
export interface Redactor {
  /**
   * From now on this text is taken out, in every form that an error or a URL could show it in. Not where it is part of
   * something `known` to everybody (`postgres` is many a password): it could not be told apart, and a report without
   * the name of its database helps nobody.
   */
  readonly learn: (secret: string, known?: readonly string[]) => void;
  /** The value with every text in it redacted, keys of objects apart. */
  readonly redact: <T>(value: T) => T;
}

/** Shorter ones are found in any text by chance. */
const SHORTEST = 4;
const MASK = "***";

export function createRedactor(): Redactor {
  let forms: readonly string[] = [];
  const redactText = (text: string) => {
    let redacted = text;
    for (const form of forms) redacted = redacted.replaceAll(form, MASK);
    return withoutCredentials(redacted);
  };
  return {
    learn: (secret, known = []) => {
      if (secret.length < SHORTEST || known.some((text) => text.includes(secret))) return;
      const added = formsOf(secret).filter((form) => form.length >= SHORTEST);
      // Longest first, over all secrets: an old password that the new one begins with would leave the rest of it.
      forms = [...new Set([...forms, ...added])].sort((one, other) => other.length - one.length);
    },
    redact: (value) => mapTexts(value, redactText),
  };
}

/**
 * Also where nobody has told us the secret: a URL's password, with an @ in it too, and the signature in a token or a
 * presigned URL. The example in our own hints stays readable. Looks at each character a fixed number of times: a server
 * quotes megabytes of what it was given, and a pattern that begins with `\w+` would look for hours.
 */
export function withoutCredentials(text: string): string {
  return withoutPasswords(text).replace(/((?:X-Amz-(?:Signature|Security-Token|Credential))=)[^\s&"']+/gi, `$1${MASK}`);
}

/** What is behind `scheme://user`. */
const BEFORE_PASSWORD = /(?<=\w:\/\/[^\s:/@]*):/g;
const EXAMPLE = "PASSWORD@HOST:5432/DATABASE";

/** A password goes on to the last @ of its word. */
function withoutPasswords(text: string): string {
  const parts: string[] = [];
  let kept = 0;
  let word = { end: 0, at: -1 };
  for (const { index } of text.matchAll(BEFORE_PASSWORD)) {
    const from = index + 1;
    if (from >= word.end) word = wordAt(text, from);
    if (from >= word.at || from < kept || text.startsWith(EXAMPLE, from)) continue;
    parts.push(text.slice(kept, from), MASK);
    kept = word.at;
  }
  return parts.join("") + text.slice(kept);
}

function wordAt(text: string, from: number): { readonly end: number; readonly at: number } {
  const [word = ""] = /[^\s"]*/y.exec(text.slice(from)) ?? [];
  return { end: from + word.length, at: from + word.lastIndexOf("@") };
}

/** As it is, percent-encoded in two ways, as JSON writes it (once and twice), and as base64 of either alphabet. */
function formsOf(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  // Half a surrogate pair, which JSON can hold, has no bytes: nothing that is sent anywhere keeps it.
  const sent = secret.toWellFormed();
  const bytes = Buffer.from(secret, "utf8");
  return [
    secret,
    encodeURIComponent(sent),
    encodeURI(sent),
    new URLSearchParams({ "": secret }).toString().slice(1),
    json,
    JSON.stringify(json).slice(1, -1),
    ...base64Forms(bytes),
  ];
}

/** The secret may stand anywhere in what was encoded, so all three alignments; the ends depend on what is beside it. */
function base64Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6)];
    const inner = encoded.slice(from, to);
    return [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

function mapTexts<T>(value: T, map: (text: string) => string): T {
  if (typeof value === "string") return map(value) as T;
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)])) as T;
}
