-- Its foreign key stops writes to hj_user until commit, so nothing else belongs in this file.
create table hj_passkey_credential (
  id text not null,
  user_id text not null,
  -- No foreign key: the authenticator keeps the credential, whatever becomes of the relying party's settings.
  relying_party_id text not null,
  credential_id bytea not null,
  public_key bytea not null,
  -- 32 bits unsigned on the wire, more than an integer holds.
  sign_count bigint not null default 0,
  aaguid uuid,
  transports text[] not null default '{}',
  device_type text not null,
  backed_up boolean not null default false,
  name text,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  constraint hj_passkey_credential_pkey primary key (id),
  constraint hj_passkey_credential_credential_id_key unique (credential_id),
  constraint hj_passkey_credential_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  -- WebAuthn's own limit; it also keeps the value small enough for a b-tree.
  constraint hj_passkey_credential_credential_id_check check (octet_length(credential_id) between 1 and 1023),
  constraint hj_passkey_credential_sign_count_check check (sign_count >= 0),
  constraint hj_passkey_credential_device_type_check check (device_type in ('single_device', 'multi_device')),
  constraint hj_passkey_credential_backed_up_check check (device_type = 'multi_device' or not backed_up)
);

create index idx_hj_passkey_credential_user_id on hj_passkey_credential (user_id);
