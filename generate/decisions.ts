// The list of decisions, by their titles.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** One line a decision, as Markdown. */
export async function decisionsList(root: string): Promise<string> {
  const directory = join(root, "docs", "decisions");
  const files = (await readdir(directory)).filter((file) => /^\d{4}-/.test(file)).sort();
  const lines = files.map(async (file) => {
    const [title = ""] = (await readFile(join(directory, file), "utf8")).split("\n");
    return `- [${title.replace(/^# /, "")}](${file})`;
  });
  return (await Promise.all(lines)).join("\n");
}
