// Asks every rule about every action of every migration, in order, and remembers what the statements so far have made and
// locked. Pure; what is done about a finding is not decided here.
import type { Problem } from "../failure/problem.ts";
import type { Foreseen, Hazard, TableLock, Waiver } from "../migration/foreseen.ts";
import type { ObjectName } from "../migration/manifest.ts";
import type { Action, JudgedStatement } from "./action.ts";
import { type GrowingSchema, type KnownSchema, learn, nameKey } from "./known-schema.ts";
import { hold, locksOf, strongest } from "./locks-of.ts";
import { nearRules } from "./near-rules.ts";
import type { Context, Finding, Rule } from "./rule.ts";

/** An up file, as far as rules care. */
export interface JudgedFile {
  readonly file: string;
  readonly version: string;
  readonly isTransactional: boolean;
  readonly contractAfter: string | null;
  readonly waivers: readonly Waiver[];
  readonly statements: readonly JudgedStatement[];
  /** Where an offset is, as people count. */
  readonly placeOf: (offset: number) => { readonly line: number; readonly column: number };
}

/** What is foreseen of one file; `problems` are its waivers that allow nothing. */
export interface Judgement {
  readonly foreseen: Foreseen;
  readonly problems: readonly Problem[];
}

/** One judgement for each file, which are all migrations of a directory in order: a rule may ask what came before. */
export function lint(files: readonly JudgedFile[], rules: readonly Rule[]): readonly Judgement[] {
  let schema: GrowingSchema = new Map();
  let rights: readonly Action[] = [];
  return files.map((file) => {
    const { foreseen, after } = judge(file, rules, schema, areGranted(rights));
    schema = after;
    rights = [...rights, ...file.statements.flatMap(({ actions }) => actions.filter(isGrant))];
    return { foreseen, problems: idleWaivers(file, foreseen.hazards, rules) };
  });
}

function isGrant({ kind }: Action): boolean {
  return kind === "grant" || kind === "grant_by_default";
}

/** Rights on all tables that there are do not reach those that come later. */
function areGranted(rights: readonly Action[]): boolean {
  return rights.length > 0 && rights.every(({ kind }) => kind === "grant");
}

function judge(file: JudgedFile, rules: readonly Rule[], from: GrowingSchema, areRightsGranted: boolean) {
  const { statements, isTransactional, contractAfter } = file;
  const asked = rules.filter(({ isFineInContract }) => contractAfter === null || !isFineInContract);
  const created = new Set<string>();
  const isExisting = (table: ObjectName, column?: string) =>
    !created.has(nameKey(table)) && !(column !== undefined && created.has(columnKey(table, column)));
  const hazards: Hazard[] = [];
  const locks: (readonly TableLock[])[] = [];
  let schema = from;
  const heldByTable = new Map<string, TableLock>();
  let held: readonly TableLock[] = [];
  let before: Action[] = [];
  for (const [index, statement] of statements.entries()) {
    if (!isTransactional) {
      heldByTable.clear();
      [held, before] = [[], []];
    }
    // Nearly no rule asks for what comes behind: a file of 80,000 statements is not copied for each of them.
    const after = () => statements.slice(index + 1);
    const own: TableLock[] = [];
    for (const action of statement.actions) {
      // Nothing is created, and the table that is there is in use.
      if (action.kind === "create_table" && action.mayExist && !action.isTemporary && schema.has(nameKey(action.table)))
        continue;
      // First, or a foreign key to itself would be one to a table that was there.
      if (action.kind === "create_table") created.add(nameKey(action.table));
      // A policy or a function may be called like a table, which is not new by that.
      if (action.kind === "create" && !schema.has(nameKey(action.name))) created.add(nameKey(action.name));
      // A foreign key of a new table, which is empty, has nothing to look up in the other one.
      const isOfNew = "table" in action && action.table !== null && !isExisting(action.table);
      const taken = locksOf(action, schema)
        .filter(({ table }) => isExisting(table))
        .map((lock) => (isOfNew ? { ...lock, work: null } : lock));
      const rest = { statement, after, isTransactional, contractAfter, isExisting };
      const context: Context = { schema, locks: taken, held, before, areRightsGranted, ...rest };
      for (const rule of asked) {
        for (const finding of rule.check(action, context)) hazards.push(hazardOf(file, statement, rule, finding));
      }
      own.push(...taken);
      for (const lock of taken) hold(heldByTable, lock);
      if (taken.length > 0) held = [...heldByTable.values()];
      before.push(action);
      if (action.kind === "add_column" && !isKnownColumn(schema, action.table, action.added.name))
        created.add(columnKey(action.table, action.added.name));
      if (action.kind === "rename") {
        const to = { ...action.name, name: action.to };
        // No old code knows a type by the name that it gets here; what becomes of the old name is found where it is given up.
        if (created.has(nameKey(action.name)) || TYPES.includes(action.what)) created.add(nameKey(to));
        const lock = heldByTable.get(nameKey(action.name));
        heldByTable.delete(nameKey(action.name));
        if (lock !== undefined) hold(heldByTable, { ...lock, table: to });
        held = [...heldByTable.values()];
      }
      schema = learn(schema, action, file.version);
    }
    locks.push(strongest(own));
  }
  return { foreseen: { hazards: withoutTwins(hazards), locks }, after: schema };
}

const TYPES: readonly string[] = ["type", "domain"];

function hazardOf(file: JudgedFile, { start }: JudgedStatement, rule: Rule, { object, message }: Finding): Hazard {
  const waiver = file.waivers.find((candidate) => candidate.rule === rule.id && candidate.object === object);
  const { line, column } = file.placeOf(start);
  return { rule: rule.id, level: rule.level, object, message, line, column, allowed: waiver?.reason ?? null };
}

function isKnownColumn(schema: KnownSchema, table: ObjectName, column: string): boolean {
  return schema.get(nameKey(table))?.columns.has(column) ?? false;
}

function columnKey(table: ObjectName, column: string): string {
  return JSON.stringify([nameKey(table), column]);
}

/** One statement can do the same to one object twice. */
function withoutTwins(hazards: readonly Hazard[]): readonly Hazard[] {
  return [...new Map(hazards.map((hazard) => [JSON.stringify(hazard), hazard])).values()];
}

/** A waiver that allows nothing hides the next finding of its kind: the file is refused until it is gone. */
function idleWaivers(file: JudgedFile, hazards: readonly Hazard[], rules: readonly Rule[]): readonly Problem[] {
  const isTwin = (waiver: Waiver, index: number) =>
    file.waivers.findIndex(({ rule, object }) => rule === waiver.rule && object === waiver.object) < index;
  return file.waivers.flatMap((waiver, index): readonly Problem[] => {
    const { rule, object, line } = waiver;
    const problem = (message: string, hint: string): Problem => {
      return { code: "INVALID_MIGRATION", file: file.file, version: file.version, line, message, hint };
    };
    if (!rules.some(({ id }) => id === rule))
      return [problem(`-- hj:allow names ${rule}, which is no rule`, meant(rule, rules))];
    if (isTwin(waiver, index)) return [problem(`-- hj:allow ${rule} ${object} is given twice`, "Remove one of them.")];
    if (hazards.some((hazard) => hazard.rule === rule && hazard.object === object)) return [];
    const others = hazards.filter((hazard) => hazard.rule === rule).map((hazard) => hazard.object);
    const hint = others.length > 0 ? `${rule} is found of ${others.join(", ")}.` : "Remove the line.";
    return [problem(`-- hj:allow ${rule} ${object} allows nothing: it is not found there`, hint)];
  });
}

function meant(id: string, rules: readonly Rule[]): string {
  const near = nearRules(
    id,
    rules.map((rule) => rule.id),
  );
  return `${near.length === 0 ? "" : `Perhaps ${near.join(" or ")}. `}hj migrations explain lists all rules.`;
}
