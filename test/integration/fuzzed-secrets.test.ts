// 2,000 secrets that nobody meant, through the handler: a report each time, and never a byte of the secret in it.
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { parseSettings } from "../../src/connection/settings.ts";
import { reportSchema } from "../../src/engine/report-schema.ts";
import { awsCaller } from "../../src/lambda/call-aws.ts";
import { createHandler } from "../../src/lambda/handler.ts";
import { manifestOf } from "../support/manifest.ts";
import { formsIn } from "../support/secret-forms.ts";
import { startSecretsManager } from "../support/secrets-manager.ts";

/** As it could be: with what a URL, JSON and base64 write otherwise. */
const SECRET = `gE"h %+/\\${randomUUID()}`;

const scrap = fc.oneof(
  fc.constantFrom(
    SECRET,
    `postgresql://u:${SECRET}@h/d`,
    `postgresql://u:${encodeURIComponent(SECRET)}@h/d`,
    "",
    null,
    7,
  ),
  fc.string(),
);
const object = fc.dictionary(
  fc.constantFrom("url", "DATABASE_URL", "host", "port", "username", "password", "dbname", "engine", "x"),
  fc.oneof(scrap, fc.array(scrap, { maxLength: 2 }), fc.dictionary(fc.string(), scrap, { maxKeys: 2 })),
);
/** Complete, where the environment says the rest. */
const complete = fc.record({
  username: fc.constant("u"),
  password: fc.constant(SECRET),
  dbname: fc.constant("d"),
  x: scrap,
});
const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((some) => new Uint8Array([...some, 0xff]));
const secrets = fc.oneof(
  { weight: 4, arbitrary: object.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: object.map((value) => `${JSON.stringify(value)},`) },
  { weight: 2, arbitrary: fc.tuple(fc.string(), fc.string()).map(([before, behind]) => before + SECRET + behind) },
  { weight: 1, arbitrary: bytes },
  { weight: 1, arbitrary: complete.map((value) => JSON.stringify(value)) },
);

it("each of 2,000 malformed secrets is refused or failed, and nothing of it is told", async () => {
  const manager = await startSecretsManager();
  onTestFinished(() => manager.stop());
  manager.create("db", "{}");
  const lines: string[] = [];
  const settings = parseSettings({
    HELLOJOHN_DATABASE_SECRET_ID: "db",
    // Whatever the secret says: nothing listens there.
    HELLOJOHN_DATABASE_HOST: "127.0.0.1",
    HELLOJOHN_DATABASE_PORT: "9",
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.endpointUrl,
  });
  process.env["AWS_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE";
  process.env["AWS_SECRET_ACCESS_KEY"] = "none";
  const outside = { caller: awsCaller, log: (line: object) => lines.push(JSON.stringify(line)) };
  const handle = createHandler(settings, manifestOf({ "0001_a.up.sql": "select 1" }), outside);
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(secrets, async (secret) => {
      manager.putCurrent("db", secret);
      const answer = await handle(
        { command: "run" },
        {
          invocationId: randomUUID(),
          remainingMs: () => 30_000,
          signal: new AbortController().signal,
          onProgress: () => {},
        },
      );
      const report = reportSchema.parse(answer);
      expect(["refused", "failed"]).toContain(report.outcome);
      outcomes.add(report.outcome);
      expect(formsIn(JSON.stringify(report) + lines.splice(0).join("\n"), SECRET)).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
  expect(outcomes).toEqual(new Set(["refused", "failed"]));
  expect(manager.violations).toEqual([]);
  // Two thousand invocations take as long as the machine needs for them.
}, 240_000);
