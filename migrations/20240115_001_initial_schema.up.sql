-- hj:irreversible it creates the accounts themselves, and undoing it would delete every one of them

-- A token_hash is the SHA-256 of a secret that only its holder knows, so a leaked backup signs nobody in.
-- The length check keeps the secret itself from being stored by mistake.

create table hj_user (
  id text not null,
  email text not null,
  email_verified boolean not null default false,
  name text,
  avatar_url text,
  -- Null for those who sign in only through an identity provider, a link or a passkey.
  password_hash text,
  -- What the user may do on this server; what they may do in an application is in hj_user_role.
  role text not null default 'user',
  public_metadata jsonb not null default '{}',
  private_metadata jsonb not null default '{}',
  status text not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint hj_user_pkey primary key (id),
  constraint hj_user_email_key unique (email),
  -- One spelling for each address, so that the unique constraint is blind to case.
  constraint hj_user_email_check check (email = lower(email)),
  constraint hj_user_role_check check (role in ('user', 'admin')),
  constraint hj_user_public_metadata_check check (jsonb_typeof(public_metadata) = 'object'),
  constraint hj_user_private_metadata_check check (jsonb_typeof(private_metadata) = 'object'),
  constraint hj_user_status_check check (status in ('invited', 'active', 'suspended'))
);

create index idx_hj_user_created_at on hj_user (created_at);

create table hj_identity (
  id text not null,
  user_id text not null,
  provider text not null,
  provider_user_id text not null,
  -- As the provider told it: not unique, and not to be trusted as hj_user.email is.
  email text,
  profile jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_used_at timestamptz,
  constraint hj_identity_pkey primary key (id),
  constraint hj_identity_provider_provider_user_id_key unique (provider, provider_user_id),
  constraint hj_identity_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  constraint hj_identity_profile_check check (jsonb_typeof(profile) = 'object')
);

create index idx_hj_identity_user_id on hj_identity (user_id);

create table hj_session (
  id text not null,
  user_id text not null,
  token_hash bytea not null,
  authentication_methods text[] not null default '{}',
  ip_address inet,
  user_agent text,
  created_at timestamptz not null default now(),
  last_active_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text,
  constraint hj_session_pkey primary key (id),
  constraint hj_session_token_hash_key unique (token_hash),
  constraint hj_session_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  constraint hj_session_token_hash_check check (octet_length(token_hash) = 32),
  constraint hj_session_revoked_reason_check
    check (revoked_reason in ('sign_out', 'password_change', 'token_reuse', 'administrator')),
  constraint hj_session_revoked_at_check check (revoked_reason is null or revoked_at is not null)
);

create index idx_hj_session_user_id on hj_session (user_id);
create index idx_hj_session_expires_at on hj_session (expires_at);

create table hj_oauth_client (
  id text not null,
  name text not null,
  logo_url text,
  token_endpoint_auth_method text not null default 'none',
  secret_hash bytea,
  jwks_uri text,
  redirect_uris text[] not null,
  post_logout_redirect_uris text[] not null default '{}',
  grant_types text[] not null default '{authorization_code,refresh_token}',
  first_party boolean not null default false,
  status text not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint hj_oauth_client_pkey primary key (id),
  constraint hj_oauth_client_token_endpoint_auth_method_check
    check (token_endpoint_auth_method in ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')),
  constraint hj_oauth_client_secret_hash_check check (
    (token_endpoint_auth_method in ('client_secret_basic', 'client_secret_post')) = (secret_hash is not null)
    and octet_length(secret_hash) = 32
  ),
  constraint hj_oauth_client_jwks_uri_check
    check (token_endpoint_auth_method <> 'private_key_jwt' or jwks_uri is not null),
  constraint hj_oauth_client_grant_types_check
    check (grant_types <@ array['authorization_code', 'refresh_token', 'client_credentials']),
  constraint hj_oauth_client_status_check check (status in ('active', 'disabled'))
);

create table hj_oauth_scope (
  name text not null,
  description text not null,
  created_at timestamptz not null default now(),
  constraint hj_oauth_scope_pkey primary key (name)
);

create table hj_oauth_client_scope (
  client_id text not null,
  scope_name text not null,
  created_at timestamptz not null default now(),
  constraint hj_oauth_client_scope_pkey primary key (client_id, scope_name),
  constraint hj_oauth_client_scope_client_id_fkey
    foreign key (client_id) references hj_oauth_client (id) on delete cascade,
  constraint hj_oauth_client_scope_scope_name_fkey
    foreign key (scope_name) references hj_oauth_scope (name) on delete cascade
);

create index idx_hj_oauth_client_scope_scope_name on hj_oauth_client_scope (scope_name);

create table hj_oauth_consent (
  user_id text not null,
  client_id text not null,
  -- Copied, not referenced: what somebody agreed to does not change when a scope is redefined or removed.
  scopes text[] not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint hj_oauth_consent_pkey primary key (user_id, client_id),
  constraint hj_oauth_consent_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  constraint hj_oauth_consent_client_id_fkey foreign key (client_id) references hj_oauth_client (id) on delete cascade
);

create index idx_hj_oauth_consent_client_id on hj_oauth_consent (client_id);

create table hj_oauth_authorization_code (
  id text not null,
  code_hash bytea not null,
  client_id text not null,
  session_id text not null,
  redirect_uri text not null,
  scopes text[] not null,
  nonce text,
  code_challenge text not null,
  code_challenge_method text not null default 'S256',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- A used code stays until it expires: seeing it again means it was stolen.
  consumed_at timestamptz,
  constraint hj_oauth_authorization_code_pkey primary key (id),
  constraint hj_oauth_authorization_code_code_hash_key unique (code_hash),
  constraint hj_oauth_authorization_code_client_id_fkey
    foreign key (client_id) references hj_oauth_client (id) on delete cascade,
  constraint hj_oauth_authorization_code_session_id_fkey
    foreign key (session_id) references hj_session (id) on delete cascade,
  constraint hj_oauth_authorization_code_code_hash_check check (octet_length(code_hash) = 32),
  -- PKCE's "plain" protects nothing.
  constraint hj_oauth_authorization_code_code_challenge_method_check check (code_challenge_method = 'S256')
);

create index idx_hj_oauth_authorization_code_client_id on hj_oauth_authorization_code (client_id);
create index idx_hj_oauth_authorization_code_session_id on hj_oauth_authorization_code (session_id);
create index idx_hj_oauth_authorization_code_expires_at on hj_oauth_authorization_code (expires_at);

create table hj_refresh_token (
  id text not null,
  session_id text not null,
  -- Null for HelloJohn's own front end, which is no OAuth client.
  client_id text,
  token_hash bytea not null,
  rotated_from_id text,
  scopes text[] not null default '{}',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  constraint hj_refresh_token_pkey primary key (id),
  constraint hj_refresh_token_token_hash_key unique (token_hash),
  -- A token has one successor: of two rotations that race, one fails, and that is how a replay is noticed.
  constraint hj_refresh_token_rotated_from_id_key unique (rotated_from_id),
  constraint hj_refresh_token_session_id_fkey foreign key (session_id) references hj_session (id) on delete cascade,
  constraint hj_refresh_token_client_id_fkey foreign key (client_id) references hj_oauth_client (id) on delete cascade,
  -- Set null, because expired tokens are purged while their successors live on.
  constraint hj_refresh_token_rotated_from_id_fkey
    foreign key (rotated_from_id) references hj_refresh_token (id) on delete set null,
  constraint hj_refresh_token_token_hash_check check (octet_length(token_hash) = 32)
);

create index idx_hj_refresh_token_session_id on hj_refresh_token (session_id);
create index idx_hj_refresh_token_client_id on hj_refresh_token (client_id);
create index idx_hj_refresh_token_expires_at on hj_refresh_token (expires_at);

create table hj_role (
  id text not null,
  name text not null,
  description text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint hj_role_pkey primary key (id),
  constraint hj_role_name_key unique (name)
);

create table hj_permission (
  id text not null,
  name text not null,
  description text,
  created_at timestamptz not null default now(),
  constraint hj_permission_pkey primary key (id),
  constraint hj_permission_name_key unique (name)
);

create table hj_role_permission (
  role_id text not null,
  permission_id text not null,
  created_at timestamptz not null default now(),
  constraint hj_role_permission_pkey primary key (role_id, permission_id),
  constraint hj_role_permission_role_id_fkey foreign key (role_id) references hj_role (id) on delete cascade,
  constraint hj_role_permission_permission_id_fkey
    foreign key (permission_id) references hj_permission (id) on delete cascade
);

create index idx_hj_role_permission_permission_id on hj_role_permission (permission_id);

create table hj_user_role (
  user_id text not null,
  role_id text not null,
  granted_by text,
  created_at timestamptz not null default now(),
  constraint hj_user_role_pkey primary key (user_id, role_id),
  constraint hj_user_role_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  -- No cascade: a role that somebody still holds is not deleted by accident.
  constraint hj_user_role_role_id_fkey foreign key (role_id) references hj_role (id),
  -- Set null: a grant outlives the administrator who made it.
  constraint hj_user_role_granted_by_fkey foreign key (granted_by) references hj_user (id) on delete set null
);

create index idx_hj_user_role_role_id on hj_user_role (role_id);
create index idx_hj_user_role_granted_by on hj_user_role (granted_by);

create table hj_email_verification (
  id text not null,
  user_id text not null,
  -- The address to be proven, which hj_user.email becomes only afterwards.
  email text not null,
  token_hash bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  constraint hj_email_verification_pkey primary key (id),
  constraint hj_email_verification_token_hash_key unique (token_hash),
  constraint hj_email_verification_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  constraint hj_email_verification_email_check check (email = lower(email)),
  constraint hj_email_verification_token_hash_check check (octet_length(token_hash) = 32)
);

create index idx_hj_email_verification_user_id on hj_email_verification (user_id);
create index idx_hj_email_verification_expires_at on hj_email_verification (expires_at);

create table hj_password_reset (
  id text not null,
  user_id text not null,
  token_hash bytea not null,
  ip_address inet,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  constraint hj_password_reset_pkey primary key (id),
  constraint hj_password_reset_token_hash_key unique (token_hash),
  constraint hj_password_reset_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  constraint hj_password_reset_token_hash_check check (octet_length(token_hash) = 32)
);

create index idx_hj_password_reset_user_id on hj_password_reset (user_id);
create index idx_hj_password_reset_expires_at on hj_password_reset (expires_at);

create table hj_password_history (
  id bigint generated always as identity,
  user_id text not null,
  password_hash text not null,
  created_at timestamptz not null default now(),
  constraint hj_password_history_pkey primary key (id),
  constraint hj_password_history_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade
);

create index idx_hj_password_history_user_id_created_at on hj_password_history (user_id, created_at);

create table hj_magic_link (
  id text not null,
  -- Null when the link is a sign-up: the user is made when it is followed.
  user_id text,
  email text not null,
  token_hash bytea not null,
  redirect_uri text,
  ip_address inet,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  consumed_at timestamptz,
  constraint hj_magic_link_pkey primary key (id),
  constraint hj_magic_link_token_hash_key unique (token_hash),
  constraint hj_magic_link_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade,
  constraint hj_magic_link_email_check check (email = lower(email)),
  constraint hj_magic_link_token_hash_check check (octet_length(token_hash) = 32)
);

create index idx_hj_magic_link_user_id on hj_magic_link (user_id);
create index idx_hj_magic_link_expires_at on hj_magic_link (expires_at);

create table hj_signing_key (
  id text not null,
  algorithm text not null,
  public_jwk jsonb not null,
  private_key_encrypted bytea not null,
  status text not null default 'next',
  created_at timestamptz not null default now(),
  activated_at timestamptz,
  -- A retired key stays published until the last token it signed has expired.
  retired_at timestamptz,
  constraint hj_signing_key_pkey primary key (id),
  constraint hj_signing_key_algorithm_check check (algorithm in ('RS256', 'ES256', 'EdDSA')),
  constraint hj_signing_key_status_check check (status in ('next', 'current', 'retired'))
);

-- Servers that rotate at the same moment must not end up signing with different keys.
create unique index idx_hj_signing_key_algorithm_current on hj_signing_key (algorithm) where status = 'current';

-- No foreign keys: an entry outlives everything it names.
create table hj_audit_log (
  id bigint generated always as identity,
  event_type text not null,
  outcome text not null,
  actor_type text not null,
  actor_id text,
  target_type text,
  target_id text,
  ip_address inet,
  user_agent text,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  constraint hj_audit_log_pkey primary key (id),
  constraint hj_audit_log_outcome_check check (outcome in ('success', 'failure')),
  constraint hj_audit_log_actor_type_check check (actor_type in ('user', 'client', 'system', 'anonymous')),
  constraint hj_audit_log_metadata_check check (jsonb_typeof(metadata) = 'object')
);

create index idx_hj_audit_log_actor_id_created_at on hj_audit_log (actor_id, created_at);
create index idx_hj_audit_log_target_id_created_at on hj_audit_log (target_id, created_at);
create index idx_hj_audit_log_event_type_created_at on hj_audit_log (event_type, created_at);
create index idx_hj_audit_log_created_at on hj_audit_log (created_at);
