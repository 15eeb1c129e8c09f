// Durations as people write them in events, directives and settings.
import parse from "parse-duration";

const DURATION = /^(?:\d+(?:ms|s|m|h))+$/;

/** What a person is told when a duration is refused. */
export const DURATION_EXPECTED = "a duration with a unit, such as 90s, 5m or 1h30m";

/** The longest duration that is accepted: a day. A longer time-out is a typing error, or means none. */
const MAXIMUM_MS = 24 * 60 * 60 * 1000;

/** Milliseconds, or null when the text is no positive duration with a unit, or longer than a day. */
export function parseDuration(text: string): number | null {
  // The library accepts far more ("1 hour or so"); a deploy's time-out must not depend on what it makes of a typo.
  if (text.length > 32 || !DURATION.test(text)) return null;
  const milliseconds = parse(text);
  return milliseconds === null || milliseconds <= 0 || milliseconds > MAXIMUM_MS ? null : milliseconds;
}

/** `350ms`, `1.2s`, `5m 3s`: for people, rounded to what they can use. */
export function formatDuration(milliseconds: number): string {
  if (Math.round(milliseconds) < 1000) return `${Math.round(milliseconds)}ms`;
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1).replace(/\.0$/, "")}s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds}s`;
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes < 60) return rest === 0 ? `${minutes}m` : `${minutes}m ${rest}s`;
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}
