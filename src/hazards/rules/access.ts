// Rules about who may see and use a table, and about locks that are asked for by name.
import type { ObjectName } from "../../migration/manifest.ts";
import { nameKey } from "../known-schema.ts";
import { blocksWrites } from "../locks-of.ts";
import type { Rule } from "../rule.ts";
import { found, NOTHING } from "./finding.ts";

export const ACCESS_RULES: readonly Rule[] = [
  {
    id: "row-security",
    title: "Row security is switched on for a table that is in use",
    level: "warning",
    locks: [{ table: "session", mode: "AccessExclusiveLock", work: null }],
    why: "Without a policy that fits, the old version sees no rows at all, and no error either.",
    instead: "Create the policies first, and enable row security in a later release.",
    since: null,
    breaksOldCode: "It silently finds no rows.",
    isFineInContract: false,
    check: (action, { isExisting }) =>
      action.kind === "row_security" &&
      (action.command === "enable" || action.command === "force") &&
      isExisting(action.table)
        ? found(action.table, null, "shows the old version only the rows that a policy lets it see")
        : NOTHING,
    bad: ["alter table session enable row level security;"],
    failsWith: null,
    good: ["create policy session_own on session using (true);"],
  },
  {
    id: "revoke",
    title: "Rights are taken away, or an owner changes",
    level: "warning",
    locks: [],
    why: "The old version may need them.",
    instead: "Do it in a contract migration.",
    since: null,
    breaksOldCode: "It fails with 42501.",
    isFineInContract: true,
    check: (action, { isExisting }) => {
      if (action.kind === "change_owner" && isExisting(action.name))
        return found(action.name, null, "gets another owner, whose rights the old version may not have");
      if (action.kind !== "revoke") return NOTHING;
      return action.on
        .filter((table) => isExisting(table))
        .flatMap((table) => found(table, null, "loses rights that the old version may need"));
    },
    bad: ["revoke select on session from public;"],
    failsWith: null,
    good: ["-- hj:phase contract after 1\nrevoke select on session from public;"],
  },
  {
    id: "missing-grant",
    title: "A new table without rights for anybody, where other tables have them",
    level: "warning",
    locks: [],
    why: "Earlier migrations grant rights on their tables by name: the new version may not read this one.",
    instead: "Grant them beside CREATE TABLE, or once with ALTER DEFAULT PRIVILEGES.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { areRightsGranted, before, after }) => {
      if (action.kind !== "create_table" || !areRightsGranted || action.isTemporary || action.partitionOf)
        return NOTHING;
      const isIt = (name: ObjectName) => nameKey(name) === nameKey(action.table);
      const later = after().flatMap(({ actions }) => actions);
      const isUsable =
        before.some(({ kind }) => kind === "grant_by_default") ||
        later.some((other) => other.kind === "grant" && (other.on.length === 0 || other.on.some(isIt))) ||
        later.some((other) => other.kind === "change_owner" && isIt(other.name));
      return isUsable ? NOTHING : found(action.table, null, "gets no rights, and other tables have them");
    },
    bad: ["grant select on account to public;", "create table audit (id bigint primary key);"],
    failsWith: null,
    good: [
      "grant select on account to public;",
      "create table audit (id bigint primary key);\ngrant select on audit to public;",
    ],
  },
  {
    id: "lock-table",
    title: "LOCK TABLE in a mode that keeps writers out",
    level: "warning",
    locks: [{ table: "session", mode: "ExclusiveLock", work: null }],
    why: "The lock is kept until commit, whatever comes behind it.",
    instead: "Leave it out: each statement takes the weakest lock that it needs.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { locks }) =>
      action.kind === "lock_table" && locks.some(blocksWrites)
        ? found(action.table, null, "is locked until all of this file is done")
        : NOTHING,
    bad: ["lock table session in exclusive mode;"],
    failsWith: null,
    good: ["lock table session in share update exclusive mode;"],
  },
  {
    id: "rewrite-table",
    title: "A table is written anew as a whole",
    level: "error",
    locks: [{ table: "session", mode: "AccessExclusiveLock", work: "rewrite" }],
    why: "SET LOGGED, SET TABLESPACE, VACUUM FULL, CLUSTER and their like copy all rows, while nobody can read or write the table.",
    instead: "Use pg_repack, or move the rows to a new table in batches.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { isExisting }) =>
      action.kind === "rewrite_table" && isExisting(action.table)
        ? found(action.table, null, `is written anew by ${action.command}`)
        : NOTHING,
    bad: ["alter table session set unlogged;"],
    failsWith: null,
    good: ["alter table session set (autovacuum_vacuum_scale_factor = 0.05);"],
  },
];
