// What is read from Secrets Manager, and that the redactor knows it before anybody else does.
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { createRedactor } from "../../src/connection/redact.ts";
import { createSecretReader } from "../../src/connection/secret-store.ts";
import { startSecretsManager } from "../support/secrets-manager.ts";

beforeAll(() => {
  process.env["AWS_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE";
  process.env["AWS_SECRET_ACCESS_KEY"] = "none";
});

async function setup() {
  const secrets = await startSecretsManager();
  onTestFinished(() => secrets.stop());
  const redactor = createRedactor();
  const readUntil = createSecretReader({ region: "eu-west-1", endpoint: secrets.endpointUrl }, redactor);
  return { secrets, redactor, readUntil, reader: readUntil(new AbortController().signal) };
}

it("the whole secret is taken out of everything from then on, also one that means nothing", async () => {
  const { secrets, redactor, reader } = await setup();
  secrets.create("db", " neither a URL nor JSON\n");
  await reader.current("db");
  expect(redactor.redact("it was: neither a URL nor JSON.")).toBe("it was: ***.");
});

it("a binary secret is its text, or null where it is none", async () => {
  const { secrets, reader } = await setup();
  secrets.create("text", new TextEncoder().encode("ünder"));
  secrets.create("bytes", Uint8Array.of(0xff, 0xfe));
  expect(await reader.current("text")).toMatchObject({ text: "ünder", stage: "AWSCURRENT" });
  expect(await reader.current("bytes")).toMatchObject({ text: null });
});

it("no rotation under way is null, and another refusal is told", async () => {
  const { secrets, reader } = await setup();
  secrets.create("db", "x");
  expect(await reader.pending("db")).toBeNull();
  secrets.fail("AccessDeniedException");
  await expect(reader.pending("db")).rejects.toMatchObject({ failure: { code: "SECRET_ACCESS_DENIED" } });
});

it("a call that is not answered ends by itself, after three attempts", async () => {
  const { secrets, reader } = await setup();
  secrets.hang();
  const startedAt = performance.now();
  await expect(reader.current("db")).rejects.toMatchObject({
    failure: { code: "SECRET_UNAVAILABLE", details: { reason: "TimeoutError" } },
  });
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  expect(secrets.calls).toHaveLength(3);
});
