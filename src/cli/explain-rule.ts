// `hj migrations explain RULE`: needs no database and no migrations.
import { nearRules } from "../hazards/near-rules.ts";
import { findRule, RULES } from "../hazards/rules.ts";
import { renderRule, renderRules } from "./render/render-rule.ts";
import { styleFor } from "./render/style.ts";

/** Without an id, the list. Throws a SyntaxError for an id that no rule has, with those that are like it. */
export function explainRule(id: string | undefined): void {
  const style = styleFor(process.stdout);
  const rule = id === undefined ? null : findRule(id);
  if (id !== undefined && rule === null) throw new SyntaxError(unknown(id));
  process.stdout.write(rule === null ? renderRules(RULES, style) : renderRule(rule, style));
}

function unknown(id: string): string {
  const near = nearRules(
    id,
    RULES.map((rule) => rule.id),
  );
  const hint = near.length === 0 ? "hj migrations explain lists them" : `perhaps ${near.join(", ")}`;
  return `no rule is called ${JSON.stringify(id)}: ${hint}`;
}
