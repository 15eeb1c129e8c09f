// Blockers, holders and index builds in words. Pure, and without an import but types: the command line loads this for every
// command, and nothing that connects with it.
import type { Blocker, IndexBuild, LockHolder } from "../failure/failure.ts";

/** Such as `pid 4711 (web), idle in transaction since 2026-01-02T03:04:05.678Z, AccessShareLock on hj_user`. */
export function describeBlocker(blocker: Blocker): string {
  const { pid, application, state, since, mode, relation, isBlocked, preventsWraparound } = blocker;
  const parts = [
    `pid ${pid} (${application || "unnamed"})`,
    [state, since === null ? null : `since ${since}`].filter((part) => part !== null).join(" "),
    mode === null ? "" : `${mode} on ${relation}`,
    isBlocked ? "itself blocked" : "",
    preventsWraparound ? "an autovacuum that does not give way: it prevents wraparound" : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** Such as `building index: scanning table, 43 %`. */
export function describeBuild({ phase, percent }: IndexBuild): string {
  return percent === null ? phase : `${phase}, ${percent} %`;
}

/** Such as `pid 4711 (hellojohn-migrate 3f2a91c0/0 20240601_001), active since ..., building index, 43 %`. */
export function describeHolder({ pid, application, state, stateSince, build }: LockHolder): string {
  const parts = [
    `pid ${pid} (${application || "unnamed"})`,
    [state, stateSince === null ? null : `since ${stateSince}`].filter((part) => part !== null).join(" "),
    build === null ? "" : describeBuild(build),
  ];
  return parts.filter((part) => part !== "").join(", ");
}
