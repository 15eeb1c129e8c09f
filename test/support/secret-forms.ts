// Every way in which a secret could show up in an output that is searched for it.

/** As it is, percent-encoded, as JSON writes it, and in base64. */
function formsOf(secret: string): readonly string[] {
  const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "");
  return [
    secret,
    encodeURIComponent(secret),
    encodeURI(secret),
    new URLSearchParams({ "": secret }).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1),
    // Its last character depends on what stands behind it.
    base64.slice(0, -1),
  ];
}

/** The forms that are in the text. */
export function formsIn(text: string, secret: string): readonly string[] {
  return formsOf(secret).filter((form) => text.includes(form));
}
