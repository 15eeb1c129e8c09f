// When an entry of the journal was begun and finished. It stays as the server prints it until somebody tells it: a status of ten
// thousand entries tells it of none that is applied, and to read them took a tenth of it. Pure.
import type { Row } from "./message.ts";

/**
 * Instants by the database's clock, as a session of ours has them printed, in UTC and ISO style: `2024-06-01 09:00:00.123456+00`,
 * without zeros at the end (https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT).
 */
export interface Timing {
  readonly startedAt: string | null;
  /** Null while it is not finished. */
  readonly finishedAt: string | null;
}

export const NOT_FINISHED: Timing = { startedAt: null, finishedAt: null };

/** Of a row with the columns started_at and finished_at. */
export function timingOf(row: Row): Timing {
  return { startedAt: row["started_at"] ?? null, finishedAt: row["finished_at"] ?? null };
}

/** ISO 8601, as reports have it; null while it is not finished. */
export function finishedAtOf({ finishedAt }: Timing): string | null {
  if (finishedAt === null) return null;
  return `${finishedAt.slice(0, 10)}T${finishedAt.slice(11, 19)}.${fractionOf(finishedAt).slice(0, 3)}Z`;
}

/** In milliseconds; null while it is not finished. */
export function durationMsOf({ startedAt, finishedAt }: Timing): number | null {
  if (startedAt === null || finishedAt === null) return null;
  // Most took no minute, and a calendar costs more than all else that a list tells of an entry.
  const isSameMinute = startedAt.slice(0, MINUTE) === finishedAt.slice(0, MINUTE);
  const minutesUs = isSameMinute ? 0 : (minuteOf(finishedAt) - minuteOf(startedAt)) * 1000;
  return Math.round((minutesUs + secondsUsOf(finishedAt) - secondsUsOf(startedAt)) / 1000);
}

/** `2024-06-01 09:00` */
const MINUTE = 16;

function minuteOf(instant: string): number {
  return Date.parse(`${instant.slice(0, 10)}T${instant.slice(11, MINUTE)}Z`);
}

function secondsUsOf(instant: string): number {
  return Number(instant.slice(MINUTE + 1, 19)) * 1_000_000 + Number(fractionOf(instant));
}

function fractionOf(instant: string): string {
  const fraction = instant[19] === "." ? instant.slice(20, instant.indexOf("+", 20)) : "";
  return fraction.padEnd(6, "0");
}
