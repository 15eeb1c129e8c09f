// Reads from a syntax tree how a statement has to be run, and what makes it unfit for a migration. Pure.
import type { ObjectName, ReindexScope, StatementKind } from "../migration/manifest.ts";
import type { SyntaxTree } from "./parse-sql.ts";
import { nodesOf, objectName, relationName, words } from "./tree-names.ts";

/**
 * How a statement is to be run. What is not `ordinary` is refused by PostgreSQL inside a transaction block, and a
 * message of several statements is one: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
 */
export function classifyStatement(tree: SyntaxTree): StatementKind {
  if ("IndexStmt" in tree && tree.IndexStmt.concurrent && tree.IndexStmt.relation) {
    const { idxname = "", relation } = tree.IndexStmt;
    const table = relationName(relation);
    // An index lives in the schema of its table, whatever search_path says.
    return { kind: "create_index_concurrently", index: { schema: table.schema, name: idxname }, table, detach: false };
  }
  if ("DropStmt" in tree && tree.DropStmt.concurrent) {
    return { kind: "drop_index_concurrently", indexes: (tree.DropStmt.objects ?? []).map(objectName) };
  }
  if ("ReindexStmt" in tree && optionOf(tree.ReindexStmt.params, "concurrently") === true) {
    return { kind: "reindex_concurrently", scope: scopeOf(tree.ReindexStmt) };
  }
  const partition = "AlterTableStmt" in tree ? partitionDetached(tree.AlterTableStmt.cmds) : null;
  if ("AlterTableStmt" in tree && partition !== null) {
    return { kind: "detach_partition_concurrently", table: relationName(tree.AlterTableStmt.relation), partition };
  }
  const command = commandOutsideTransactions(tree);
  if (command === null) return { kind: "ordinary" };
  // Run twice, these leave what one run leaves.
  return { kind: "alone", command, repeatable: ["VACUUM", "VACUUM FULL", "REINDEX", "CLUSTER"].includes(command) };
}

/** Why a statement cannot be part of any migration, with the way out; null when it can. */
export function objectionTo(tree: SyntaxTree): { readonly message: string; readonly hint: string } | null {
  if ("TransactionStmt" in tree) {
    return {
      message: `${transactionCommand(tree.TransactionStmt.kind)} inside a migration`,
      hint: "Remove it: each migration runs in a transaction of its own, recorded in the journal with it. For statements that cannot, say -- hj:transaction off.",
    };
  }
  if ("DiscardStmt" in tree) {
    return { message: "DISCARD inside a migration", hint: "Remove it: it would give up the lock of this run." };
  }
  if ("CopyStmt" in tree && !tree.CopyStmt.filename) {
    return {
      message: `COPY ${tree.CopyStmt.is_from ? "FROM STDIN" : "TO STDOUT"} inside a migration`,
      hint: "A migration has no input and no output. Write the rows as INSERT statements.",
    };
  }
  if ("IndexStmt" in tree && tree.IndexStmt.concurrent && !tree.IndexStmt.idxname) {
    return {
      message: "CREATE INDEX CONCURRENTLY without a name",
      hint: "Name the index: an interrupted build is found again by its name.",
    };
  }
  if (callsFunction(tree, /^pg_advisory_unlock/)) {
    return {
      message: "pg_advisory_unlock inside a migration",
      hint: "Remove it: it could give up the lock of this run.",
    };
  }
  return null;
}

/** SET and RESET, of the session or of a transaction. */
export function isSetting(tree: SyntaxTree): boolean {
  return "VariableSetStmt" in tree;
}

// The list was measured on PostgreSQL 13 to 18, each command inside BEGIN and inside a message of several statements.
function commandOutsideTransactions(tree: SyntaxTree): string | null {
  if ("ReindexStmt" in tree) {
    const { kind } = tree.ReindexStmt;
    return kind !== "REINDEX_OBJECT_INDEX" && kind !== "REINDEX_OBJECT_TABLE" ? "REINDEX" : null;
  }
  if ("VacuumStmt" in tree) {
    const { is_vacuumcmd: isVacuum, options } = tree.VacuumStmt;
    if (!isVacuum) return null;
    return optionOf(options, "full") === true ? "VACUUM FULL" : "VACUUM";
  }
  if ("ClusterStmt" in tree) return tree.ClusterStmt.relation ? null : "CLUSTER";
  if ("CreateSubscriptionStmt" in tree) {
    const { options } = tree.CreateSubscriptionStmt;
    const createsSlot = optionOf(options, "connect") !== false && optionOf(options, "create_slot") !== false;
    return createsSlot ? "CREATE SUBSCRIPTION" : null;
  }
  const [type = ""] = Object.keys(tree);
  return OUTSIDE_TRANSACTIONS.get(type) ?? null;
}

const OUTSIDE_TRANSACTIONS: ReadonlyMap<string, string> = new Map([
  ["AlterSystemStmt", "ALTER SYSTEM"],
  ["CreateTableSpaceStmt", "CREATE TABLESPACE"],
  ["CreatedbStmt", "CREATE DATABASE"],
  ["DropSubscriptionStmt", "DROP SUBSCRIPTION"],
  ["DropTableSpaceStmt", "DROP TABLESPACE"],
  ["DropdbStmt", "DROP DATABASE"],
]);

/** The partition that is detached concurrently; it is the only command of its statement. */
function partitionDetached(commands: readonly SyntaxTree[] | undefined): ObjectName | null {
  const [command] = commands ?? [];
  const definition = command !== undefined && "AlterTableCmd" in command ? command.AlterTableCmd.def : undefined;
  if (definition === undefined || !("PartitionCmd" in definition) || !definition.PartitionCmd.concurrent) return null;
  return relationName(definition.PartitionCmd.name);
}

function scopeOf({
  kind,
  relation,
  name,
  params = [],
}: Extract<SyntaxTree, { ReindexStmt: unknown }>["ReindexStmt"]): ReindexScope {
  const hasOptions = params.length > 1;
  switch (kind) {
    case "REINDEX_OBJECT_INDEX":
      return { of: "index", name: relationName(relation), hasOptions };
    case "REINDEX_OBJECT_TABLE":
      return { of: "table", name: relationName(relation), hasOptions };
    case "REINDEX_OBJECT_SCHEMA":
      return { of: "schema", schema: name ?? "" };
    default:
      return { of: "database" };
  }
}

/** Null where it is not named. Named without a value it is on: https://www.postgresql.org/docs/current/sql-reindex.html */
function optionOf(options: readonly SyntaxTree[] | undefined, name: string): boolean | null {
  const option = (options ?? []).find((item) => "DefElem" in item && item.DefElem.defname === name);
  if (option === undefined || !("DefElem" in option)) return null;
  const { arg } = option.DefElem;
  if (arg === undefined) return true;
  if ("Integer" in arg) return (arg.Integer.ival ?? 0) !== 0;
  if ("Boolean" in arg) return arg.Boolean.boolval ?? false;
  return !("String" in arg && /^(?:false|off|no|0)$/i.test(arg.String.sval ?? ""));
}

function transactionCommand(kind: string | undefined): string {
  const command = (kind ?? "").replace(/^TRANS_STMT_/, "").replaceAll("_", " ");
  return command === "PREPARE" || command === "START" ? `${command} TRANSACTION` : command;
}

function callsFunction(tree: SyntaxTree, name: RegExp): boolean {
  return nodesOf(tree).some((node) => "FuncCall" in node && name.test(words(node.FuncCall.funcname).at(-1) ?? ""));
}
