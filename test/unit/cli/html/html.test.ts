import { describe, expect, test } from "vitest";
import { html } from "../../../../src/cli/html/html.ts";

describe("html", () => {
  test("takes what is put in for text, in an attribute too", () => {
    const hostile = `"><script>alert('x')</script>&amp;`;
    expect(html`<a title="${hostile}">${hostile}</a>`.toString()).toBe(
      '<a title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;</a>',
    );
  });

  test("takes what a template made as it is, also in a list", () => {
    const items = ["<a>", "b"].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}</ul>`.toString()).toBe("<ul><li>&lt;a&gt;</li><li>b</li></ul>");
  });

  test("does not take what only looks like markup for it: a report may be anybody's", () => {
    const forged = { text: "<script>", toString: () => "<script>" } as unknown as string;
    expect(html`${forged}`.toString()).toBe("&lt;script&gt;");
  });

  test("puts nothing for null, and a number as it is", () => {
    expect(html`<p>${null}${0}${-1.5}</p>`.toString()).toBe("<p>0-1.5</p>");
  });

  test.each([
    ["\u202E", "[U+202E]"],
    ["\u2067", "[U+2067]"],
    ["\u200F", "[U+200F]"],
    ["\u0000", "[U+0000]"],
    ["\u001B", "[U+001B]"],
    ["\u0085", "[U+0085]"],
    ["\uD800", "\uFFFD"],
  ])("shows a character that would hide, or turn the text around: %j", (character, shown) => {
    expect(html`a${character}b`.toString()).toBe(`a${shown}b`);
  });

  test.each(["é", "שלום", "日本", "👩‍💻", "a\tb\nc"])("leaves other scripts and line ends as they are: %j", (text) => {
    expect(html`${text}`.toString()).toBe(text);
  });

  test("cuts a text that nobody would read to its end", () => {
    const page = html`${"x".repeat(1_000_000)}`.toString();
    expect(page).toMatch(/^x{2000}…$/);
  });
});
