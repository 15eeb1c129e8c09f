// `npm run demo`: a deploy of HelloJohn, from before it to its rollback, while an application is served. Every step is
// held against how it is to end, so that the demo is its own test: it exits with 0 only when the whole story was as told.
import { createNarrator } from "./narrator.ts";
import { openStage } from "./stage.ts";
import { play } from "./story.ts";

/** As shells report a process that a signal ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

let close: () => Promise<void> = async () => {};
let isInterrupted = false;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    isInterrupted = true;
    process.stderr.write("\nEnding what the demo started ...\n");
    // Whatever fails now fails because it is ended.
    const exit = () => process.exit(EXIT_CODES[signal]);
    close().then(exit, exit);
  });
}

const narrator = createNarrator(process.stdout);
narrator.title(
  "HelloJohn migration hook: a deploy that has to wait for a table, and one that fails",
  "PostgreSQL, the function of dist/function.zip and hj are real. CodeDeploy is a stand-in on this machine that takes the answers.",
);
try {
  const withColours = process.stdout.isTTY && process.stdout.hasColors();
  const stage = await openStage(withColours, (end) => {
    close = end;
  });
  await play(stage, narrator);
} catch (error) {
  fail(error);
}
await close().catch(fail);

function fail(error: unknown): void {
  if (isInterrupted) return;
  process.stderr.write(`\nThe demo did not end as it is told: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
