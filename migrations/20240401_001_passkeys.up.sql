create table hj_webauthn_relying_party (
  -- The domain that credentials are bound to (rp.id), such as example.com.
  id text not null,
  name text not null,
  origins text[] not null,
  user_verification text not null default 'preferred',
  attestation text not null default 'none',
  timeout_ms bigint not null default 300000,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint hj_webauthn_relying_party_pkey primary key (id),
  constraint hj_webauthn_relying_party_id_check check (id = lower(id)),
  constraint hj_webauthn_relying_party_origins_check check (cardinality(origins) > 0),
  constraint hj_webauthn_relying_party_user_verification_check
    check (user_verification in ('required', 'preferred', 'discouraged')),
  constraint hj_webauthn_relying_party_attestation_check
    check (attestation in ('none', 'indirect', 'direct', 'enterprise')),
  constraint hj_webauthn_relying_party_timeout_ms_check check (timeout_ms > 0)
);

-- Last, because its foreign key stops writes to hj_user until commit.
create table hj_webauthn_challenge (
  id text not null,
  relying_party_id text not null,
  -- Null until a discoverable credential tells who is signing in.
  user_id text,
  ceremony text not null,
  -- A hash is enough: the browser sends the challenge back.
  challenge_hash bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  constraint hj_webauthn_challenge_pkey primary key (id),
  constraint hj_webauthn_challenge_challenge_hash_key unique (challenge_hash),
  constraint hj_webauthn_challenge_relying_party_id_fkey
    foreign key (relying_party_id) references hj_webauthn_relying_party (id) on delete cascade,
  constraint hj_webauthn_challenge_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  constraint hj_webauthn_challenge_user_id_check check (ceremony <> 'registration' or user_id is not null),
  constraint hj_webauthn_challenge_ceremony_check check (ceremony in ('registration', 'authentication')),
  constraint hj_webauthn_challenge_challenge_hash_check check (octet_length(challenge_hash) = 32)
);

create index idx_hj_webauthn_challenge_relying_party_id on hj_webauthn_challenge (relying_party_id);
create index idx_hj_webauthn_challenge_user_id on hj_webauthn_challenge (user_id);
create index idx_hj_webauthn_challenge_expires_at on hj_webauthn_challenge (expires_at);
