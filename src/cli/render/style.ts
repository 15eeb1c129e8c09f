// How a report looks on a terminal: the few marks and colours that all of it is made of.
import { styleText } from "node:util";

/** Puts a colour on a text, or leaves it as it is where colours are not wanted. */
export type Style = (colour: "red" | "green" | "yellow" | "dim" | "bold", text: string) => string;

/** Colours only on a terminal, and never with NO_COLOR: https://no-color.org */
export function styleFor(stream: NodeJS.WriteStream): Style {
  return (colour, text) => styleText(colour, text, { stream });
}

/** `2024-01-15 09:00:00`, in UTC. */
export function formatInstant(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}
