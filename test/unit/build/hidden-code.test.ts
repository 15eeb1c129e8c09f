import { expect, test } from "vitest";
import { hiddenIn } from "../../../src/build/hidden-code.ts";

test.each([
  ["begin execute 'drop table a'; end", "EXECUTE"],
  ["begin EXECUTE format('select %s', 1); end", "EXECUTE"],
  ["begin alter\n  table a add b int; end", "ALTER TABLE"],
  ["begin create unique index i on a (b); end", "CREATE UNIQUE INDEX"],
  ["begin if true then truncate a; end if; end", "TRUNCATE"],
  ["begin drop function f(); end", "DROP FUNCTION"],
])("%s hides %s", (body, words) => {
  expect(hiddenIn(body)).toBe(words);
});

test.each([
  "begin perform 1; end",
  "begin create type color as enum ('red'); exception when duplicate_object then null; end",
  "begin create trigger t before update on a for each row execute function f(); end",
  "begin grant execute on function f() to app; end",
  "begin raise notice 'execute alter table, it''s said'; end",
  "begin -- execute\n perform 1; end",
  "begin /* alter table\n a */ perform truncated(1); end",
])("%s hides nothing", (body) => {
  expect(hiddenIn(body)).toBeNull();
});
