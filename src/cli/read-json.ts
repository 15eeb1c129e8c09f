// Reads what a person hands over as JSON, from a file or from standard input.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

/** `-` is standard input; `what` is how an error names it. Throws a SyntaxError, which is a wrong argument. */
export async function readJson(source: string, what: string): Promise<unknown> {
  const json = await (source === "-" ? text(process.stdin) : readWhole(source, what));
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new SyntaxError(`${source === "-" ? "standard input" : source} is not JSON`, { cause });
  }
}

function readWhole(file: string, what: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: Error) => {
    throw new SyntaxError(`${what} cannot be read: ${cause.message}`, { cause });
  });
}
