// Looks into code that is a string to the parser, such as the body of a DO block. Pure; it reads words, not syntax.

/** What would be asked about if it stood in the file, as `EXECUTE` or `ALTER TABLE`; null where nothing is found. */
export function hiddenIn(body: string): string | null {
  const code = body.replaceAll(NO_CODE, " ");
  if (EXECUTES.test(code)) return "EXECUTE";
  const [words] = CHANGES.exec(code) ?? [];
  return words === undefined ? null : words.toUpperCase().replaceAll(/\s+/g, " ");
}

/** Comments, and strings: `raise notice 'execute'` executes nothing. */
const NO_CODE = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'[^']*'/g;

/** CREATE TRIGGER ... EXECUTE FUNCTION and GRANT EXECUTE ON are whole statements. */
const EXECUTES = /\bexecute\b(?!\s+(?:function|procedure|on)\b)/i;

/** What locks a table that may be in use. What only brings something new, such as CREATE TYPE, is not in it. */
const CHANGES =
  /\b(?:alter\s+table|drop\s+(?:table|index|view|materialized\s+view|schema|type|function)|create\s+(?:unique\s+)?index|truncate|lock\s+table|refresh\s+materialized\s+view)\b/i;
