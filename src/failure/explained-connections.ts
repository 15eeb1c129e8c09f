// Explains the failures on the way to a database that can be worked on: secret, network, TLS, rights. The rest, and what a row
// is, is in explained-failures.ts.
import type { Explanation } from "./explanation.ts";
import type { FailureCode } from "./failure.ts";

/** In the order of failure.ts. */
export const EXPLAINED_CONNECTIONS = {
  DATABASE_UNREACHABLE: {
    meaning: "No connection to the database's host and port. Nothing was changed.",
    cause:
      "A security group or a route that does not let the function in, a wrong host or port, a server that is down, a name that is not in DNS. It was waited for, `HELLOJOHN_DATABASE_WAIT` long.",
    remedy:
      "`details.reason` tells a refusal from silence. Silence is mostly the database's security group: it has to let in the group that the stack's output `SecurityGroupId` names. Then send the same command again.",
    who: "account",
  },
  AUTHENTICATION_FAILED: {
    meaning: "The server does not take this user and password. Nothing was changed.",
    cause:
      "A secret that does not hold the server's password (a rotation that broke off), a user that does not exist, a `pg_hba.conf` that does not know this address, or, with IAM authentication, a user without `rds_iam`.",
    remedy:
      "`details.secretVersions` says which versions of the secret were tried, and how old they are. Rotate the secret again, or put the right password into it; nothing needs to be deployed.",
    who: "dba",
  },
  SECRET_NOT_FOUND: {
    meaning: "There is no such secret, it is scheduled for deletion, or what was given is neither a name nor an ARN.",
    cause:
      "A wrong name, region or account, or a secret that was deleted and made anew: its ARN then ends differently.",
    remedy:
      "Correct `HELLOJOHN_DATABASE_SECRET_ID` (`DatabaseSecretArn` of the stack) or `--secret-id`, or restore the secret.",
    who: "deployer",
  },
  SECRET_ACCESS_DENIED: {
    meaning: "The role may not read the secret, or not use the key that it is encrypted with.",
    cause:
      "A role without `secretsmanager:GetSecretValue` on that very ARN, a key of one's own without `kms:Decrypt` (`SecretKmsKeyArn` of the stack), a disabled key, a policy on the secret or the endpoint that denies it.",
    remedy: "Grant what the message names. A secret in another account needs it in its own policy too.",
    who: "account",
  },
  SECRET_UNAVAILABLE: {
    meaning: "Secrets Manager gave no answer in time.",
    cause:
      "In a VPC: no NAT gateway and no interface endpoint for `secretsmanager`, or one whose security group does not let the function in. Seldom: Secrets Manager itself.",
    remedy: "[A VPC without endpoints](operations.md#a-vpc-without-endpoints).",
    who: "account",
  },
  AWS_CREDENTIALS_UNUSABLE: {
    meaning: "There are no AWS credentials here, AWS does not take them, or no region is set.",
    cause:
      "A login that has expired, a profile that does not exist, a clock that is wrong. In the function: next to impossible.",
    remedy:
      "`aws sts get-caller-identity` with the same profile says what AWS thinks. Log in again, or set `AWS_REGION`.",
    who: "caller",
  },
  DATABASE_MISSING: {
    meaning: "The server has no database of that name. Nothing was changed.",
    cause:
      "A database that was never created, or a wrong name at the end of the URL, in the secret or in `HELLOJOHN_DATABASE_NAME`.",
    remedy: "Create it (`create database`), or correct the name. The hook creates tables, never databases.",
    who: "dba",
  },
  DATABASE_NOT_READY: {
    meaning:
      "The server answers that it is starting, stopping, or has no connection left. It was waited for. Nothing was changed.",
    cause:
      "A failover or restart that takes longer than `HELLOJOHN_DATABASE_WAIT`, or an application that holds all of `max_connections`.",
    remedy:
      "Send the same command again when it answers. With `details.sqlState` 53300, see [who is connected](operations.md#who-is-connected).",
    who: "dba",
  },
  TLS_FAILED: {
    meaning:
      "The server's certificate could not be verified, or the server and this side do not agree on TLS. No password was sent.",
    cause:
      "A host name that is not in the certificate (a CNAME, an IP address), an authority that nobody here trusts, an expired certificate, a server without TLS.",
    remedy: "[TLS](operations.md#tls), by what the message says.",
    who: "deployer",
  },
  SERVER_TOO_OLD: {
    meaning: "The server is older than PostgreSQL 14. Nothing was changed.",
    cause: "An old server. It lacks what frees the lock of a client that died.",
    remedy: "Upgrade the server.",
    who: "dba",
  },
  DATABASE_READ_ONLY: {
    meaning: "The host is a standby, or was one until the wait for a writer was over. Nothing was changed.",
    cause: "The reader's endpoint instead of the writer's; a name that still leads to the old writer after a failover.",
    remedy: "Use the writer's endpoint. After a failover, send the same command again.",
    who: "deployer",
  },
  SCHEMA_MISSING: {
    meaning: "The schema that the tables are to be in does not exist. Nothing was changed.",
    cause: "`HELLOJOHN_SCHEMA` or `--schema` names a schema that nobody has created.",
    remedy: "`create schema NAME authorization ROLE`, or correct the name.",
    who: "dba",
  },
  PERMISSION_DENIED: {
    meaning:
      "The role lacks a right that the command needs before any migration: to connect, to create in the schema, to read the journal, to end a session.",
    cause: "Rights that were never granted, or a journal that another role owns.",
    remedy:
      "The hint is the `grant` to run, as the owner or a superuser. All of them: [PostgreSQL grants](operations.md#postgresql-grants).",
    who: "dba",
  },
  JOURNAL_UNUSABLE: {
    meaning:
      "The journal's table could not be created, read or written, or is no journal. What the report calls applied stays applied.",
    cause:
      "A table of that name that something else made, rights that were taken away, a migration that changed the journal.",
    remedy: "`details.sqlState` says which. Another table: `HELLOJOHN_JOURNAL`. Rights: give them back, and run again.",
    who: "dba",
  },
} as const satisfies Partial<Record<FailureCode, Explanation>>;
