// An event on a schedule, from EventBridge: it only ever looks. It keeps the function's network interface alive, and
// tells that the database can be reached before the day it has to be.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
import * as z from "zod/mini";
import { parseRequest } from "../../engine/request.ts";
import type { Trigger } from "../trigger.ts";

const schema = z.looseObject({
  source: z.string(),
  "detail-type": z.string(),
  detail: z.optional(z.looseObject({ command: z.optional(z.unknown()) })),
});

const READING: readonly unknown[] = ["status", "list", "validate"];

export const scheduled: Trigger = {
  name: "scheduled",
  recognises: (event) => schema.safeParse(event).success,
  read: (event) => {
    const command = schema.parse(event).detail?.command ?? "status";
    if (!READING.includes(command)) {
      const message = `is none of ${READING.join(", ")}: a schedule only looks`;
      return { problems: [{ code: "INVALID_EVENT", field: "detail.command", message }] };
    }
    const request = parseRequest({ command });
    return "problems" in request ? request : { request, runId: null, hop: 0 };
  },
  answer: (report) => ({ kind: "return", value: report }),
};
