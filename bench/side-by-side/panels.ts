// Which of the results the chart shows: every scenario in process, and a whole process of what has no other form. Pure.
import type { Panel } from "./chart.ts";
import type { Cell } from "./summary.ts";

/** Of one scenario, a panel for each latency. */
export function panelsOf(title: string, cells: readonly Cell[]): readonly Panel[] {
  const calls = cells.filter(({ form }) => form === "call");
  return calls.map(({ latencyMs, rounds, rows }) => {
    const processes = cells.find((cell) => cell.form === "process" && cell.latencyMs === latencyMs);
    const bars = rows.map((row) => {
      const whole = processes?.rows.find(({ tool }) => tool === row.tool);
      if (row.wallMs !== null || whole == null) return row;
      // A process beside calls has no ratio that would mean anything.
      return { ...whole, ofFloor: null, note: "process" };
    });
    const line = latencyMs === 0 ? "no added latency" : `${latencyMs} ms added each way`;
    return { title, subtitle: `${line}, ${rounds === 1 ? "one round" : `${rounds} rounds`}`, bars };
  });
}
