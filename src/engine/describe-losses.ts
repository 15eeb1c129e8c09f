// How a rollback's losses are named and told. Pure; what is lost, and whether it may be, is plan-losses.ts'.
import type { Problem } from "../failure/problem.ts";
import { COUNTED_UP_TO } from "./loss-statements.ts";
import type { Loss } from "./plan-losses.ts";
import type { Origin, Sweep } from "./sweep.ts";

/**
 * How a permission names it: `session`, `session.token`, with its schema where that is not the target's, and in double
 * quotes what SQL wants in them.
 */
export function nameOf({ schema, table, column }: Pick<Loss, "schema" | "table" | "column">, target: string): string {
  const parts = [...(schema === target ? [] : [schema]), table, ...(column === null ? [] : [column])];
  return parts.map((part) => (PLAIN.test(part) ? part : `"${part.replaceAll('"', '""')}"`)).join(".");
}

const PLAIN = /^[a-z_][a-z0-9_$]*$/;

/** A loss that is still to come, and how to allow it; `schema` is the target's. */
export function describeLoss(loss: Loss, schema: string): Problem {
  return { ...lossIn("would", loss, schema), hint: wayOut(nameOf(loss, schema)) };
}

/** What a report tells of one; `mood` is whether it is still to come, was done, or is not known to be. */
export function lossIn(mood: keyof typeof MOODS, loss: Loss, schema: string): Problem {
  const { version, migration, verb, column, held } = loss;
  const words = MOODS[mood];
  const what = `the ${column === null ? "table" : "column"} ${shown(nameOf(loss, schema))}`;
  const amount =
    "uncounted" in held
      ? `and what it ${words.hold} could not be counted: ${held.uncounted}`
      : `which ${words.hold} ${amountOf(held.count, loss)}`;
  return { code: "DATA_LOSS", version, message: `rolling back ${migration} ${words[verb]} ${what}, ${amount}` };
}

const MOODS = {
  would: { drop: "would drop", empty: "would empty", hold: "holds" },
  did: { drop: "dropped", empty: "emptied", hold: "held" },
  may: { drop: "may have dropped", empty: "may have emptied", hold: "held" },
} as const;

function amountOf(count: number, { column, estimate }: Loss): string {
  const [one, many] = column === null ? ["row", "rows"] : ["value", "values"];
  if (count <= COUNTED_UP_TO) return `${grouped(count)} ${count === 1 ? one : many}`;
  const about = estimate > COUNTED_UP_TO ? ` (about ${grouped(estimate)} by the server's last estimate)` : "";
  return `more than ${grouped(COUNTED_UP_TO)} ${many}${about}`;
}

/** For a down script of which no build has recorded what it discards. */
export function unknownLoss({ version, migration }: Origin): Problem {
  return {
    code: "DATA_LOSS",
    version,
    message: `what rolling back ${migration} would lose is not known: it was applied by a build that did not record that`,
    hint: `Read its down script. ${wayOut(migration)}`,
  };
}

/** Who has to name several things wants to copy one line: it stands in the hint of the last one. */
export function withAll(problems: readonly Problem[], names: readonly string[]): readonly Problem[] {
  const last = problems.at(-1);
  const permission = permissionFor(names);
  if (last === undefined || names.length < 2 || permission.length > LONGEST_HINT) return problems;
  return [...problems.slice(0, -1), { ...last, hint: `${last.hint} All of it: ${permission}.` }];
}

const LONGEST_HINT = 1_500;

export function allowedForNothing(name: string): Problem {
  const message = `names ${JSON.stringify(name)}, of which this rollback loses nothing`;
  return { code: "INVALID_EVENT", field: "allowDataLoss", message, hint: "Remove it, or correct the name." };
}

/** One for each migration of whose script something cannot be looked into. */
export function unseenLosses({ calls, unseen, unknown }: Sweep, foreignCalls: readonly number[]): readonly Problem[] {
  const called = foreignCalls.flatMap((number) => {
    const call = calls[number];
    return call === undefined ? [] : [{ ...call, what: `${call.function.name}()` }];
  });
  const unread = unknown.map((origin) => ({ ...origin, what: "all of its script, which nobody has looked into" }));
  const all = [...unread, ...unseen, ...called].sort((a, b) => a.step - b.step);
  return [...new Set(all.map(({ step }) => step))].flatMap((step) => {
    const own = all.filter((one) => one.step === step);
    const whats = [...new Set(own.map(({ what }) => shown(what)))].join(", ");
    return own.slice(0, 1).map(({ version, migration }) => ({
      code: "DATA_LOSS_UNSEEN",
      version,
      message: `rolling back ${migration} does what cannot be counted beforehand, and may lose data by it: ${whats}`,
    }));
  });
}

function wayOut(name: string): string {
  return `If it may be lost, name it: ${permissionFor([name])}. Else roll the code back and leave the schema.`;
}

/** What a terminal or a shell would take for something else is named in JSON alone. */
function permissionFor(names: readonly string[]): string {
  const words = names.map((name) => (/^[\w.]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`)).join(" ");
  const json = names.map((name) => JSON.stringify(name)).join(", ");
  const flag = names.some((name) => CONTROL.test(name)) ? "" : `--allow-data-loss ${words}, or `;
  return `${flag}in an event "allowDataLoss": [${json}]`;
}

function shown(name: string): string {
  return CONTROL.test(name) ? JSON.stringify(name) : name;
}

const CONTROL = /\p{Cc}/u;

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}
