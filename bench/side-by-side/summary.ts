// From samples to figures: for each form and latency what every tool took, beside the floor and the fastest peer. Pure.
import type { Contestant } from "./contestants.ts";
import type { Form } from "./scenarios.ts";
import { ratioOf, type Spread, spreadOf } from "./statistics.ts";

/** One timed run of one tool. */
export interface Sample {
  readonly tool: string;
  readonly form: Form;
  readonly latencyMs: number;
  readonly round: number;
  readonly wallMs: number;
  readonly cpuMs: number | null;
  readonly peakMb: number | null;
}

/** One tool in one cell. Without a time it has not run in this form. */
export interface Row {
  readonly tool: string;
  readonly kind: Contestant["kind"];
  readonly wallMs: Spread | null;
  readonly ofFloor: Spread | null;
  readonly ofFastestPeer: Spread | null;
  /** The median, user and system. */
  readonly cpuMs: number | null;
  /** The largest of all runs. */
  readonly peakMb: number | null;
}

/** All tools that ran side by side. */
export interface Cell {
  readonly form: Form;
  readonly latencyMs: number;
  readonly rounds: number;
  /** By its median. */
  readonly fastestPeer: string | null;
  readonly rows: readonly Row[];
}

/** In the order in which forms and latencies first occur, and of the contestants. What never ran is in none of them. */
export function cellsOf(samples: readonly Sample[], all: readonly Contestant[]): readonly Cell[] {
  const contestants = all.filter(({ name }) => samples.some(({ tool }) => tool === name));
  const groups = Map.groupBy(samples, ({ form, latencyMs }) => `${form} ${latencyMs}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [cellOf(first, group, contestants)];
  });
}

function cellOf({ form, latencyMs }: Sample, samples: readonly Sample[], contestants: readonly Contestant[]): Cell {
  const of = (tool: string | undefined) => samples.filter((sample) => sample.tool === tool);
  const median = (tool: string) => spreadOf(of(tool).map(({ wallMs }) => wallMs))?.median ?? Number.POSITIVE_INFINITY;
  const floor = contestants.find(({ kind }) => kind === "floor")?.name;
  const peers = contestants.filter(({ kind, name }) => kind === "peer" && of(name).length > 0).map(({ name }) => name);
  const fastestPeer = peers.sort((a, b) => median(a) - median(b))[0] ?? null;
  const rows = contestants.map(({ name, kind }): Row => {
    const own = of(name);
    return {
      tool: name,
      kind,
      wallMs: spreadOf(own.map(({ wallMs }) => wallMs)),
      ofFloor: ratioOf(own, of(floor)),
      ofFastestPeer: fastestPeer === null ? null : ratioOf(own, of(fastestPeer)),
      cpuMs: spreadOf(own.flatMap(({ cpuMs }) => cpuMs ?? []))?.median ?? null,
      peakMb: spreadOf(own.flatMap(({ peakMb }) => peakMb ?? []))?.max ?? null,
    };
  });
  return { form, latencyMs, rounds: Math.max(...samples.map(({ round }) => round)) + 1, fastestPeer, rows };
}
