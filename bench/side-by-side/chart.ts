// The chart of a measurement as SVG: text in, text out. Legible in light and dark, and without anything from elsewhere.
import type { Row } from "./summary.ts";
import { duration } from "./table.ts";

/** One panel: every tool at one task. */
export interface Panel {
  readonly title: string;
  readonly subtitle: string;
  /** Those without a time have no bar, and say so. */
  readonly bars: readonly (Pick<Row, "tool" | "kind" | "wallMs" | "ofFloor"> & { readonly note?: string })[];
}

const COLUMNS = 2;
const PANEL = { width: 450, head: 44, row: 20, foot: 22 };
const MARGIN = 20;
const HEAD = 64;
const LABEL = 152;
const BAR = { height: 12, width: 190 };

/** Panels from left to right, two in a row; each has a scale of its own, from nothing to its slowest run. */
export function chart(title: string, subtitle: string, panels: readonly Panel[]): string {
  const heightOf = ({ bars }: Panel) => PANEL.head + bars.length * PANEL.row + PANEL.foot;
  const rows = Array.from({ length: Math.ceil(panels.length / COLUMNS) }, (_, row) =>
    panels.slice(row * COLUMNS, (row + 1) * COLUMNS),
  );
  let top = HEAD;
  const drawn = rows.map((row) => {
    const at = top;
    top += Math.max(...row.map(heightOf));
    return row.map((panel, column) => group(MARGIN + column * PANEL.width, at, panelBody(panel))).join("\n");
  });
  const width = 2 * MARGIN + COLUMNS * PANEL.width;
  const height = top + MARGIN / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}</style>
<rect class="paper" width="${width}" height="${height}"/>
${text(MARGIN, 30, "title", title)}
${text(MARGIN, 50, "note", subtitle)}
${drawn.join("\n")}
</svg>
`;
}

function panelBody({ title, subtitle, bars }: Panel): string {
  const longest = Math.max(1, ...bars.map(({ wallMs }) => wallMs?.max ?? 0));
  const widthOf = (ms: number) => round((ms / longest) * BAR.width);
  const lines = bars.map(({ tool, kind, wallMs, ofFloor, note }, index) => {
    const middle = PANEL.head + index * PANEL.row + PANEL.row / 2;
    const label = text(LABEL - 8, middle + 4, "label", note === undefined ? tool : `${tool} (${note})`);
    if (wallMs === null) return `${label}${text(LABEL, middle + 4, "note", "not measured")}`;
    const end = LABEL + widthOf(wallMs.max) + 6;
    const told = `${duration(wallMs.median)}${ofFloor === null || kind === "floor" ? "" : `, ×${ofFloor.median.toFixed(2)}`}`;
    return [
      label,
      `<rect class="${kind}" x="${LABEL}" y="${middle - BAR.height / 2}" width="${widthOf(wallMs.median)}" height="${BAR.height}"/>`,
      whisker(LABEL + widthOf(wallMs.min), LABEL + widthOf(wallMs.max), middle),
      text(end, middle + 4, kind === "ours" ? "value strong" : "value", told),
    ].join("");
  });
  return [text(0, 14, "panel", title), text(0, 31, "note", subtitle), ...lines].join("\n");
}

/** From the fastest run to the slowest. */
function whisker(from: number, to: number, y: number): string {
  return `<path class="whisker" d="M${round(from)} ${y}H${round(to)}M${round(from)} ${y - 3}v6M${round(to)} ${y - 3}v6"/>`;
}

function group(x: number, y: number, body: string): string {
  return `<g transform="translate(${x} ${y})">\n${body}\n</g>`;
}

function text(x: number, y: number, name: string, content: string): string {
  return `<text class="${name}" x="${x}" y="${y}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const STYLE = `
text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
.title { font-size: 18px; font-weight: 600; }
.panel { font-size: 13px; font-weight: 600; }
.note { font-size: 11px; fill: #59636e; }
.label { text-anchor: end; }
.strong { font-weight: 600; }
.paper { fill: #ffffff; }
.ours { fill: #1a7f37; }
.floor { fill: #b6bec6; }
.peer { fill: #6e9fd8; }
.whisker { stroke: #1f2328; stroke-width: 1; fill: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .note { fill: #9198a1; }
  .paper { fill: #0d1117; }
  .ours { fill: #3fb950; }
  .floor { fill: #565e67; }
  .peer { fill: #3d6ea8; }
  .whisker { stroke: #e6edf3; }
}
`;
