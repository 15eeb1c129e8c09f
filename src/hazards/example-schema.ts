// The tables that the rules' examples are about: those of a small product, full and in use.

/** A migration of its own, before every example. Only `invoice` is empty: what fails on rows can be tried on it. */
export const EXAMPLE_SCHEMA = `create type plan as enum ('free', 'paid');

create table organization (
  id bigint primary key,
  slug varchar(40) not null,
  plan plan not null default 'free',
  constraint organization_slug_key unique (slug)
);

create table account (
  id bigint primary key,
  organization_id bigint,
  email text not null,
  name varchar(40),
  locale text not null default 'en',
  logins integer not null default 0,
  balance numeric(10, 2),
  last_seen_at timestamptz,
  constraint account_organization_id_fkey foreign key (organization_id) references organization (id)
);
create unique index account_email_idx on account (email);
create index account_name_idx on account (name);

create table session (
  id bigint primary key,
  account_id bigint not null,
  token text not null,
  data text
);
create index session_account_id_idx on session (account_id);

create table invoice (
  id bigint primary key,
  account_id bigint not null,
  status text not null default 'open'
);

create table event (
  id bigint not null,
  happened_at timestamptz not null,
  primary key (id, happened_at)
) partition by range (happened_at);
create table event_2024 partition of event for values from ('2024-01-01') to ('2025-01-01');

create materialized view plan_count as select plan, count(*) as organizations from organization group by plan;
create unique index plan_count_idx on plan_count (plan);

create view account_name as select id, name from account;

create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger session_touch before update on session for each row execute function touch();

insert into organization select n, 'slug-' || n from generate_series(1, 10) n;
insert into account (id, organization_id, email, name) select n, 1 + n % 10, n || '@example.com', 'name ' || n from generate_series(1, 100) n;
insert into session select n, n, 'token ' || n, '{}' from generate_series(1, 100) n;
insert into event select n, '2024-06-01' from generate_series(1, 10) n;
`;
