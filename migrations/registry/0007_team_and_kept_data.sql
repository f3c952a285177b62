-- Who works here, and what is kept of tenants that are gone.

-- Whoever an owner has let in. The owners that OWNER_IDS names stand in no row: nobody can take that from them here.
create table operators (
    id          bigint generated always as identity primary key,
    telegram_id bigint not null,
    role        text not null check (role in ('owner', 'operator', 'support')),
    -- As they were called when they came.
    name        text not null,
    added_by    bigint not null,
    added_at    timestamptz not null,
    removed_at  timestamptz
);
-- One post for a person; it is asked for with every message and every press of anybody.
create unique index operators_one_post on operators (telegram_id) where removed_at is null;

-- A link that makes whoever opens it first one of us. The code is in the clear: who can read this table could write
-- into the one above, and a repeated tap must be shown the same link again.
create table team_invites (
    id           bigint generated always as identity primary key,
    code         text not null unique,
    role         text not null check (role in ('owner', 'operator', 'support')),
    made_by      bigint not null,
    made_at      timestamptz not null,
    good_until   timestamptz not null,
    used_by      bigint,
    used_at      timestamptz,
    withdrawn_at timestamptz,
    -- The tap that it came of: told twice, it is made once.
    cause        text not null unique,
    check ((used_by is null) = (used_at is null)),
    check (num_nonnulls(used_at, withdrawn_at) <= 1)
);

-- Who let whom in and out, and when; append-only.
create table team_acts (
    id        bigint generated always as identity primary key,
    at        timestamptz not null,
    -- Telegram ids: who did it, and to whom.
    actor     bigint not null,
    act       text not null check (act in ('invited', 'withdrawn', 'joined', 'role', 'removed')),
    subject   bigint,
    invite_id bigint references team_invites,
    role      text not null check (role in ('owner', 'operator', 'support')),
    was       text check (was in ('owner', 'operator', 'support')),
    cause     text not null unique
);
create trigger append_only before update or delete or truncate on team_acts
    for each statement execute function refuse_rewriting();

-- Schemas of removed tenants: renamed, out of every tenant's reach, and dropped when their time has come.
create table kept_schemas (
    tenant_id  bigint primary key references tenants,
    name       text not null unique,
    kept_at    timestamptz not null,
    keep_until timestamptz not null,
    dropped_at timestamptz
);
create index kept_schemas_to_drop on kept_schemas (keep_until) where dropped_at is null;
