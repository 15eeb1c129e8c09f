create table hj_webhook (
  id text not null,
  url text not null,
  description text,
  -- Encrypted, not hashed: every delivery is signed with it.
  secret_encrypted bytea not null,
  event_types text[] not null,
  status text not null default 'enabled',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint hj_webhook_pkey primary key (id),
  constraint hj_webhook_url_check check (url like 'https://%' or url like 'http://%'),
  constraint hj_webhook_event_types_check check (cardinality(event_types) > 0),
  constraint hj_webhook_status_check check (status in ('enabled', 'disabled'))
);

-- No foreign key to what the event is about: user.deleted is told after the user is gone.
create table hj_webhook_event (
  id text not null,
  type text not null,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  constraint hj_webhook_event_pkey primary key (id),
  constraint hj_webhook_event_payload_check check (jsonb_typeof(payload) = 'object')
);

create index idx_hj_webhook_event_created_at on hj_webhook_event (created_at);

create table hj_webhook_delivery (
  id text not null,
  webhook_id text not null,
  event_id text not null,
  status text not null default 'pending',
  attempts smallint not null default 0,
  next_attempt_at timestamptz default now(),
  response_status smallint,
  error text,
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  constraint hj_webhook_delivery_pkey primary key (id),
  -- However often the fan-out of an event is repeated, each webhook gets it once.
  constraint hj_webhook_delivery_webhook_id_event_id_key unique (webhook_id, event_id),
  constraint hj_webhook_delivery_webhook_id_fkey foreign key (webhook_id) references hj_webhook (id) on delete cascade,
  constraint hj_webhook_delivery_event_id_fkey
    foreign key (event_id) references hj_webhook_event (id) on delete cascade,
  constraint hj_webhook_delivery_status_check check (status in ('pending', 'succeeded', 'failed')),
  constraint hj_webhook_delivery_attempts_check check (attempts >= 0),
  -- A pending delivery without a time would never be tried.
  constraint hj_webhook_delivery_next_attempt_at_check check ((status = 'pending') = (next_attempt_at is not null))
);

create index idx_hj_webhook_delivery_event_id on hj_webhook_delivery (event_id);
create index idx_hj_webhook_delivery_next_attempt_at_pending
  on hj_webhook_delivery (next_attempt_at) where status = 'pending';
