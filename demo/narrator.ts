// How the demo looks on a terminal: its steps, the product's own output beside a bar, and the figures. Decides nothing.
import { styleText } from "node:util";

/** Tells the story. Every text is one or more lines without a line end behind the last. */
export interface Narrator {
  /** Before everything. */
  title(title: string, text: string): void;
  /** What happens now, and why. */
  step(title: string, why: string): void;
  /** A command as a person types it. */
  command(text: string): void;
  /** What the product itself prints. */
  output(text: string): void;
  /** What somebody does or says beside that. */
  event(who: string, text: string): void;
  /** The end: names and figures. */
  summary(figures: readonly (readonly [string, string])[]): void;
}

const WIDTH = 98;
const WHO = 15;

/** Colours only on a terminal, and never with NO_COLOR: https://no-color.org */
export function createNarrator(stream: NodeJS.WriteStream): Narrator {
  const style = (format: Parameters<typeof styleText>[0], text: string) => styleText(format, text, { stream });
  let isAfterGap = true;
  const print = (text: string) => {
    stream.write(`${text}\n`);
    isAfterGap = text === "";
  };
  const gap = () => {
    if (!isAfterGap) print("");
  };
  let steps = 0;
  const explain = (text: string) => {
    for (const line of wrap(text, WIDTH - 4)) print(`    ${style("italic", line)}`);
    gap();
  };
  return {
    title(title, text) {
      print(` ${style("bold", title)}`);
      explain(text);
    },
    step(title, why) {
      steps++;
      gap();
      const head = ` ${steps}  ${title} `;
      print(`${style(["bold", "cyan"], head)}${style("cyan", "─".repeat(Math.max(0, WIDTH - head.length)))}`);
      explain(why);
    },
    command(text) {
      gap();
      print(`  ${style("cyan", "$")} ${style("bold", text)}`);
    },
    output(text) {
      for (const line of text.split("\n")) print(`  ${style("dim", "│")} ${line}`.trimEnd());
      gap();
    },
    event(who, text) {
      const [first = "", ...rest] = wrap(text, WIDTH - WHO - 2);
      print(`  ${style("yellow", who.padEnd(WHO))}${first}`);
      for (const line of rest) print(`${" ".repeat(WHO + 2)}${line}`);
    },
    summary(figures) {
      gap();
      print(` ${style("bold", "What the application felt of all this")}`);
      for (const [name, figure] of figures) print(`    ${name.padEnd(22)}${style("bold", figure)}`);
    },
  };
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
