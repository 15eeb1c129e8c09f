// The table of cold starts. Pure.

import { ratioOf, spreadOf } from "../side-by-side/statistics.ts";
import { duration, markdown, ratio } from "../side-by-side/table.ts";
import type { ColdStart } from "./start.ts";

/** One start of one function. */
export interface Sample extends ColdStart {
  readonly name: string;
  readonly round: number;
}

/** A row for each function, in the order of the samples. Each figure: the median, and between what it lay. */
export function coldStartTable(samples: readonly Sample[], floor: string): string {
  const head = ["function", "loaded", "answered", `× ${floor}`, "CPU", `CPU × ${floor}`, "peak memory"];
  const names = [...new Set(samples.map(({ name }) => name))];
  return markdown(
    head,
    names.map((name) => rowOf(name, samples, floor)),
  );
}

function rowOf(name: string, samples: readonly Sample[], floor: string): readonly string[] {
  const own = samples.filter((sample) => sample.name === name);
  const others = samples.filter((sample) => sample.name === floor);
  const over = (figure: Figure) => ratio(ratioOf(timed(own, figure), timed(others, figure)));
  return [
    name,
    spread(own, "loadedMs"),
    spread(own, "answeredMs"),
    over("answeredMs"),
    spread(own, "cpuMs"),
    over("cpuMs"),
    `${Math.round(Math.max(...own.map(({ peakMb }) => peakMb)))} MB`,
  ];
}

type Figure = "loadedMs" | "answeredMs" | "cpuMs";

function timed(samples: readonly Sample[], figure: Figure) {
  return samples.map(({ round, [figure]: wallMs }) => ({ round, wallMs }));
}

function spread(samples: readonly Sample[], figure: Figure): string {
  const found = spreadOf(samples.map(({ [figure]: ms }) => ms));
  return found === null ? "-" : `${duration(found.median)} (${duration(found.min)} to ${duration(found.max)})`;
}
