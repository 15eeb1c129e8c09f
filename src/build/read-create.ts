// Reads what CREATE makes, as rules know it. Pure.
import type { Action, DroppedKind } from "../hazards/action.ts";
import { kindOf } from "./object-kind.ts";
import type { SyntaxTree } from "./parse-sql.ts";
import { readColumn, readConstraint } from "./read-column.ts";
import { columnsIn, findsRows, objectName, relationName, words } from "./tree-names.ts";

/** Null for what creates nothing. */
export function readCreate(tree: SyntaxTree): readonly Action[] | null {
  if ("CreateStmt" in tree) return [readCreateTable(tree.CreateStmt)];
  if ("SelectStmt" in tree && tree.SelectStmt.intoClause) {
    const { rel } = tree.SelectStmt.intoClause;
    return [emptyTable(rel), { kind: "insert", table: relationName(rel), hasSelect: findsRows(tree) }];
  }
  if ("CreateTableAsStmt" in tree) {
    const { into, objtype, query, if_not_exists: mayExist = false } = tree.CreateTableAsStmt;
    const table = relationName(into?.rel);
    const filled: Action = { kind: "insert", table, hasSelect: findsRows(query) };
    return [
      objtype === "OBJECT_TABLE" ? { ...emptyTable(into?.rel), mayExist } : created(kindOf(objtype), table),
      ...(into?.skipData ? [] : [filled]),
    ];
  }
  if ("IndexStmt" in tree) return [readIndex(tree.IndexStmt)];
  if ("CreateTrigStmt" in tree) {
    const { relation, trigname = "" } = tree.CreateTrigStmt;
    return [{ kind: "create_trigger", table: relationName(relation), trigger: trigname }];
  }
  if ("CreatePolicyStmt" in tree) {
    const { table, policy_name: name = "" } = tree.CreatePolicyStmt;
    return [
      { kind: "row_security", table: relationName(table), command: "policy" },
      { kind: "create", what: "policy", name: { schema: null, name }, table: relationName(table) },
    ];
  }
  return readNamed(tree);
}

/** What is created by name, and of which no rule asks more. */
function readNamed(tree: SyntaxTree): readonly Action[] | null {
  if ("ViewStmt" in tree) return [created("view", relationName(tree.ViewStmt.view))];
  if ("CreateFunctionStmt" in tree) return [created("function", named(tree.CreateFunctionStmt.funcname))];
  if ("CreateEnumStmt" in tree) return [created("type", named(tree.CreateEnumStmt.typeName))];
  if ("CompositeTypeStmt" in tree) return [created("type", relationName(tree.CompositeTypeStmt.typevar))];
  if ("CreateDomainStmt" in tree) return [created("domain", named(tree.CreateDomainStmt.domainname))];
  if ("CreateSeqStmt" in tree) return [created("sequence", relationName(tree.CreateSeqStmt.sequence))];
  return null;
}

function created(what: DroppedKind, name: ReturnType<typeof relationName>): Action {
  return { kind: "create", what, name, table: null };
}

function named(parts: readonly SyntaxTree[] | undefined): ReturnType<typeof relationName> {
  const names = words(parts);
  return { schema: names.at(-2) ?? null, name: names.at(-1) ?? "" };
}

function readCreateTable(statement: Extract<SyntaxTree, { CreateStmt: unknown }>["CreateStmt"]): Action {
  const { relation, tableElts = [], inhRelations = [], partbound, partspec, if_not_exists: mayExist } = statement;
  const columns = tableElts.flatMap((node) => ("ColumnDef" in node ? [readColumn(node.ColumnDef)] : []));
  const [parent] = inhRelations;
  return {
    ...emptyTable(relation),
    columns: columns.map(({ column }) => column),
    constraints: [
      ...columns.flatMap(({ constraints }) => constraints),
      ...tableElts.flatMap((node) => ("Constraint" in node ? (readConstraint(node.Constraint) ?? []) : [])),
    ],
    partitionOf: partbound !== undefined && parent !== undefined ? objectName(parent) : null,
    isPartitioned: partspec !== undefined,
    mayExist: mayExist ?? false,
  };
}

function emptyTable(relation: { readonly relname?: string; readonly relpersistence?: string } | undefined) {
  return {
    kind: "create_table",
    table: relationName(relation),
    columns: [],
    constraints: [],
    partitionOf: null,
    isPartitioned: false,
    isTemporary: relation?.relpersistence === "t",
    mayExist: false,
  } as const;
}

function readIndex(statement: Extract<SyntaxTree, { IndexStmt: unknown }>["IndexStmt"]): Action {
  const { relation, idxname, indexParams = [], unique, whereClause, concurrent, if_not_exists: mayExist } = statement;
  return {
    kind: "create_index",
    table: relationName(relation),
    index: idxname ?? null,
    columns: indexParams.map((node) => ("IndexElem" in node ? (node.IndexElem.name ?? null) : null)),
    uses: columnsIn([indexParams, whereClause]),
    isUnique: unique ?? false,
    isPartial: whereClause !== undefined,
    isConcurrent: concurrent ?? false,
    mayExist: mayExist ?? false,
    isOnly: !(relation?.inh ?? false),
  };
}
