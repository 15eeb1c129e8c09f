// What a trigger is. One file in triggers/ for each; the handler knows none of them by name.
import type { Report } from "../engine/report-schema.ts";
import type { Request } from "../engine/request.ts";
import type { Refusal } from "../failure/problem.ts";

/** The shape of event that started a run, and how its caller wants its answer. */
export interface Trigger {
  /** Whether an event is this trigger's, by its structure alone. */
  readonly recognises: (event: unknown) => boolean;
  readonly requestOf: (event: unknown) => Request | Refusal;
  /** What the function returns to this caller; thrown where the event asks for that. */
  readonly answer: (report: Report, event: unknown) => unknown;
}
