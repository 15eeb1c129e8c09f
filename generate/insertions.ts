// Puts the program's own words between the markers of a document. Pure; what the words are is examples.ts' to find out.

/** By the name that a marker gives. Lines without an end of line behind the last. */
export type Texts = ReadonlyMap<string, string>;

const MARKED = /(<!-- generated: (?<name>[\w-]+) -->\n)[\s\S]*?(\n?<!-- end -->)/g;

/** The document with every marked block as it has to be. Throws for a name that nothing is known of. */
export function withInsertions(document: string, texts: Texts): string {
  return document.replaceAll(MARKED, (_, head: string, name: string) => {
    const text = texts.get(name);
    if (text === undefined) throw new Error(`nothing is known that could stand at <!-- generated: ${name} -->`);
    return `${head}${text}\n<!-- end -->`;
  });
}

/** A fenced block. */
export function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}
