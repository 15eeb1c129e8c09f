// What of a measurement is wanted, from the arguments. Pure.
import { parseArgs } from "node:util";
import { CONTESTANTS, type Contestant } from "./contestants.ts";
import { FORMS, type Form, LATENCIES, type Latency, SCENARIOS, type Scenario } from "./scenarios.ts";

/** What is to be run. */
export interface Options {
  readonly scenarios: readonly Scenario[];
  readonly contestants: readonly Contestant[];
  readonly latencies: readonly Latency[];
  readonly roundsOf: (scenario: Scenario, form: Form, latencyMs: Latency) => number;
  /** False where something was left out: then the published results stay as they are. */
  readonly isWhole: boolean;
}

/** What stands for a mistake in the arguments. */
export const USAGE = `npm run bench -- [--quick] [--scenario NAMES] [--tools NAMES] [--form FORMS] [--latency MS] [--rounds N]
  --quick     calls of the small scenarios alone, two rounds each
  --scenario  ${SCENARIOS.map(({ name }) => name).join(",")}
  --tools     ${CONTESTANTS.map(({ name }) => name).join(",")}; the floor and hj always run
  --form      ${FORMS.join(",")}
  --latency   ${LATENCIES.join(",")}
  --rounds    how often, instead of what each scenario says; never where it leaves a slow combination out
`;

const QUICK = { scenarios: ["nothing", "1", "50", "200"], rounds: 2 };

/** Throws a TypeError for a name that nothing has. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      scenario: { type: "string" },
      tools: { type: "string" },
      form: { type: "string" },
      latency: { type: "string" },
      rounds: { type: "string" },
    },
  });
  const { quick, scenario, tools, form, latency, rounds } = values;
  const forms = chosen("form", form ?? (quick ? "call" : undefined), FORMS, String);
  const wanted = scenario ?? (quick ? QUICK.scenarios.join(",") : undefined);
  const times = rounds === undefined ? null : wholeNumber(rounds);
  return {
    scenarios: chosen("scenario", wanted, SCENARIOS, ({ name }) => name),
    // Every ratio is one to the floor, and every question is about hj.
    contestants: chosen("tool", tools && `floor,hj,${tools}`, CONTESTANTS, ({ name }) => name),
    latencies: chosen("latency", latency, LATENCIES, String),
    roundsOf: ({ rounds: usual }, form, latencyMs) => {
      if (!forms.includes(form)) return 0;
      return usual[form][latencyMs] === 0 ? 0 : (times ?? (quick ? QUICK.rounds : usual[form][latencyMs]));
    },
    // Other rounds are told with the results.
    isWhole: !quick && [scenario, tools, form, latency].every((wanted) => wanted === undefined),
  };
}

/** In the order of `all`, whatever that of the names is. */
function chosen<T>(what: string, names: string | undefined, all: readonly T[], nameOf: (item: T) => string) {
  if (names === undefined) return all;
  const wanted = names.split(",");
  const unknown = wanted.find((name) => !all.some((item) => nameOf(item) === name));
  if (unknown !== undefined) throw new TypeError(`there is no ${what} ${JSON.stringify(unknown)}`);
  return all.filter((item) => wanted.includes(nameOf(item)));
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new TypeError(`--rounds ${text}: a number from 1 to 999`);
  return Number(text);
}
