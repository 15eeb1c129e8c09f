// A way to a server that was started for this process alone.
import { type Connect, createConnector } from "./connector.ts";
import { createRedactor } from "./redact.ts";
import { parseSettings } from "./settings.ts";

/** For the URL of an embedded server, which is complete and on this machine. */
export function connectTo(url: string): Connect {
  const settings = parseSettings({ HELLOJOHN_DATABASE_URL: url });
  if ("problems" in settings) throw new TypeError("the URL of an embedded server is not understood");
  return createConnector(settings, createRedactor());
}
