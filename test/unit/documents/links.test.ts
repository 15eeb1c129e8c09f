// No link in any document leads nowhere. Those to other sites are looked at for their form only: tests need no network.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../support/built-product.ts";
import { anchorsIn, DOCUMENTS, filesNamedIn, linksIn, readDocument, resolveLink } from "../../support/documents.ts";

/** What is wrong with the links of a document; empty when nothing is. */
function deadLinks(document: string, markdown: string): readonly string[] {
  return linksIn(markdown).flatMap(({ line, target }) => {
    const why = whyDead(document, markdown, target);
    return why === null ? [] : [`${document}:${line} ${target}: ${why}`];
  });
}

function whyDead(document: string, markdown: string, target: string): string | null {
  if (/^[a-z]+:/i.test(target)) return isWellFormed(target) ? null : "is no address of a page";
  const { path, anchor } = resolveLink(document, target);
  if (path.startsWith("..") || !existsSync(join(ROOT, path))) return "there is no such file";
  if (anchor === "") return null;
  const anchors = anchorsIn(path === document ? markdown : readDocument(path));
  return anchors.has(anchor) ? null : "there is no such heading";
}

function isWellFormed(target: string): boolean {
  const url = URL.canParse(target) ? new URL(target) : null;
  return url?.protocol === "mailto:" || (url?.protocol === "https:" && url.hostname.includes("."));
}

test("the documents are found", () => {
  expect(DOCUMENTS).toEqual(expect.arrayContaining(["README.md", "docs/deploy.md", "docs/operations.md"]));
});

test.each(DOCUMENTS)("no link in %s is dead", (document) => {
  expect(deadLinks(document, readDocument(document))).toEqual([]);
});

test.each(DOCUMENTS)("every file that %s names is there", (document) => {
  // In documents about the code, paths begin below src/. What a build makes, or a reader is to name, need not be there.
  const missing = filesNamedIn(readDocument(document)).filter(
    (name) => !/^dist|NAME/.test(name) && !["", "src", "infra"].some((folder) => existsSync(join(ROOT, folder, name))),
  );
  expect(missing).toEqual([]);
});

describe("a link is found dead", () => {
  test.each([
    ["[a file](nowhere.md)", "there is no such file"],
    ["[a file outside](../../elsewhere.md)", "there is no such file"],
    ["[a heading](#not-there)", "there is no such heading"],
    ["[a heading of another](../README.md#not-there)", "there is no such heading"],
    ["![a picture](missing.svg)", "there is no such file"],
    ['<img src="missing.png">', "there is no such file"],
    ["[a reference]: missing.md", "there is no such file"],
    ["[a site](https://)", "is no address of a page"],
    ["[a site](http://example.com/)", "is no address of a page"],
  ])("%s", (markdown, why) => {
    expect(deadLinks("docs/deploy.md", `# Any\n\n${markdown}\n`)).toEqual([expect.stringContaining(why)]);
  });

  test.each([
    "[a file](../README.md)",
    "[a heading](#what-it-is)",
    "[a site](https://www.postgresql.org/docs/current/)",
    "`[no link](nowhere.md)`",
    "```\n[no link](nowhere.md)\n```",
  ])("not %j", (markdown) => {
    expect(deadLinks("docs/deploy.md", `# Any\n\n## What it *is*?\n\n${markdown}\n`)).toEqual([]);
  });
});
