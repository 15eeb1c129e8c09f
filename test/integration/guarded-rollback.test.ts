// A rollback that would throw data away: refused with what there is, done where it is named, and counted again under the lock.
import { describe, expect, it } from "vitest";
import { lockKey } from "../../src/engine/lock.ts";
import type { Report } from "../../src/engine/report-schema.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { olderBuild, type RunOptions, runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import {
  catalogOf,
  freshDatabase,
  freshProxy,
  freshRole,
  journalOf,
  openSession,
  tablesOf,
} from "../support/workplace.ts";

const ACCOUNT = {
  "0001_account.up.sql": "create table account (id integer primary key, name text);",
  "0001_account.down.sql": "drop table account;",
};
const PASSKEY = {
  ...ACCOUNT,
  "0002_passkey.up.sql": "create table passkey (account_id integer references account (id));",
  "0002_passkey.down.sql": "drop table passkey;",
  "0003_device.up.sql": "alter table account add column device text;",
  "0003_device.down.sql": "alter table account drop column device;",
};

const ROLLBACK = { command: "rollback" };

/** What a run that is at work holds. */
const LOCK = `select pg_advisory_lock(${lockKey("public", "hj_migration")})`;

describe.each(postgresVersions)("a rollback that would lose data, on PostgreSQL $version,", ({ url: serverUrl }) => {
  async function setup(files: Record<string, string>, data = "") {
    const database = await freshDatabase(serverUrl);
    const build = manifestOf(files);
    const send = (event: object, options?: RunOptions, by: Manifest = build) =>
      runEvent(database.url, by, event, options);
    expect(await send({ command: "run" })).toMatchObject({ outcome: "applied" });
    if (data !== "") await database.query(data);
    return { database, build, send };
  }

  const everything = async (database: TestDatabase) => ({
    catalog: await catalogOf(database),
    journal: await journalOf(database),
  });

  const DATA = `insert into account (id, name, device) values (1, 'a', 'phone'), (2, 'b', null), (3, 'c', 'tablet');
    insert into passkey values (1), (1), (2)`;

  it("is refused with everything that it would lose, how much, and the words that allow it; and changes nothing", async () => {
    const { database, send } = await setup(PASSKEY, DATA);
    const before = await everything(database);
    for (const dryRun of [true, false]) {
      const report = await send({ ...ROLLBACK, dryRun });
      expect(report).toMatchObject({
        ok: false,
        outcome: "refused",
        migrations: [],
        problems: [
          {
            code: "DATA_LOSS",
            version: "0002",
            message: "rolling back 0002_passkey would drop the table passkey, which holds 3 rows",
            hint: expect.stringContaining('--allow-data-loss passkey, or in an event "allowDataLoss": ["passkey"]'),
          },
          {
            code: "DATA_LOSS",
            version: "0001",
            message: "rolling back 0001_account would drop the table account, which holds 3 rows",
            hint: expect.stringContaining("All of it: --allow-data-loss passkey account, or"),
          },
        ],
      });
      expect(await everything(database)).toEqual(before);
    }
  });

  it("is done when all of it is named, and tells what it lost", async () => {
    const { database, send } = await setup(PASSKEY, DATA);
    const allowDataLoss = ["passkey", "account"];
    const dry = await send({ ...ROLLBACK, allowDataLoss, dryRun: true });
    expect(dry).toMatchObject({ ok: true, outcome: "would_roll_back" });
    expect(messages(dry)).toEqual([
      "rolling back 0002_passkey would drop the table passkey, which holds 3 rows",
      "rolling back 0001_account would drop the table account, which holds 3 rows",
    ]);
    const report = await send({ ...ROLLBACK, allowDataLoss });
    expect(report).toMatchObject({ ok: true, outcome: "rolled_back" });
    expect(messages(report)).toEqual([
      "rolling back 0002_passkey dropped the table passkey, which held 3 rows",
      "rolling back 0001_account dropped the table account, which held 3 rows",
    ]);
    expect(await tablesOf(database)).toEqual([]);
  });

  it("is refused for what is not among the names", async () => {
    const { send } = await setup(PASSKEY, DATA);
    const report = await send({ ...ROLLBACK, allowDataLoss: ["passkey"] });
    expect(problems(report)).toEqual(["rolling back 0001_account would drop the table account, which holds 3 rows"]);
  });

  it("is refused for a name of which nothing would be lost", async () => {
    const { send } = await setup(PASSKEY, "insert into account values (1)");
    for (const name of ["pasky", "passkey", "account.name", "0001_account", "public.account"]) {
      expect(await send({ ...ROLLBACK, allowDataLoss: ["account", name] })).toMatchObject({
        outcome: "refused",
        problems: [{ code: "INVALID_EVENT", field: "allowDataLoss", message: expect.stringContaining(`"${name}"`) }],
      });
    }
  });

  it("needs no name for tables that are empty, or gone", async () => {
    const { database, send } = await setup({ ...PASSKEY, "0002_passkey.down.sql": "drop table if exists passkey;" });
    await database.query("drop table passkey");
    expect(await send(ROLLBACK)).toMatchObject({ outcome: "rolled_back", warnings: [] });
  });

  describe("of a column", () => {
    async function device(definition: string, data: string) {
      const { "0002_passkey.up.sql": _up, "0002_passkey.down.sql": _down, ...files } = PASSKEY;
      const up = { "0003_device.up.sql": `alter table account add column device ${definition};` };
      const { database, build, send } = await setup({ ...files, ...up });
      await send(ROLLBACK);
      await send({ command: "run" }, {}, olderBuild(build, 1));
      await send({ command: "run" });
      if (data !== "") await database.query(data);
      return { database, send };
    }

    it("counts the values that there are, and names it with its table", async () => {
      const { database, send } = await device("text", "insert into account values (1, 'a', 'phone'), (2, 'b', null)");
      expect(problems(await send(ROLLBACK))).toEqual([
        "rolling back 0003_device would drop the column account.device, which holds 1 value",
      ]);
      const report = await send({ ...ROLLBACK, allowDataLoss: ["account.device"] });
      expect(messages(report)).toEqual([
        "rolling back 0003_device dropped the column account.device, which held 1 value",
      ]);
      expect(await database.query("select * from account order by id")).toEqual([
        { id: 1, name: "a" },
        { id: 2, name: "b" },
      ]);
    });

    it("needs no name where it is null everywhere", async () => {
      const { send } = await device("text", "insert into account values (1, 'a', null), (2, 'b', null)");
      expect(await send(ROLLBACK)).toMatchObject({ outcome: "rolled_back", warnings: [] });
    });

    it.each([
      "text not null default 'it''s'",
      "integer not null default -1",
      "numeric(10, 2) not null default 0",
      "boolean default false",
      "jsonb not null default '{\"a\": [1]}'",
      "text[] default '{}'",
      "json default '{}'",
      "timestamptz default '2024-06-01 09:00+00'",
    ])("counts no value that is its constant default: %s", async (definition) => {
      const { database, send } = await device(definition, "insert into account values (1), (2)");
      expect(await send({ ...ROLLBACK, dryRun: true })).toMatchObject({ outcome: "would_roll_back", warnings: [] });
      const other: Record<string, string> = { te: "'x'", in: "7", nu: "0.01", bo: "true", js: "'[]'", ti: "now()" };
      const value = definition.startsWith("text[]") ? "'{x}'" : other[definition.slice(0, 2)];
      await database.query(`update account set device = ${value} where id = 1`);
      expect(problems(await send(ROLLBACK))).toEqual([
        "rolling back 0003_device would drop the column account.device, which holds 1 value",
      ]);
    });

    it.each(["serial", "uuid default gen_random_uuid()", "timestamptz default now()"])(
      "counts every value where the default makes others: %s",
      async (definition) => {
        const { send } = await device(definition, "insert into account values (1), (2)");
        expect(problems(await send(ROLLBACK))).toEqual([expect.stringContaining("holds 2 values")]);
      },
    );

    it("counts none that are generated from others", async () => {
      const { send } = await device("text generated always as (name) stored", "insert into account values (1, 'a')");
      expect(await send(ROLLBACK)).toMatchObject({ outcome: "rolled_back", warnings: [] });
    });
  });

  it.each([
    {
      what: "several tables at once, with CASCADE",
      up: "create table a (id int primary key); create table b (a_id int references a); create view v as select * from a;",
      down: "drop table a, b cascade;",
      data: "insert into a values (1); insert into b values (1)",
      lost: ["drop the table a, which holds 1 row", "drop the table b, which holds 1 row"],
    },
    {
      what: "a schema with its tables, and what was moved into it, not what was moved out",
      up: "create table moved_in (id int); create schema s; create table s.a (id int); create table s.moved_out (id int); create table s.empty_one (id int);",
      down: "alter table moved_in set schema s; alter table s.moved_out set schema public; drop schema s cascade; drop table moved_out;",
      data: "insert into moved_in values (1); insert into s.a values (1), (2); insert into s.moved_out values (1)",
      lost: [
        "drop the table s.a, which holds 2 rows",
        "drop the table moved_in, which holds 1 row",
        "drop the table s.moved_out, which holds 1 row",
      ],
    },
    {
      what: "a partitioned table with its partitions, once",
      up: "create table p (id int) partition by range (id); create table p_1 partition of p for values from (0) to (10); create table p_2 partition of p for values from (10) to (20);",
      down: "drop table p_2; drop table p;",
      data: "insert into p values (1), (11), (12)",
      lost: ["drop the table p, which holds 3 rows"],
    },
    {
      what: "one partition",
      up: "create table p (id int) partition by range (id); create table p_1 partition of p for values from (0) to (10);",
      down: "drop table p_1;",
      data: "insert into p values (1)",
      lost: ["drop the table p_1, which holds 1 row"],
    },
    {
      what: "TRUNCATE CASCADE with all that refer to the table",
      up: "create table a (id int primary key); create table b (id int primary key references a); create table c (id int references b);",
      down: "truncate a cascade;",
      data: "insert into a values (1); insert into b values (1); insert into c values (1)",
      lost: ["empty the table a,", "empty the table b,", "empty the table c,"],
    },
    {
      what: "DELETE without WHERE, with what its foreign keys delete",
      up: "create table a (id int primary key); create table b (id int references a on delete cascade);",
      down: "with gone as (delete from a returning id) select count(*) from gone;",
      data: "insert into a values (1); insert into b values (1)",
      lost: ["empty the table a, which holds 1 row", "empty the table b, which holds 1 row"],
    },
    {
      what: "a table and a column that its script renames before it drops them",
      up: "create table a (id int); create table b (id int, y int);",
      down: "alter table a rename to z; create table a (); drop table z; drop table a; alter table b rename column y to w; alter table b drop column w;",
      data: "insert into a values (1); insert into b values (1, 2)",
      lost: ["drop the table a, which holds 1 row", "drop the column b.y, which holds 1 value"],
    },
    {
      what: "hostile names, as SQL writes them",
      up: `create table "a.b; drop table x --'" (id int, "C ""d""" int);`,
      down: `alter table "a.b; drop table x --'" drop column "C ""d""";`,
      data: `insert into "a.b; drop table x --'" values (1, 2)`,
      lost: [`drop the column "a.b; drop table x --'"."C ""d""", which holds 1 value`],
    },
    {
      what: "a table of the same name as a column, told apart by its quotes",
      up: `create table "a.b" (id int); create table a (b int);`,
      down: `drop table "a.b"; alter table a drop column b;`,
      data: `insert into "a.b" values (1); insert into a values (1)`,
      lost: [`drop the table "a.b", which holds 1 row`, "drop the column a.b, which holds 1 value"],
    },
  ])("counts $what", async ({ up, down, data, lost }) => {
    const { send } = await setup({ "0001_it.up.sql": up, "0001_it.down.sql": down }, data);
    const report = await send({ ...ROLLBACK, dryRun: true });
    expect(problems(report)).toEqual(lost.map((text) => expect.stringContaining(`0001_it would ${text}`)));
    const allowDataLoss = namesIn(report);
    expect(await send({ ...ROLLBACK, allowDataLoss })).toMatchObject({ outcome: "rolled_back" });
  });

  it("follows a table through the renames of several migrations", async () => {
    const { send } = await setup(
      {
        "0001_a.up.sql": "create table a (x int);",
        "0001_a.down.sql": "drop table a;",
        "0002_b.up.sql": "alter table a rename to b;",
        "0002_b.down.sql": "alter table b rename to a;",
      },
      "insert into b values (1)",
    );
    expect(problems(await send(ROLLBACK))).toEqual(["rolling back 0001_a would drop the table b, which holds 1 row"]);
  });

  it("counts a table no further than ten thousand rows, and tells the server's estimate beyond", async () => {
    const data = "insert into account select n, 'x' from generate_series(1, 1000000) n; analyze account";
    const { database, send } = await setup(ACCOUNT, data);
    const proxy = await freshProxy(database.url);
    const report = await runEvent(proxy.url, manifestOf(ACCOUNT), ROLLBACK);
    expect(problems(report)).toEqual([
      "rolling back 0001_account would drop the table account, which holds more than 10,000 rows (about 1,000,000 by the server's last estimate)",
    ]);
    const message = proxy.counts().queries.find((query) => query.includes("as held")) ?? "";
    const counting = /select count\(\*\).*?as held/s.exec(message)?.[0] ?? "";
    const [explained] = await database.query(`explain (analyze, format json) ${counting}`);
    expect(rowsRead(explained["QUERY PLAN"][0].Plan)).toBe(10_001);
    expect(await send({ ...ROLLBACK, allowDataLoss: ["account"] })).toMatchObject({ outcome: "rolled_back" });
  });

  describe("and cannot be counted", () => {
    it("because the role may not read it, is refused until it is named", async () => {
      const role = await freshRole(serverUrl);
      const { database, build } = await setup(ACCOUNT);
      await database.query(
        `grant create, usage on schema public to ${role.name}; alter table account owner to ${role.name}; revoke all on account from ${role.name}; alter table hj_migration owner to ${role.name}`,
      );
      const send = (event: object) => runEvent(role.urlOf(database.url), build, event);
      expect(problems(await send(ROLLBACK))).toEqual([
        "rolling back 0001_account would drop the table account, and what it holds could not be counted: permission denied for table account",
      ]);
      const report = await send({ ...ROLLBACK, allowDataLoss: ["account"] });
      expect(report).toMatchObject({ outcome: "rolled_back" });
      expect(messages(report)).toEqual([
        expect.stringContaining("dropped the table account, and what it held could not be counted"),
      ]);
    });

    it("because row level security hides rows from the role, is refused until it is named", async () => {
      const role = await freshRole(serverUrl);
      const { database, build } = await setup(ACCOUNT, "insert into account values (1)");
      await database.query(
        `alter table account enable row level security; alter table account force row level security;
         grant create, usage on schema public to ${role.name}; alter table account owner to ${role.name}; alter table hj_migration owner to ${role.name}`,
      );
      const send = (event: object) => runEvent(role.urlOf(database.url), build, event);
      expect(problems(await send(ROLLBACK))).toEqual([
        expect.stringMatching(/drop the table account, and what it holds could not be counted: .*row-level security/),
      ]);
      expect(await send({ ...ROLLBACK, allowDataLoss: ["account"] })).toMatchObject({ outcome: "rolled_back" });
    });

    it("because another session has the table to itself, is refused", async () => {
      const { database, send } = await setup(ACCOUNT);
      const other = await openSession(database.url);
      await other.query("begin; lock table account in access exclusive mode");
      expect(problems(await send({ ...ROLLBACK, dryRun: true }))).toEqual([
        "rolling back 0001_account would drop the table account, and what it holds could not be counted: another session has the table to itself",
      ]);
    });
  });

  it("waits for the run that has the table to itself, and counts after it", async () => {
    const { database, send } = await setup(ACCOUNT);
    const other = await openSession(database.url);
    await other.query(`${LOCK}; begin; lock table account in access exclusive mode`);
    const report = await send(ROLLBACK, {
      onProgress: ({ kind }) => void (kind === "lock_busy" && other.query("commit; select pg_advisory_unlock_all()")),
    });
    expect(report).toMatchObject({ outcome: "rolled_back", warnings: [] });
  });

  it("is not refused for rows that a run at work has written: waits for it, and counts after it", async () => {
    const { database, send } = await setup(ACCOUNT, "insert into account values (1)");
    const other = await openSession(database.url);
    await other.query(LOCK);
    const report = await send(ROLLBACK, {
      onProgress: ({ kind }) =>
        void (kind === "lock_busy" && other.query("truncate account; select pg_advisory_unlock_all()")),
    });
    expect(report).toMatchObject({ outcome: "rolled_back", warnings: [] });
  });

  it("takes a table that is dropped while it is counted for gone", async () => {
    const { database, build } = await setup({ ...ACCOUNT, "0001_account.down.sql": "drop table if exists account;" });
    await database.query("insert into account values (1)");
    const holder = await openSession(database.url);
    await holder.query("begin; drop table account");
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => void (text.includes("as held") && setImmediate(() => void holder.query("commit"))),
    });
    expect(await runEvent(proxy.url, build, ROLLBACK)).toMatchObject({ outcome: "rolled_back", warnings: [] });
  });

  it("is refused for rows that come between the plan and the lock", async () => {
    const { database, send } = await setup(ACCOUNT);
    const holder = await openSession(database.url);
    await holder.query(LOCK);
    let isWritten = false;
    const report = await send(ROLLBACK, {
      onProgress: ({ kind }) => {
        if (kind !== "lock_busy" || isWritten) return;
        isWritten = true;
        void holder.query("insert into account values (1); select pg_advisory_unlock_all()");
      },
    });
    expect(isWritten).toBe(true);
    expect(problems(report)).toEqual(["rolling back 0001_account would drop the table account, which holds 1 row"]);
    expect(await tablesOf(database)).toEqual(["account"]);
  });

  it("takes no offence at a name that was right before the lock, and is idle under it", async () => {
    const { database, send } = await setup(ACCOUNT, "insert into account values (1)");
    const holder = await openSession(database.url);
    await holder.query(LOCK);
    let isEmptied = false;
    const report = await send(
      { ...ROLLBACK, allowDataLoss: ["account"] },
      {
        onProgress: ({ kind }) => {
          if (kind !== "lock_busy" || isEmptied) return;
          isEmptied = true;
          void holder.query("delete from account; select pg_advisory_unlock_all()");
        },
      },
    );
    expect(isEmptied).toBe(true);
    expect(report).toMatchObject({ outcome: "rolled_back", warnings: [] });
  });

  it("says what it cannot look into, and calls no function of PostgreSQL's own by that name", async () => {
    const { send } = await setup({
      "0001_a.up.sql":
        "create table a (x text); create function cleanup() returns void language sql as 'delete from a';",
      "0001_a.down.sql":
        "do $$ begin delete from a; end $$; select cleanup(), now(); update a set x = lower(trim(x)); drop function cleanup(); drop table a;",
    });
    for (const dryRun of [true, false]) {
      expect((await send({ ...ROLLBACK, dryRun })).warnings).toEqual([
        {
          code: "DATA_LOSS_UNSEEN",
          version: "0001",
          message:
            "rolling back 0001_a does what cannot be counted beforehand, and may lose data by it: a DO block, UPDATE a, cleanup()",
        },
      ]);
    }
  });

  describe("that was begun and goes on", () => {
    const HALFWAY = {
      "0001_pair.up.sql": "create table left_one (id int); create table right_one (id int);",
      "0001_pair.down.sql": "-- hj:transaction off\ndrop table left_one;\ndrop table right_one;\n",
    };

    it("is not held up by names of what it has dropped already, nor asks for them again", async () => {
      const { database, send } = await setup(
        HALFWAY,
        "insert into left_one values (1); insert into right_one values (1), (2); create view guard as select * from right_one",
      );
      const event = { ...ROLLBACK, allowDataLoss: ["left_one", "right_one"] };
      const failed = await send(event);
      expect(failed).toMatchObject({ outcome: "failed", migrations: [{ status: "failed" }] });
      expect(messages(failed)).toEqual([
        "rolling back 0001_pair may have dropped the table left_one, which held 1 row",
        "rolling back 0001_pair may have dropped the table right_one, which held 2 rows",
      ]);
      await database.query("drop view guard");
      expect(problems(await send(ROLLBACK))).toEqual([expect.stringContaining("right_one, which holds 2 rows")]);
      const report = await send(event);
      expect(report).toMatchObject({ outcome: "rolled_back" });
      expect(messages(report)).toEqual(["rolling back 0001_pair dropped the table right_one, which held 2 rows"]);
    });

    it("tells nothing lost of a migration that failed and was taken back, or was not reached", async () => {
      const { database, send } = await setup(PASSKEY, DATA);
      await database.query("create view guard as select * from passkey");
      const event = { ...ROLLBACK, allowDataLoss: ["passkey", "account"] };
      expect(await send(event)).toMatchObject({ outcome: "failed", warnings: [] });
      await database.query("drop view guard");
      // The first of three is taken back: the same command, with the same names, goes on.
      expect(await send(event)).toMatchObject({ outcome: "rolled_back" });
    });
  });

  describe("of an entry from before losses were recorded", () => {
    const forgotten = `update hj_migration set down = jsonb_set(down, '{statements}', (select jsonb_agg(statement - 'effects') from jsonb_array_elements(down->'statements') as statement))`;

    it("is explained by the build's own down file, where that is the same", async () => {
      const { send } = await setup(ACCOUNT, `insert into account values (1); ${forgotten}`);
      expect(problems(await send(ROLLBACK))).toEqual([
        "rolling back 0001_account would drop the table account, which holds 1 row",
      ]);
      expect(await send({ ...ROLLBACK, allowDataLoss: ["account"] })).toMatchObject({ outcome: "rolled_back" });
    });

    it.each([
      ["ships another down", manifestOf({ ...ACCOUNT, "0001_account.down.sql": "drop table if exists account;" })],
      ["does not ship it", manifestOf({})],
    ])("needs the migration's name from a build that %s", async (_what, build) => {
      for (const name of ["0001_account", "1"]) {
        const { send } = await setup(ACCOUNT, forgotten);
        expect(await send(ROLLBACK, {}, build)).toMatchObject({
          outcome: "refused",
          problems: [{ code: "DATA_LOSS", version: "0001", hint: expect.stringContaining("0001_account") }],
        });
        const report = await send({ ...ROLLBACK, allowDataLoss: [name] }, {}, build);
        expect(report).toMatchObject({
          outcome: "rolled_back",
          warnings: expect.arrayContaining([expect.objectContaining({ code: "DATA_LOSS_UNSEEN", version: "0001" })]),
        });
      }
    });
  });

  it("is guarded by the journal, for a build that does not ship the migration", async () => {
    const { send } = await setup(ACCOUNT, "insert into account values (1)");
    expect(problems(await send(ROLLBACK, {}, manifestOf({})))).toEqual([
      "rolling back 0001_account would drop the table account, which holds 1 row",
    ]);
  });
});

interface PlanNode {
  readonly "Node Type": string;
  readonly "Actual Rows": number;
  readonly Plans?: readonly PlanNode[];
}

/** How many rows a plan took from its tables. */
function rowsRead(plan: PlanNode): number {
  if (plan["Node Type"].includes("Scan")) return plan["Actual Rows"];
  return Math.max(0, ...(plan.Plans ?? []).map(rowsRead));
}

function problems(report: Report): readonly string[] {
  expect(report).toMatchObject({ outcome: "refused" });
  return report.outcome === "refused" ? report.problems.map(({ message }) => message) : [];
}

function messages(report: Report): readonly string[] {
  return report.warnings.filter(({ code }) => code === "DATA_LOSS").map(({ message }) => message);
}

/** The names that the hints of a refused report give, as an event takes them. */
function namesIn(report: Report): readonly string[] {
  const hints = report.outcome === "refused" ? report.problems.map(({ hint = "" }) => hint) : [];
  return hints.flatMap((hint) => JSON.parse(/"allowDataLoss": (\[.*?\])\. Else/.exec(hint)?.[1] ?? "[]"));
}
