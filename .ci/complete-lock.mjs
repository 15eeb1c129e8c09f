// Puts the packages of other platforms back into package-lock.json. npm leaves out what its registry does not serve, and
// `npm ci` then refuses the lock on every machine. Run it after `npm install`; a unit test sees what is missing. Another
// package's lock is given as an argument.
import { readFileSync, writeFileSync } from "node:fs";

const file = process.argv[2] ?? new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const PLATFORM =
  /(?:^|[-/])(?<os>android|aix|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32|windows)(?:-(?<cpu>[a-z0-9]+))?/;

for (const [path, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    const version = range.replace(/^[\^~]/, "");
    const found = resolved(path, name);
    if (found !== undefined && major(found.version) === major(version)) continue;
    const { os, cpu } = PLATFORM.exec(name)?.groups ?? {};
    // Beside the one that asks for it, when the top level has another major version.
    const parent = found === undefined ? "" : `${path}/`;
    lock.packages[`${parent}node_modules/${name}`] = {
      version,
      ...(cpu && { cpu: [cpu] }),
      ...(dev && { dev }),
      optional: true,
      ...(os && { os: [os === "windows" ? "win32" : os] }),
    };
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);

function resolved(path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const found = lock.packages[`${folder ? `${folder}/` : ""}node_modules/${name}`];
    if (found !== undefined || folder === "") return found;
  }
}

function major(version) {
  return version.split(".")[0];
}
