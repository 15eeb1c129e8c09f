// What a caller wants that can only pass a text, or nothing at all. Pure.
import { parseRequest, type Request } from "../engine/request.ts";
import type { Refusal } from "../failure/problem.ts";

/**
 * Reads a command word (`status`) or an event as JSON (`{"command":"run","timeout":"20m"}`). Problems name `field`, where
 * the text came from. `continuation` is put into the event when a run goes on.
 */
export function requestFromText(text: string, field: string, continuation: string | null): Request | Refusal {
  const event = eventFrom(text.trim());
  if (event === null) {
    return { problems: [{ code: "INVALID_EVENT", field, message: "is neither a command nor an event as JSON" }] };
  }
  const request = parseRequest(continuation === null ? event : { ...event, continuation });
  if (!("problems" in request)) return request;
  return {
    problems: request.problems.map((problem) => ({
      ...problem,
      field,
      message: [problem.field, problem.message].filter(Boolean).join(" "),
    })),
  };
}

function eventFrom(text: string): object | null {
  if (!text.startsWith("{")) return { command: text };
  try {
    return JSON.parse(text) as object;
  } catch {
    return null;
  }
}
