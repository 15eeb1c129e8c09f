-- Every table references hj_user, which takes no writes from the first statement until commit: keep this file short.

create table hj_mfa_factor (
  id text not null,
  user_id text not null,
  name text,
  -- Encrypted, not hashed: the server needs it to compute the code that it expects.
  secret_encrypted bytea not null,
  algorithm text not null default 'SHA1',
  digits smallint not null default 6,
  period_seconds smallint not null default 30,
  -- A code is good once (RFC 6238, section 5.2): only a later time step is accepted.
  last_used_step bigint,
  status text not null default 'pending',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint hj_mfa_factor_pkey primary key (id),
  constraint hj_mfa_factor_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  constraint hj_mfa_factor_algorithm_check check (algorithm in ('SHA1', 'SHA256', 'SHA512')),
  constraint hj_mfa_factor_digits_check check (digits in (6, 8)),
  constraint hj_mfa_factor_period_seconds_check check (period_seconds > 0),
  constraint hj_mfa_factor_status_check check (status in ('pending', 'active'))
);

create index idx_hj_mfa_factor_user_id on hj_mfa_factor (user_id);

-- For a user, not a factor: any factor answers it, and so does a recovery code.
create table hj_mfa_challenge (
  id text not null,
  user_id text not null,
  token_hash bytea not null,
  purpose text not null,
  failed_attempts smallint not null default 0,
  ip_address inet,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  constraint hj_mfa_challenge_pkey primary key (id),
  constraint hj_mfa_challenge_token_hash_key unique (token_hash),
  constraint hj_mfa_challenge_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  constraint hj_mfa_challenge_token_hash_check check (octet_length(token_hash) = 32),
  constraint hj_mfa_challenge_purpose_check check (purpose in ('sign_in', 'step_up')),
  constraint hj_mfa_challenge_failed_attempts_check check (failed_attempts >= 0)
);

create index idx_hj_mfa_challenge_user_id on hj_mfa_challenge (user_id);
create index idx_hj_mfa_challenge_expires_at on hj_mfa_challenge (expires_at);

create table hj_mfa_recovery_code (
  user_id text not null,
  code_hash bytea not null,
  created_at timestamptz not null default now(),
  consumed_at timestamptz,
  constraint hj_mfa_recovery_code_pkey primary key (user_id, code_hash),
  constraint hj_mfa_recovery_code_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  constraint hj_mfa_recovery_code_code_hash_check check (octet_length(code_hash) = 32)
);

create table hj_trusted_device (
  id text not null,
  user_id text not null,
  token_hash bytea not null,
  name text,
  user_agent text,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  constraint hj_trusted_device_pkey primary key (id),
  constraint hj_trusted_device_token_hash_key unique (token_hash),
  constraint hj_trusted_device_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  constraint hj_trusted_device_token_hash_check check (octet_length(token_hash) = 32)
);

create index idx_hj_trusted_device_user_id on hj_trusted_device (user_id);
create index idx_hj_trusted_device_expires_at on hj_trusted_device (expires_at);
