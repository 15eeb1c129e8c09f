// Holds resolved resources against AWS's own descriptions of their types: what cfn-lint would say of the shape, for
// machines without Python. Judges no value beyond its type and the values that AWS lists.
import { loadAwsServiceSpecSync } from "@aws-cdk/aws-service-spec";
import { isList, type Json } from "./cloudformation-template.ts";
import type { ResolvedTemplate } from "./resolve-template.ts";

const types = loadAwsServiceSpecSync();
const definition = (id: string) => types.get("typeDefinition", id);
type Property = ReturnType<typeof definition>["properties"][string];
type PropertyType = Property["type"];

/** Unknown types, properties and attributes, missing properties, wrong kinds of values. Empty when AWS knows it all. */
export function shapeProblems({ resources, outputs }: ResolvedTemplate): readonly string[] {
  const problems = Object.entries(resources).flatMap(([name, { type, properties }]) => {
    if (type.startsWith("Custom::")) return "ServiceToken" in properties ? [] : [`${name} has no ServiceToken`];
    const found = types.lookup("resource", "cloudFormationType", "equals", type);
    return found.length === 0
      ? [`${name}: AWS has no type ${type}`]
      : propertyProblems(name, properties, found.only().properties);
  });
  const text = JSON.stringify([resources, outputs]);
  const attributes = [...text.matchAll(/att:(\w+)\.([\w.]+)/g)].flatMap(([, resource = "", attribute = ""]) => {
    const type = resources[resource]?.type ?? "";
    const known = types.lookup("resource", "cloudFormationType", "equals", type).only().attributes;
    return attribute in known ? [] : [`${resource}: ${type} has no attribute ${attribute}`];
  });
  return [...problems, ...attributes];
}

/** Whether a change of the property makes CloudFormation replace the resource. */
export function replacesResource(type: string, property: string): boolean {
  const { properties } = types.lookup("resource", "cloudFormationType", "equals", type).only();
  return properties[property]?.causesReplacement === "yes";
}

function propertyProblems(path: string, value: Json, known: Readonly<Record<string, Property>>): string[] {
  if (value === null || typeof value !== "object" || isList(value)) return [`${path} is no object`];
  return [
    ...Object.entries(known).flatMap(([name, { required }]) =>
      required === true && !(name in value) ? [`${path} has no ${name}`] : [],
    ),
    ...Object.entries(value).flatMap(([name, part]) => {
      const property = known[name];
      return property === undefined
        ? [`${path}.${name} is unknown to AWS`]
        : valueProblems(`${path}.${name}`, part, property.type);
    }),
  ];
}

function valueProblems(path: string, value: Json, type: PropertyType): string[] {
  switch (type.type) {
    case "string":
    case "date-time":
      if (typeof value === "object") return [`${path} is no text`];
      return type.type === "string" && type.allowedValues !== undefined && !type.allowedValues.includes(String(value))
        ? [`${path} is none of ${type.allowedValues.join(", ")}`]
        : [];
    case "integer":
    case "number":
      return typeof value === "object" || value === "" || Number.isNaN(Number(value)) ? [`${path} is no number`] : [];
    case "boolean":
      return value === true || value === false || value === "true" || value === "false"
        ? []
        : [`${path} is no boolean`];
    case "array":
      if (value === null || typeof value !== "object" || !isList(value)) return [`${path} is no list`];
      return value.flatMap((item, index) => valueProblems(`${path}[${index}]`, item, type.element));
    case "map":
      if (value === null || typeof value !== "object" || isList(value)) return [`${path} is no object`];
      return Object.entries(value).flatMap(([key, item]) => valueProblems(`${path}.${key}`, item, type.element));
    case "ref":
      return propertyProblems(path, value, definition(type.reference.$ref).properties);
    case "union": {
      const each = type.types.map((one) => valueProblems(path, value, one));
      return each.find((problems) => problems.length === 0) ?? each[0] ?? [];
    }
    case "json":
    case "null":
    case "tag":
      return [];
  }
}
