// What a template comes to with some parameters: its rules, conditions and functions evaluated, as CloudFormation would
// before it makes anything. Makes nothing and knows no resource type.
import { asObject, isList, type Json, type JsonObject } from "./cloudformation-template.ts";

/** A template without functions. A reference to a resource is `ref:NAME`, to its attribute `att:NAME.ATTRIBUTE`. */
export interface ResolvedTemplate {
  /** What CloudFormation would refuse the parameters with; empty when it would go on. */
  readonly refusals: readonly string[];
  /** Those whose condition holds. */
  readonly resources: Readonly<Record<string, ResolvedResource>>;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface ResolvedResource {
  readonly type: string;
  readonly properties: JsonObject;
}

const PSEUDO_PARAMETERS: JsonObject = {
  "AWS::AccountId": "111122223333",
  "AWS::Partition": "aws",
  "AWS::Region": "eu-west-1",
  "AWS::StackName": "stack",
  "AWS::URLSuffix": "amazonaws.com",
};

/** Stands for AWS::NoValue until what holds it is left out. */
const NO_VALUE = "\0no value";

/** Throws for a reference to nothing, or to what the parameters leave out. */
export function resolveTemplate(template: JsonObject, given: Readonly<Record<string, string>>): ResolvedTemplate {
  const declared = asObject(template["Parameters"] ?? {});
  const refusals: string[] = [];
  for (const name of Object.keys(given)) if (!(name in declared)) refusals.push(`${name} is no parameter`);
  const parameters = Object.fromEntries(
    Object.entries(declared).map(([name, declaration]) => {
      const { Type, Default, AllowedPattern, AllowedValues, MinValue, MaxValue } = asObject(declaration);
      const value = given[name] ?? (Default === undefined ? undefined : String(Default));
      if (value === undefined) refusals.push(`${name} must have a value`);
      if (typeof AllowedPattern === "string" && !new RegExp(AllowedPattern).test(value ?? "")) {
        refusals.push(`${name} does not match ${AllowedPattern}`);
      }
      if (AllowedValues !== undefined && isList(AllowedValues) && !AllowedValues.map(String).includes(value ?? "")) {
        refusals.push(`${name} is not allowed`);
      }
      if (Number(value) < Number(MinValue) || Number(value) > Number(MaxValue))
        refusals.push(`${name} is out of range`);
      const list = String(Type).startsWith("List<");
      return [name, list ? (value ?? "").split(",") : (value ?? "")] as const;
    }),
  );
  const all = asObject(template["Resources"]);
  const conditions = asObject(template["Conditions"] ?? {});

  const holds = (name: Json): boolean => {
    const condition = conditions[String(name)];
    if (condition === undefined) throw new Error(`no condition ${String(name)}`);
    return evaluate(condition) === true;
  };
  const exists = (name: string) => {
    const { Condition } = asObject(all[name]);
    return Condition === undefined || holds(Condition);
  };
  const reference = (name: string): Json => {
    if (name === "AWS::NoValue") return NO_VALUE;
    const known = PSEUDO_PARAMETERS[name] ?? parameters[name];
    return known === undefined ? toResource(name, `ref:${name}`) : known;
  };
  const toResource = (name: string, value: string): string => {
    if (!(name in all)) throw new Error(`reference to ${name}, which is nothing`);
    if (!exists(name)) throw new Error(`reference to ${name}, which these parameters leave out`);
    return value;
  };
  const substitute = (text: string): string =>
    text.replaceAll(/\$\{([^!}]+)\}/g, (_, name: string) => {
      const [resource, attribute] = [name.split(".")[0] ?? "", name.split(".").slice(1).join(".")];
      return String(attribute ? toResource(resource, `att:${name}`) : reference(name));
    });

  /** Each gets its arguments evaluated, but for `If`, whose other branch may refer to what is not there. */
  const functions: Readonly<Record<string, (args: readonly Json[]) => Json>> = {
    "Fn::And": (args) => args.every((arg) => arg === true),
    "Fn::Equals": ([one, other]) => String(one) === String(other),
    "Fn::Not": ([arg]) => arg !== true,
    "Fn::Or": (args) => args.some((arg) => arg === true),
    "Fn::Split": ([separator, text]) => String(text).split(String(separator)),
  };
  const evaluate = (value: Json): Json => {
    if (value === null || typeof value !== "object") return value;
    if (isList(value)) return value.map(evaluate).filter((item) => item !== NO_VALUE);
    const [[name, arg = null] = ["", null], ...more] = Object.entries(value);
    if (more.length === 0 && arg !== null) {
      if (name === "Ref") return reference(String(arg));
      if (name === "Condition" && typeof arg === "string") return holds(arg);
      if (name === "Fn::Sub") return substitute(String(arg));
      if (name === "Fn::If" && isList(arg)) return evaluate((holds(arg[0] ?? "") ? arg[1] : arg[2]) ?? null);
      if (name === "Fn::GetAtt" && isList(arg)) return toResource(String(arg[0]), `att:${arg.join(".")}`);
      const run = functions[name];
      if (run !== undefined && isList(arg)) return run(arg.map(evaluate));
      if (name.startsWith("Fn::")) throw new Error(`${name} is not evaluated here`);
    }
    const entries = Object.entries(value).map(([key, part]) => [key, evaluate(part)] as const);
    return Object.fromEntries(entries.filter(([, part]) => part !== NO_VALUE));
  };

  for (const rule of Object.values(asObject(template["Rules"] ?? {}))) {
    const { RuleCondition = true, Assertions } = asObject(rule);
    if (evaluate(RuleCondition) !== true) continue;
    for (const assertion of Assertions as readonly JsonObject[]) {
      if (evaluate(assertion["Assert"] ?? null) !== true) refusals.push(String(assertion["AssertDescription"]));
    }
  }
  const present = Object.entries(all).filter(([name]) => exists(name));
  const outputs = Object.entries(asObject(template["Outputs"] ?? {})).filter(([, output]) => {
    const { Condition } = asObject(output);
    return Condition === undefined || holds(Condition);
  });
  return {
    refusals,
    resources: Object.fromEntries(
      present.map(([name, resource]) => {
        const { Type, Properties = {} } = asObject(resource);
        return [name, { type: String(Type), properties: asObject(evaluate(Properties)) }];
      }),
    ),
    outputs: Object.fromEntries(
      outputs.map(([name, output]) => [name, String(evaluate(asObject(output)["Value"] ?? null))]),
    ),
  };
}
