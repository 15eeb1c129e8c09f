// Every version of HelloJohn has its recorded queries, and a recording that says nothing is no recording.
import { expect, test } from "vitest";
import { helloJohnManifest } from "../support/engine.ts";
import { helloJohnRecordings, queriesOf } from "../support/recorded-queries.ts";

const versions = (await helloJohnManifest()).migrations.map(({ version }) => version);
const recordings = helloJohnRecordings();

test("there is a recording for each migration, and for nothing else", () => {
  expect(recordings.map(({ version }) => version)).toEqual(versions);
});

test("a migration that comes without a recording is refused, by the name of the file to write", () => {
  expect(queriesOf(recordings, versions).length).toBeGreaterThan(100);
  expect(() => queriesOf(recordings, [...versions, "20990101_001"])).toThrow(
    "Do it in test/fixtures/recorded-queries/20990101_001.sql.",
  );
});

test("a query is its name, its values in a round, and its SQL", () => {
  const text =
    '-- query: find\n-- values: ["u {round}", ["a {round}"], {"a": 1}, "sha256:s", 5]\nselect id\nfrom u;\n\n-- query: count\nselect 1;\n';
  const [find, count] = queriesOf([{ version: "1", text }], ["1"]);
  expect(find).toMatchObject({ version: "1", name: "find", sql: "select id\nfrom u;" });
  expect(find?.values("two")).toEqual(["u two", ["a two"], { a: 1 }, expect.any(Buffer), 5]);
  expect(find?.values("two")[3]).toHaveLength(32);
  expect(count).toMatchObject({ name: "count", sql: "select 1;" });
  expect(count?.values("two")).toEqual([]);
});

test("a version that asks nothing new says why", () => {
  expect(queriesOf([{ version: "1", text: "-- nothing new: it brings an index\n" }], ["1"])).toEqual([]);
});

test.each([
  { fault: "nothing", text: "", says: "it has to begin with" },
  { fault: "nothing new for no reason", text: "-- nothing new:\n", says: "it has to begin with" },
  { fault: "nothing new and a query", text: "-- nothing new: a\n-- query: a\nselect 1;", says: "it has to begin with" },
  { fault: "SQL without a name", text: "select 1;", says: "it has to begin with" },
  { fault: "a name without SQL", text: "-- query: a\n-- values: []\n", says: '"a" has no SQL' },
  {
    fault: "a name that PostgreSQL would cut",
    text: `-- query: ${"a".repeat(64)}\nselect 1;`,
    says: "at most 63 bytes",
  },
  {
    fault: "a name twice",
    text: "-- query: a\nselect 1;\n-- query: a\nselect 2;",
    says: 'Two recorded queries are called "a"',
  },
  { fault: "values that are no list", text: "-- query: a\n-- values: {}\nselect 1;", says: "are no list" },
])("a recording of $fault is refused", ({ text, says }) => {
  expect(() => queriesOf([{ version: "1", text }], ["1"])).toThrow(says);
});
