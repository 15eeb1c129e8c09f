// A process for one call of one tool: loads it, then times the call alone, and tells the parent what it took.
import { setImmediate } from "node:timers/promises";
import { peakMemory } from "./peak-memory.cjs";

const [module, directory, action] = process.argv.slice(2);
const { prepare } = await import(module);
const call = await prepare(directory, action);
// What loading has left to do is not the call's.
await setImmediate();
const cpu = process.cpuUsage();
const startedAt = performance.now();
await call(process.env.DATABASE_URL);
const wallMs = performance.now() - startedAt;
const { user, system } = process.cpuUsage(cpu);
process.send({ wallMs, cpuMs: (user + system) / 1_000, peakMb: peakMemory() });
process.disconnect();
