// Takes out of an output what is another each time: ids, instants, durations, where the server was. Everything else
// stays as the program printed it. Pure.

/** The text that the same build prints on every machine and every day. */
export function unvarying(output: string): string {
  const id = inTurn((index) => `${String(index + 1).padStart(8, "0")}-0000-4000-8000-000000000000`);
  const instant = inTurn((index) => new Date(FIRST_INSTANT + index * 40).toISOString());
  const second = inTurn((index) =>
    new Date(FIRST_INSTANT + index * 1_000).toISOString().slice(0, 19).replace("T", " "),
  );
  const duration = inTurn((index) => String(DURATIONS_MS[index % DURATIONS_MS.length]));
  return output
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, id)
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, instant)
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, second)
    .replaceAll(/(?<=\()(?:\d+ms|\d+\.\d+s|\d+s)/g, () => `${duration()}ms`)
    .replaceAll(/(?<="durationMs": )\d+/g, duration)
    .replaceAll(/postgres:\*\*\*@127\.0\.0\.1:\d+/g, "user:***@host:5432");
}

/** A Monday morning. */
const FIRST_INSTANT = Date.UTC(2026, 0, 19, 9, 0, 0);

/** As they were once, on a small machine. */
const DURATIONS_MS = [61, 11, 8, 5, 6, 3, 9];

/** Each one that is found gets the next: two that happen to be the same today need not be tomorrow. */
function inTurn(nth: (index: number) => string): () => string {
  let index = 0;
  return () => nth(index++);
}
