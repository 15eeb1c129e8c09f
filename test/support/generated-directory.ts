// A directory of migrations in the manner of public projects: 400 files, every style of name, every form of text.
// Made anew for each test, so that nobody has to keep 20 MB in the repository. Knows nothing of what a run makes of it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What stands in one file, but for its line ends and its byte-order mark. */
export interface GeneratedFile {
  readonly file: string;
  readonly version: string;
  readonly sql: string;
  readonly isCrlf: boolean;
  readonly hasMark: boolean;
}

/** Two thirds of these have a down, which makes 400 files. */
export const GENERATED_MIGRATIONS = 240;

/** Which migration is the large one, and how many rows it inserts. */
export const LARGE = { index: 120, megabytes: 20, rows: 81_000 } as const;

/** Each kind of text in turn; `n` keeps the names of two migrations apart. */
const KINDS: readonly ((n: number) => string)[] = [
  (n) => `-- Účty; a table with names of its own
create table "účet ${n}" (
  id bigint generated always as identity primary key,
  "jméno; příjmení" text not null default 'žluťoučký kůň 🐎; -- no comment',
  漢字 text check (漢字 <> '''')
);
insert into "účet ${n}" (漢字) values ('数据'), (E'it\\'s; fine');
`,
  (n) => `create function greet_${n}(who text) returns text language plpgsql as $function$
declare
  answer text := 'hello; ';
begin
  -- a comment; with a semicolon and a $$ that ends nothing
  execute $q$ select 'x;' $q$ into answer;
  return answer || who;
end;
$function$;
comment on function greet_${n}(text) is $$says 'hello'; politely$$;
`,
  (n) => `create table ledger_${n} (amount int);
create procedure book_${n}(amount int) language sql begin atomic
  insert into ledger_${n} values (amount);
  insert into ledger_${n} values (-amount);
end;
create function total_${n}() returns bigint begin atomic
  select case when true then sum(l.amount) else 0 end from ledger_${n} l;
end;
call book_${n}(7);
`,
  (n) => `do $$
begin
  if not exists (select from pg_class where relname = 'made_by_do_${n}') then
    create table made_by_do_${n} (id int);
  end if;
end
$$;
DO LANGUAGE plpgsql $body$ BEGIN PERFORM 1; END $body$;
`,
  (n) => `/* a comment /* within a comment; */ still a comment; */
create table -- what; now
  commented_${n} /* here; */ (id int) /* and
  /* here
  */ */ ;
-- the end;
`,
  (n) => `create type mood_${n} as enum ('sad', 'ok', 'šťastný');\n`,
  (n) =>
    `alter type mood_${n - 1} add value if not exists 'ecstatic' after 'ok';\nalter type mood_${n - 1} add value 'ž; ''ž''';\n`,
  (n) => `create table audited_${n} (id int, changed_at timestamptz);
create function touch_${n}() returns trigger language plpgsql as 'begin new.changed_at := now(); return new; end;';
create trigger touch before insert or update on audited_${n} for each row execute function touch_${n}();
create or replace view audit_${n} as select id, changed_at from audited_${n} where changed_at > now() - interval '1 day';
insert into audited_${n} (id) select generate_series(1, 3);
`,
  (n) => `create table "quoted; ""${n}""" ("select" int, "from--" int);
insert into "quoted; ""${n}""" values (1, 2); insert into "quoted; ""${n}""" values (3, 4);;
select U&'d\\0061t\\+000061', b'1010', x'1F', $tag_1$ $$ ; $other$ $tag_1$;
`,
  (n) => `create index concurrently if not exists commented_${n}_id on commented_${n - 5} (id);\n`,
];

/** Every file, in order of version; versions of 4 digits come before those of 14. */
export function generateFiles(): readonly GeneratedFile[] {
  return Array.from({ length: GENERATED_MIGRATIONS }, (_, index) => filesOf(index)).flat();
}

/** The up files only. */
export function isUp({ file }: GeneratedFile): boolean {
  return !/[._]down\.sql$/.test(file);
}

/** How a file is on disk. */
export function contentOf({ sql, isCrlf, hasMark }: GeneratedFile): string {
  return (hasMark ? "\uFEFF" : "") + (isCrlf ? sql.replaceAll("\n", "\r\n") : sql);
}

/** Writes files into a directory that is gone when the work with it is over. */
export async function withDirectory<T>(
  files: Readonly<Record<string, string>>,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "hj-directory-"));
  try {
    await Promise.all(Object.entries(files).map(([file, content]) => writeFile(join(directory, file), content)));
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Inserts of a quarter of a kilobyte each. */
export function largeScript(): string {
  const row = (n: number) => `insert into reading (id, note) values (${n}, '${"ž; 🐎 ".repeat(22)}');\n`;
  const rows = Array.from({ length: LARGE.rows }, (_, index) => row(index));
  return `create table reading (id int, note text);\n${rows.join("")}`;
}

function filesOf(index: number): readonly GeneratedFile[] {
  const version = index < 100 ? String(index + 1).padStart(4, "0") : String(20_200_101_000_000 + index * 1_000_117);
  const text = { version, isCrlf: index % 4 === 1, hasMark: index % 5 === 2 };
  const sql = index === LARGE.index ? largeScript() : (KINDS[index % KINDS.length]?.(index) ?? "");
  const styles = [
    [".up.sql", ".down.sql"],
    ["_up.sql", "_down.sql"],
    [".sql", null],
  ] as const;
  const [up, down] = styles[index % styles.length] ?? styles[0];
  const file = (suffix: string) => `${version}_add-thing.${index}_část${suffix}`;
  const downs =
    down === null ? [] : [{ ...text, file: file(down), sql: `-- nothing to undo; ${index}\nselect ${index};\n` }];
  return [{ ...text, file: file(up), sql }, ...downs];
}
