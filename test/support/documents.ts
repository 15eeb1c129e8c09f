// The Markdown files of the repository, and what is in them: headings, links, fenced blocks. Judges nothing.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { ROOT } from "./built-product.ts";

/** Paths from the root of every document that a reader may come upon. */
export const DOCUMENTS: readonly string[] = globSync("**/*.md", {
  cwd: ROOT,
  exclude: (name) => ["node_modules", "dist", ".git", ".hj"].includes(name),
}).sort();

/** A link as it is written, with the line it is in. */
export interface Link {
  readonly line: number;
  readonly target: string;
}

/** A fenced block: what stands behind the fence, what is inside, and where. */
export interface Block {
  readonly line: number;
  /** The nearest one above, without its marks. */
  readonly heading: string;
  readonly language: string;
  readonly text: string;
}

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Inline links, images, definitions of references, and the links of HTML, outside of code. */
export function linksIn(markdown: string): readonly Link[] {
  return withoutCode(markdown)
    .split("\n")
    .flatMap((text, index) =>
      [
        ...text.matchAll(
          /\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\s*\[[^\]]+\]:\s*(\S+)|(?:href|src)="([^"]+)"|<(https?:[^>]+)>/g,
        ),
      ].map(([, ...targets]) => ({ line: index + 1, target: targets.find((target) => target !== undefined) ?? "" })),
    );
}

/** What GitHub makes of each heading, the second of a name with a number behind it; and ids that HTML gives. */
export function anchorsIn(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutFences(markdown).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  for (const [, id = ""] of markdown.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

/** Every fenced block in order, also of an item in a list, without its indentation. */
export function blocksIn(markdown: string): readonly Block[] {
  return [...markdown.matchAll(FENCED)].map(({ index, groups }) => {
    const above = markdown.slice(0, index);
    return {
      line: above.split("\n").length,
      heading: [...withoutFences(above).matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? "",
      language: groups?.["language"] ?? "",
      text: (groups?.["text"] ?? "").replaceAll(new RegExp(`^${groups?.["indent"]}`, "gm"), ""),
    };
  });
}

/** Paths of files that a text in backticks names. */
export function filesNamedIn(markdown: string): readonly string[] {
  const names = withoutFences(markdown).matchAll(/`((?:[\w.-]+\/)+[\w-]+\.(?:ts|mjs|md|sql|yaml|json|svg|toml))`/g);
  return [...names].map(([, name = ""]) => name);
}

/** Where a relative link of a document leads to, from the root. */
export function resolveLink(document: string, target: string): { readonly path: string; readonly anchor: string } {
  const [path = "", anchor = ""] = decodeURIComponent(target).split("#");
  return { path: path === "" ? document : normalize(join(dirname(document), path)), anchor };
}

const FENCED = /^(?<indent> *)(?<fence>`{3,})(?<language>\w*)[^\n]*\n(?<text>[\s\S]*?)^\k<indent>\k<fence>$/gm;

function withoutFences(markdown: string): string {
  return markdown.replaceAll(FENCED, blank);
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replaceAll(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, blank);
}

/** The lines stay, so that they can be counted. */
function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, " ");
}
