// Reads columns and constraints from syntax trees, as rules know them. Pure.
import type { Column, Constraint, TypeName } from "../hazards/action.ts";
import type { SyntaxTree } from "./parse-sql.ts";
import { columnsIn, nodesOf, relationName, words } from "./tree-names.ts";

type ColumnDef = Extract<SyntaxTree, { ColumnDef: unknown }>["ColumnDef"];
type ConstraintNode = Extract<SyntaxTree, { Constraint: unknown }>["Constraint"];
type TypeNameNode = Extract<SyntaxTree, { TypeName: unknown }>["TypeName"];

/** A column, and the constraints that stand beside it. */
export function readColumn(definition: ColumnDef): {
  readonly column: Column;
  readonly constraints: readonly Constraint[];
} {
  const name = definition.colname ?? "";
  const nodes = (definition.constraints ?? []).flatMap((node) => ("Constraint" in node ? [node.Constraint] : []));
  const has = (type: ConstraintNode["contype"]) => nodes.find(({ contype }) => contype === type);
  const type = readType(definition.typeName);
  const isSerial = SERIALS.includes(type.name);
  const generated = has("CONSTR_GENERATED");
  const column: Column = {
    name,
    type,
    isNotNull:
      isSerial ||
      ["CONSTR_NOTNULL", "CONSTR_PRIMARY", "CONSTR_IDENTITY"].some((kind) =>
        nodes.some(({ contype }) => contype === kind),
      ),
    default: defaultOf(has("CONSTR_DEFAULT")?.raw_expr),
    generated: isSerial
      ? "serial"
      : has("CONSTR_IDENTITY")
        ? "identity"
        : generated === undefined
          ? null
          : generated.generated_kind === "v"
            ? "virtual"
            : "stored",
  };
  return { column, constraints: nodes.flatMap((node) => readConstraint(node, [name]) ?? []) };
}

/** Null for what is no constraint of its own: NOT NULL beside a column, a default, and the like. */
export function readConstraint(node: ConstraintNode, beside: readonly string[] | null = null): Constraint | null {
  const kind = node.contype === undefined ? undefined : KINDS.get(node.contype);
  if (kind === undefined || (kind === "not_null" && beside !== null)) return null;
  const own = kind === "foreign_key" ? words(node.fk_attrs) : words(node.keys);
  const columns = own.length > 0 ? own : kind === "check" ? columnsIn(node.raw_expr) : (beside ?? []);
  return {
    name: node.conname ?? null,
    kind,
    columns,
    references: kind === "foreign_key" ? relationName(node.pktable) : null,
    isNotValid: node.skip_validation ?? false,
    index: node.indexname ?? null,
    proves: kind === "not_null" ? columns : kind === "check" ? provenBy(node.raw_expr) : [],
  };
}

/** A type as the catalog names it; the parser has turned `int` into int4 and `decimal` into numeric. */
export function readType(type: TypeNameNode | undefined): TypeName {
  const modifiers = (type?.typmods ?? []).flatMap((node) =>
    "A_Const" in node && node.A_Const.ival ? [node.A_Const.ival.ival ?? 0] : [],
  );
  const [name = ""] = words(type?.names).slice(-1);
  return { name: SPELLINGS.get(name) ?? name, modifiers, isArray: (type?.arrayBounds ?? []).length > 0 };
}

const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ["serial8", "bigserial"],
  ["serial4", "serial"],
  ["serial2", "smallserial"],
]);
const SERIALS: readonly string[] = ["serial", "bigserial", "smallserial"];

const KINDS: ReadonlyMap<string, Constraint["kind"]> = new Map([
  ["CONSTR_CHECK", "check"],
  ["CONSTR_FOREIGN", "foreign_key"],
  ["CONSTR_UNIQUE", "unique"],
  ["CONSTR_PRIMARY", "primary_key"],
  ["CONSTR_EXCLUSION", "exclude"],
  ["CONSTR_NOTNULL", "not_null"],
]);

function defaultOf(expression: SyntaxTree | undefined): Column["default"] {
  if (expression === undefined || ("A_Const" in expression && expression.A_Const.isnull)) return "none";
  const isVolatile = nodesOf(expression).some(
    (node) => "FuncCall" in node && !NOT_VOLATILE.has(words(node.FuncCall.funcname).at(-1) ?? ""),
  );
  return isVolatile ? "volatile" : "constant";
}

/**
 * Evaluated once for all rows. What is not in this list may be volatile, as a function of one's own is unless it says
 * otherwise: https://www.postgresql.org/docs/current/xfunc-volatility.html
 */
const NOT_VOLATILE: ReadonlySet<string> = new Set([
  ...[
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "timezone",
    "date_trunc",
    "date_part",
    "extract",
    "to_timestamp",
  ],
  ...["make_interval", "make_date", "make_timestamp", "make_timestamptz", "age", "to_char", "to_date", "to_number"],
  ...[
    "lower",
    "upper",
    "initcap",
    "trim",
    "btrim",
    "ltrim",
    "rtrim",
    "left",
    "right",
    "substr",
    "substring",
    "replace",
  ],
  ...[
    "concat",
    "concat_ws",
    "format",
    "length",
    "char_length",
    "octet_length",
    "repeat",
    "md5",
    "sha256",
    "encode",
    "decode",
  ],
  ...["abs", "round", "floor", "ceil", "ceiling", "power", "sqrt", "int4", "int8", "numeric", "text", "upper_inf"],
  ...["jsonb_build_object", "jsonb_build_array", "json_build_object", "json_build_array", "to_json", "to_jsonb"],
  ...["array_fill", "array_append", "string_to_array", "current_setting", "current_schema", "current_database"],
  ...["tstzrange", "tsrange", "daterange", "int4range", "int8range", "numrange", "to_tsvector", "point", "uuid_nil"],
]);

/** Columns of `c IS NOT NULL`, alone or joined by AND. */
function provenBy(expression: SyntaxTree | undefined): readonly string[] {
  if (expression === undefined) return [];
  if ("BoolExpr" in expression) {
    return expression.BoolExpr.boolop === "AND_EXPR" ? (expression.BoolExpr.args ?? []).flatMap(provenBy) : [];
  }
  if (!("NullTest" in expression) || expression.NullTest.nulltesttype !== "IS_NOT_NULL") return [];
  const { arg } = expression.NullTest;
  return arg !== undefined && "ColumnRef" in arg ? words(arg.ColumnRef.fields).slice(-1) : [];
}
