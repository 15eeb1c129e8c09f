// Which rules somebody may have meant who wrote an id that none has. Pure.

/** Those that share the most words with it; a word that was cut short counts. Empty where nothing is like it. */
export function nearRules(id: string, ids: readonly string[]): readonly string[] {
  const words = id.toLowerCase().split(/[^a-z]+/);
  const likeness = (other: string) =>
    other.split("-").filter((word) => words.some((written) => isLike(word, written))).length;
  const most = Math.max(0, ...ids.map(likeness));
  return most === 0 ? [] : ids.filter((other) => likeness(other) === most);
}

/** Short words are too many to be taken for one another. */
function isLike(word: string, written: string): boolean {
  return word === written || (written.length > 3 && (word.startsWith(written) || written.startsWith(word)));
}
