// Rules about checks and exclusions, and about validating what was not checked at once.
import { nameKey } from "../known-schema.ts";
import { blocksWrites } from "../locks-of.ts";
import type { Rule } from "../rule.ts";
import { constraintsOf, nameOf } from "./added-constraints.ts";
import { found, NOTHING } from "./finding.ts";

export const CONSTRAINT_RULES: readonly Rule[] = [
  {
    id: "add-check",
    title: "A check that is held against every row at once",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: "scan" }],
    why: "All rows are read, while nobody can read or write the table.",
    instead:
      "Add it NOT VALID, which holds for new rows at once, and VALIDATE CONSTRAINT in the next migration: that keeps nobody out.",
    since: null,
    breaksOldCode:
      "An INSERT of what the check forbids fails with 23514, and so does an UPDATE of a row that is against it already.",
    isFineInContract: false,
    check: (action, context) =>
      constraintsOf(action, context).flatMap(({ table, constraint }) =>
        constraint.kind === "check" && !constraint.isNotValid
          ? found(table, nameOf(constraint), "is held against every row, under a lock that keeps everybody out")
          : NOTHING,
      ),
    bad: ["alter table account add constraint account_logins_check check (logins >= 0);"],
    failsWith: null,
    good: [
      "alter table account add constraint account_logins_check check (logins >= 0) not valid;",
      "alter table account validate constraint account_logins_check;",
    ],
  },
  {
    id: "validate-in-same-transaction",
    title: "A constraint is validated in the transaction that holds a strong lock on its table",
    level: "error",
    locks: [{ table: "account", mode: "AccessExclusiveLock", work: "scan" }],
    why: "Validating takes a weak lock of its own, but the strong one of the statement before is kept until commit: all rows are read under it.",
    instead: "Validate in the next migration.",
    since: null,
    breaksOldCode: null,
    isFineInContract: false,
    check: (action, { held, isExisting }) =>
      action.kind === "validate_constraint" &&
      isExisting(action.table) &&
      held.some((lock) => nameKey(lock.table) === nameKey(action.table) && blocksWrites(lock))
        ? found(action.table, action.constraint, "is validated while an earlier statement keeps the table locked")
        : NOTHING,
    bad: [
      "alter table account add constraint account_logins_check check (logins >= 0) not valid;\nalter table account validate constraint account_logins_check;",
    ],
    failsWith: null,
    good: [
      "alter table account add constraint account_logins_check check (logins >= 0) not valid;",
      "alter table account validate constraint account_logins_check;",
    ],
  },
  {
    id: "add-exclude",
    title: "An exclusion constraint on a table that is in use",
    level: "error",
    locks: [{ table: "session", mode: "AccessExclusiveLock", work: "build" }],
    why: "Its index is built while nobody can read or write the table, and PostgreSQL has no other way.",
    instead: "Create a new table with the constraint and move the rows over; or allow it for a small table.",
    since: null,
    breaksOldCode: "A row that the constraint forbids is refused with 23P01.",
    isFineInContract: false,
    check: (action, context) =>
      constraintsOf(action, context).flatMap(({ table, constraint }) =>
        constraint.kind === "exclude"
          ? found(table, constraint.name, "builds its index under a lock that keeps everybody out")
          : NOTHING,
      ),
    bad: ["alter table session add constraint session_token_excl exclude using btree (token with =);"],
    failsWith: null,
    good: [
      "create table booking (id bigint primary key, room bigint not null, constraint booking_room_excl exclude using btree (room with =));",
    ],
  },
];
