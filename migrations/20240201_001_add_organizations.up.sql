create table hj_organization (
  id text not null,
  name text not null,
  slug text not null,
  logo_url text,
  public_metadata jsonb not null default '{}',
  private_metadata jsonb not null default '{}',
  status text not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint hj_organization_pkey primary key (id),
  constraint hj_organization_slug_key unique (slug),
  constraint hj_organization_slug_check check (slug = lower(slug)),
  constraint hj_organization_public_metadata_check check (jsonb_typeof(public_metadata) = 'object'),
  constraint hj_organization_private_metadata_check check (jsonb_typeof(private_metadata) = 'object'),
  constraint hj_organization_status_check check (status in ('active', 'suspended'))
);

create table hj_organization_role (
  organization_id text not null,
  name text not null,
  description text,
  permissions text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint hj_organization_role_pkey primary key (organization_id, name),
  constraint hj_organization_role_organization_id_fkey
    foreign key (organization_id) references hj_organization (id) on delete cascade
);

create table hj_organization_domain (
  id text not null,
  organization_id text not null,
  domain text not null,
  -- In the clear, because the owner publishes it in the DNS.
  verification_token text not null,
  verified_at timestamptz,
  enrollment text not null default 'manual',
  created_at timestamptz not null default now(),
  constraint hj_organization_domain_pkey primary key (id),
  constraint hj_organization_domain_organization_id_domain_key unique (organization_id, domain),
  constraint hj_organization_domain_organization_id_fkey
    foreign key (organization_id) references hj_organization (id) on delete cascade,
  constraint hj_organization_domain_domain_check check (domain = lower(domain)),
  constraint hj_organization_domain_enrollment_check check (enrollment in ('manual', 'suggested', 'automatic'))
);

-- Anybody may claim a domain, one organization proves it.
create unique index idx_hj_organization_domain_domain_verified
  on hj_organization_domain (domain) where verified_at is not null;

-- A foreign key to hj_user stops writes to it until commit, so the two tables that have one come last.

create table hj_organization_member (
  organization_id text not null,
  user_id text not null,
  role text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint hj_organization_member_pkey primary key (organization_id, user_id),
  constraint hj_organization_member_organization_id_fkey
    foreign key (organization_id) references hj_organization (id) on delete cascade,
  -- Both columns, so that a role of another organization cannot be given. No cascade: a role in use stays.
  constraint hj_organization_member_organization_id_role_fkey
    foreign key (organization_id, role) references hj_organization_role (organization_id, name) on update cascade,
  constraint hj_organization_member_user_id_fkey foreign key (user_id) references hj_user (id) on delete cascade
);

create index idx_hj_organization_member_organization_id_role on hj_organization_member (organization_id, role);
create index idx_hj_organization_member_user_id on hj_organization_member (user_id);

create table hj_organization_invitation (
  id text not null,
  organization_id text not null,
  email text not null,
  role text not null,
  token_hash bytea not null,
  invited_by text,
  status text not null default 'pending',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  constraint hj_organization_invitation_pkey primary key (id),
  constraint hj_organization_invitation_token_hash_key unique (token_hash),
  constraint hj_organization_invitation_organization_id_fkey
    foreign key (organization_id) references hj_organization (id) on delete cascade,
  constraint hj_organization_invitation_organization_id_role_fkey
    foreign key (organization_id, role) references hj_organization_role (organization_id, name)
    on update cascade on delete cascade,
  -- Set null: an invitation stands when the one who sent it has left.
  constraint hj_organization_invitation_invited_by_fkey
    foreign key (invited_by) references hj_user (id) on delete set null,
  constraint hj_organization_invitation_email_check check (email = lower(email)),
  constraint hj_organization_invitation_token_hash_check check (octet_length(token_hash) = 32),
  constraint hj_organization_invitation_status_check check (status in ('pending', 'accepted', 'revoked'))
);

create index idx_hj_organization_invitation_organization_id_role on hj_organization_invitation (organization_id, role);
create index idx_hj_organization_invitation_invited_by on hj_organization_invitation (invited_by);
create unique index idx_hj_organization_invitation_organization_id_email_pending
  on hj_organization_invitation (organization_id, email) where status = 'pending';
